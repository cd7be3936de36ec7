"""Start the server in its folder, and take it down without leaving anything behind."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

from kodisc_jupyter.local.isolation import Isolation, IsolationError, decide, no_sandbox
from kodisc_jupyter.local.options import Options, cores
from kodisc_jupyter.local.processes.render_processes import RenderProcesses
from kodisc_jupyter.local.processes.sandbox import Sandbox
from kodisc_jupyter.local.processes.sandbox import find as find_sandbox
from kodisc_jupyter.local.server_log import log_to_stderr
from kodisc_jupyter.local.store import FolderTakenError, Store
from kodisc_jupyter.stage.drawing.copies import make_cores
from kodisc_jupyter.stage.task import Shared

log = logging.getLogger("kodisc_jupyter.local")


class StartError(RuntimeError):
    """The server cannot start; the message says why, in one line."""


def serve(options: Options) -> None:
    """Run the server in this process.

    Raises:
        StartError: it cannot start.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the event loop takes it over
    os.umask(0o077)
    log_to_stderr()
    try:
        isolation = decide(options)
    except IsolationError as problem:
        raise StartError(str(problem)) from None
    for words in isolation.warnings:
        log.warning(words)
    temporary = options.data_dir is None
    store = _store(options)
    processes = None
    try:
        if options.dask is None:
            processes = _render_processes(options, store, isolation)
            processes.start()  # Manim loads while the rest is set up
        _run(options, store, processes, isolation)
    except IsolationError as problem:
        raise StartError(str(problem)) from None
    finally:
        if processes is not None:
            processes.close()
        store.close(delete=temporary)


def _run(
    options: Options, store: Store, processes: RenderProcesses | None, isolation: Isolation
) -> None:
    import asyncio  # and all that comes with it, while Manim loads

    from kodisc_jupyter.local import service

    try:
        asyncio.run(service.run(options, store, processes, isolation))
    except service.START_ERRORS as problem:
        raise StartError(str(problem)) from None


def _store(options: Options) -> Store:
    folder = options.data_dir or Path(tempfile.mkdtemp(prefix="kodisc-local-"))
    try:
        return Store(folder.absolute())
    except FolderTakenError as taken:
        raise StartError(str(taken)) from None
    except OSError as problem:
        raise StartError(f"{folder} cannot be used: {problem.strerror}") from None


def _render_processes(options: Options, store: Store, isolation: Isolation) -> RenderProcesses:
    """What renders on this machine, with what its renders have in common."""
    make_cores(store.cores, cores())
    most = options.segments_limit_mb << 20
    return RenderProcesses(
        store.work,
        shared=Shared(store.formulas, store.segments, most, store.cores),
        own_process=True,
        sandbox=_sandbox(options, store) if isolation.locked_in else None,
    )


def _sandbox(options: Options, store: Store) -> Sandbox:
    sandbox, why = find_sandbox([store.folder, *options.private_files()])
    if sandbox is None:
        raise no_sandbox("", why)
    return sandbox
