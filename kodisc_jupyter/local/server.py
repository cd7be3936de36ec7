"""Put the server together, run it, and take it down without leaving anything behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.local.classroom.users import (
    Key,
    User,
    Users,
    UsersFileError,
    UsersWatch,
    new_key,
    read_users,
)
from kodisc_jupyter.local.options import Options, cores
from kodisc_jupyter.local.processes.render_processes import RenderProcesses
from kodisc_jupyter.local.processes.sandbox import Sandbox
from kodisc_jupyter.local.processes.sandbox import find as find_sandbox
from kodisc_jupyter.local.store import FolderTakenError, Store, write_private
from kodisc_jupyter.stage.drawing.copies import make_cores
from kodisc_jupyter.stage.task import Shared

if TYPE_CHECKING:
    from kodisc_jupyter.local.classroom.generations import Opened
    from kodisc_jupyter.local.classroom.ledger import Ledger
    from kodisc_jupyter.local.processes.dask_executor import DaskExecutor
    from kodisc_jupyter.local.processes.executor import Executor
    from kodisc_jupyter.local.web.address import Bound
    from kodisc_jupyter.local.web.rehearsals import Rehearsals
    from kodisc_jupyter.stage.task import Limits

_TICK_S: Final = 0.5
NOT_LOCKED_IN: Final = (
    "--sandbox off: the scene of any user can read every key, change every credit and replace "
    "everybody's videos. Give keys only to people you trust with that."
)
WITHOUT_SANDBOX: Final = (
    "--sandbox off starts without: then the scene of any user can read every key, change every "
    "credit and replace everybody's videos."
)

_SECRET: Final = re.compile(r"(kdsc_live_|whsec_)[^\s'\"]+")

log = logging.getLogger("kodisc_jupyter.local")


class StartError(RuntimeError):
    """The server cannot start; the message says why, in one line."""


def serve(options: Options) -> None:
    """Run the server in this process.

    Raises:
        StartError: it cannot start.
    """
    if options.dask is not None:
        _trust_dask(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the event loop takes it over
    os.umask(0o077)
    log_to_stderr()
    temporary = options.data_dir is None
    folder = options.data_dir or Path(tempfile.mkdtemp(prefix="kodisc-local-"))
    try:
        store = Store(folder.absolute())
    except FolderTakenError as taken:
        raise StartError(str(taken)) from None
    except OSError as problem:
        raise StartError(f"{folder} cannot be used: {problem.strerror}") from None
    processes = None
    try:
        if options.dask is None:
            processes = RenderProcesses(
                store.work,
                shared=_shared(store, options),
                own_process=True,
                sandbox=_sandbox(options, store),
            )
            processes.start()  # Manim loads while the rest is set up
        asyncio.run(_run(options, store, processes))
    finally:
        if processes is not None:
            processes.close()
        store.close(delete=temporary)


def _shared(store: Store, options: Options) -> Shared:
    """What the renders of this server have in common."""
    make_cores(store.cores, cores())
    return Shared(store.formulas, store.segments, options.segments_limit_mb << 20, store.cores)


def _trust_dask(options: Options) -> None:
    """Say what a Dask cluster means, and want to be told so where several users share it.

    Raises:
        StartError: several users would share it, and nobody has said that this is meant.
    """
    tls = str(options.dask).startswith("tls://")
    if options.users is not None and options.sandbox != "off":
        raise StartError(
            "--dask with --users: the workers run every user's scenes without a sandbox"
            + ("" if tls else ", and without TLS whatever anybody who reaches them sends")
            + ". --sandbox off says that this is meant."
        )
    if not tls:
        log.warning(
            "Dask without TLS: scheduler and workers trust everyone who can reach them, and run "
            "whatever they are sent"
        )


def _sandbox(options: Options, store: Store) -> Sandbox | None:
    """What locks the scenes in, if anything does.

    Raises:
        StartError: it was asked for, or several users need it, and there is none.
    """
    if options.sandbox == "off":
        if options.users is not None:
            log.warning(NOT_LOCKED_IN)
        return None
    if options.sandbox == "auto" and options.users is None:
        return None
    hidden = [store.folder, *(path for path in (options.users, options.state_file) if path)]
    sandbox, why = find_sandbox(hidden)
    if sandbox is None:
        raise StartError(f"Scenes cannot be locked in: {why}. {WITHOUT_SANDBOX}")
    return sandbox


@dataclass
class _Idle:
    """When the last request came; ``monotonic`` seconds."""

    since: float

    def touched(self) -> None:
        self.since = time.monotonic()


async def _run(options: Options, store: Store, processes: RenderProcesses | None) -> None:
    from kodisc_jupyter.local.classroom.webhooks import Webhooks
    from kodisc_jupyter.local.jobs import Jobs, ServerLimits
    from kodisc_jupyter.local.web.app import BASE, make_app
    from kodisc_jupyter.local.web.handler import AppContext
    from kodisc_jupyter.local.web.listening import Listener
    from kodisc_jupyter.stage.task import Limits

    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    users, key = _users(options, store)
    executor = await _executor(options, processes)
    opened = _ledger(store)
    ledger = opened.ledger
    house = ServerLimits(
        Limits(
            options.render_timeout,
            options.memory_limit_mb << 20,
            disk_bytes=options.disk_limit_mb << 20,
        ),
        options.queue_limit,
        options.storage_limit_mb << 20,
        options.user_queue_limit,
        options.user_workers,
    )
    jobs = Jobs(ledger, store, executor, house)
    idle = _Idle(time.monotonic())
    rehearsals = _rehearsals(options, executor, store, house.limits)
    bound = _bound(options)
    origin = bound.origin
    about = AppContext(
        *(users, jobs, store, _version(), idle.touched, rehearsals), origin if bound.unix else ""
    )
    listener = Listener(make_app(about), options.connections)
    listener.listen(bound)
    secret = options.webhook_secret or store.secret(
        "webhook-secret", lambda: f"whsec_{secrets.token_hex(24)}"
    )
    webhooks = Webhooks(
        ledger,
        origin=origin,
        secret=lambda name: _secret_of(users.named(name)) or secret,
        ca_file=options.webhook_ca,
        private=options.private_webhooks or options.users is None,
    )
    address = {"url": origin + BASE, **({"key": key} if key else {})}
    state = {**address, "pid": os.getpid(), "version": _version()}
    if options.state_file is not None:
        write_private(options.state_file, json.dumps(state))
    if opened.balances_lost:
        jobs.withhold(users.users)
    jobs.resume(users.named, webhooks, keep_unknown_files=opened.recovered)
    webhooks.resume(jobs.find)
    _first_line(address)
    if bound.open_to_others:
        log.warning(
            "Listening on %s: everyone who can reach this machine and has a key can run code on it",
            bound.host,
        )
    regular = [*_watches(options, users, store, ledger), jobs.fill]
    try:
        await _until(stopped, idle, jobs, options.idle_timeout, regular)
    finally:
        if options.state_file is not None:
            _remove_state(options.state_file)
        bound.remove()
        await listener.close()
        await jobs.close()
        await webhooks.close()
        await executor.close()
        ledger.close()


async def _until(
    stopped: asyncio.Event,
    idle: _Idle,
    jobs: object,
    idle_timeout: float | None,
    regular: Iterable[Callable[[], None]],
) -> None:
    from kodisc_jupyter.local.jobs import Jobs

    assert isinstance(jobs, Jobs)
    while not stopped.is_set():
        if jobs.open:
            idle.touched()
        if idle_timeout is not None and time.monotonic() - idle.since >= idle_timeout:
            log.info("idle for %g s: ending", idle_timeout)
            return
        for work in regular:
            work()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stopped.wait(), _TICK_S)


def _watches(
    options: Options, users: Users, store: Store, ledger: Ledger
) -> Iterable[Callable[[], None]]:
    """What is looked at now and then: the users file, and the age of the ledger's copy."""
    from kodisc_jupyter.local.classroom.generations import HourlyCopy

    if options.users is not None:
        yield UsersWatch(options.users, users).look
    yield HourlyCopy(ledger, store.ledger).look


def _rehearsals(
    options: Options, executor: Executor, store: Store, limits: Limits
) -> Rehearsals | None:
    """What plays scenes without drawing: for the user of this machine, not for a class."""
    from kodisc_jupyter.local.web.rehearsals import Rehearsals

    if options.users is not None or options.dask is not None:
        return None
    return Rehearsals(executor, store.rehearsals, limits)


async def _executor(options: Options, processes: RenderProcesses | None) -> Executor:
    from kodisc_jupyter.local.processes.executor import LocalExecutor

    if processes is None:
        return await _cluster(str(options.dask))
    return LocalExecutor(processes, options.workers)


async def _cluster(address: str) -> DaskExecutor:
    from kodisc_jupyter.local.processes.dask_executor import DaskExecutor

    try:
        return await DaskExecutor.connect(address)
    except (OSError, ValueError) as problem:
        raise StartError(f"no Dask scheduler answers at {address}: {problem}") from None


def _ledger(store: Store) -> Opened:
    from kodisc_jupyter.local.classroom.generations import LedgerError, open_ledger

    try:
        return open_ledger(store.ledger)
    except LedgerError as problem:
        raise StartError(str(problem)) from None


def _bound(options: Options) -> Bound:
    from kodisc_jupyter.local.web.address import AddressError, bind

    try:
        return bind(options, os.environ)
    except AddressError as problem:
        raise StartError(str(problem)) from None


def _users(options: Options, store: Store) -> tuple[Users, str]:
    """Who may render, and the key of a server that has one user only: users' keys are not shown."""
    if options.users is not None:
        try:
            return read_users(options.users), ""
        except UsersFileError as problem:
            raise StartError(str(problem)) from None
    key = options.key or store.secret("key", new_key)
    user = User(
        name="local",
        keys=(Key.of(key),),
        credits=options.credits,
        free=options.free_credits,
        webhook_url=options.webhook_url,
        webhook_secret=options.webhook_secret,
    )
    return Users((user,)), key


class _NoKeys(logging.Filter):
    """Takes keys and secrets out of the log, in whatever a client sent them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _SECRET.sub(r"\1…", record.getMessage()), None
        return True


def log_to_stderr() -> None:
    """Log there, without keys; malformed requests are not worth a line, they may hold anything."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_NoKeys())


def _secret_of(user: User | None) -> str | None:
    return user.webhook_secret if user else None


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("kodisc-jupyter")
    except PackageNotFoundError:
        return "0"


def _first_line(address: dict[str, str]) -> None:
    """Say where we are, once; nothing is ever written to standard output after it."""
    print(json.dumps(address), flush=True)  # noqa: T201  the server's contract
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _remove_state(path: Path) -> None:
    """Remove the state file, unless another server has written its own there since."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads(path.read_text(encoding="utf-8"))["pid"] == os.getpid():
            path.unlink()
