"""What a Dask worker does: it renders in processes of its own, locked in like this machine's."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.local.processes.render_processes import RenderProcesses
from kodisc_jupyter.local.processes.sandbox import Sandbox
from kodisc_jupyter.local.processes.sandbox import find as find_sandbox
from kodisc_jupyter.stage.task import LEFT_FILES, RenderTask

TAKEN: Final = "kodisc-taken"
"""What a worker tells the scheduler of a job that it takes: the job's ID and its own address."""

BEGUN: Final = "kodisc-begun"
"""The same when the render runs."""

NOT_LOCKED_IN: Final = "The render was not begun: the cluster's worker cannot lock scenes in: {}."


class _NoSandboxError(RuntimeError):
    """Scenes have to be locked in, and this worker cannot do so; the message says why."""


def render_here(
    fields: dict[str, Any], hidden: Sequence[str] | None
) -> tuple[str | None, int, dict[str, bytes]]:
    """Render on this Dask worker: the error text, milliseconds, and the files by name.

    The worker itself never loads Manim; its render processes do, within the job's limits. They
    end when the worker does, and are used again for its next render. Scenes are locked in, and
    never see the files and folders ``hidden``, unless that is ``None``.
    """
    from distributed import get_worker
    from distributed.utils import sync

    task = RenderTask.from_json(fields)
    worker = get_worker()
    try:
        processes = _processes(worker, hidden)
    except _NoSandboxError as problem:
        return NOT_LOCKED_IN.format(problem), 0, {}
    told = [task.job_id, worker.address]
    # The scheduler has answered before the scene runs, which may end this worker.
    sync(worker.loop, worker.scheduler.log_event, topic=TAKEN, msg=told)
    with tempfile.TemporaryDirectory(dir=worker.local_directory) as folder:
        results = Path(folder)
        outcome = processes.submit(task, results, lambda: worker.log_event(BEGUN, told)).result()
        files = {}
        if outcome.error is None:
            files = {name: (results / name).read_bytes() for name in LEFT_FILES}
        return outcome.error, outcome.duration_ms, files


def cancel_here(job_id: str) -> None:
    """Kill a render of this Dask worker."""
    with _lock:
        started = list(_started.values())
    for processes in started:
        processes.cancel(job_id)


def why_not_locked_in() -> str:
    """Why this Dask worker cannot lock scenes in; empty when it can."""
    return find_sandbox()[1]


_lock = threading.Lock()
_started: dict[tuple[Path, bool], RenderProcesses] = {}


def _processes(worker: Any, hidden: Sequence[str] | None) -> RenderProcesses:
    """The render processes of this worker, started with its first render."""
    folder = Path(worker.local_directory) / "kodisc"
    known = folder, hidden is not None
    with _lock:
        if known not in _started:
            sandbox = None if hidden is None else _sandbox(worker, hidden)
            _started[known] = RenderProcesses(folder, sandbox=sandbox)
            _started[known].start()
        return _started[known]


def _sandbox(worker: Any, hidden: Sequence[str]) -> Sandbox:
    """This machine's sandbox; the worker's own folder and TLS files stay out of sight, too."""
    roles = ("worker", "client", "scheduler")
    keys = [getattr(worker.security, f"tls_{role}_key", None) for role in roles]
    of_files = [key for key in keys if key and "\n" not in key]  # others are the key itself
    paths = [Path(path) for path in (*hidden, worker.local_directory, *of_files)]
    sandbox, why = find_sandbox(paths)
    if sandbox is None:
        raise _NoSandboxError(why)
    return sandbox
