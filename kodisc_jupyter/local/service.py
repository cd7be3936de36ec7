"""The server's parts put together in one event loop, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from kodisc_jupyter.local.announcement import print_first_line, remove_state, write_state
from kodisc_jupyter.local.classroom.generations import (
    HourlyCopy,
    LedgerError,
    Opened,
    open_ledger,
)
from kodisc_jupyter.local.classroom.ledger import Ledger
from kodisc_jupyter.local.classroom.users import (
    Key,
    User,
    Users,
    UsersFileError,
    UsersWatch,
    new_key,
    read_users,
)
from kodisc_jupyter.local.classroom.webhooks import Webhooks
from kodisc_jupyter.local.isolation import Isolation, IsolationError, no_sandbox
from kodisc_jupyter.local.jobs import Jobs
from kodisc_jupyter.local.options import Options
from kodisc_jupyter.local.processes.executor import ClusterError, Executor, LocalExecutor
from kodisc_jupyter.local.processes.render_processes import RenderProcesses
from kodisc_jupyter.local.server_limits import ServerLimits
from kodisc_jupyter.local.store import Store
from kodisc_jupyter.local.web.address import AddressError, bind
from kodisc_jupyter.local.web.app import BASE, make_app
from kodisc_jupyter.local.web.handler import AppContext
from kodisc_jupyter.local.web.listening import Listener
from kodisc_jupyter.local.web.rehearsals import Rehearsals
from kodisc_jupyter.stage.task import Limits

START_ERRORS: Final = (UsersFileError, LedgerError, AddressError, ClusterError, IsolationError)
"""Why a server does not start: each says so in one line."""

_TICK_S: Final = 0.5
_OPEN_TO_OTHERS: Final = (
    "Listening on %s: everyone who can reach this machine and has a key can run code on it"
)

log = logging.getLogger("kodisc_jupyter.local")


@dataclass
class _Idle:
    """When the last request came; ``monotonic`` seconds."""

    since: float

    def touched(self) -> None:
        self.since = time.monotonic()


async def run(
    options: Options, store: Store, processes: RenderProcesses | None, isolation: Isolation
) -> None:
    """Serve until a signal, or until idle for as long as the options say.

    Raises:
        one of :data:`START_ERRORS`: it cannot start.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    users, key = _users(options, store)
    executor = await _executor(options, store, processes, isolation)
    opened = open_ledger(store.ledger)
    house = _limits(options, isolation)
    jobs = Jobs(opened.ledger, store, executor, house)
    idle = _Idle(time.monotonic())
    bound = bind(options, os.environ)
    context = AppContext(
        *(users, jobs, store, _version(), idle.touched),
        rehearsals=_rehearsals(options, executor, store, house.limits),
        origin=bound.origin if bound.unix else "",
        exposed=isolation.exposed,
    )
    listener = Listener(make_app(context), options.connections)
    listener.listen(bound)
    webhooks = _webhooks(options, store, opened.ledger, users, bound.origin)
    regular = [*_watches(options, users, store, opened.ledger), jobs.fill]
    address = {"url": bound.origin + BASE, **({"key": key} if key else {})}
    if options.state_file is not None:
        write_state(options.state_file, address, _version())
    _resume(jobs, opened, users, webhooks)
    print_first_line(address)
    if bound.open_to_others:
        log.warning(_OPEN_TO_OTHERS, bound.host)
    try:
        await _until(stopped, idle, jobs, options.idle_timeout, regular)
    finally:
        if options.state_file is not None:
            remove_state(options.state_file)
        bound.remove()
        await listener.close()
        await jobs.close()
        await webhooks.close()
        await executor.close()
        opened.ledger.close()


async def _until(
    stopped: asyncio.Event,
    idle: _Idle,
    jobs: Jobs,
    idle_timeout: float | None,
    regular: Iterable[Callable[[], None]],
) -> None:
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


def _resume(jobs: Jobs, opened: Opened, users: Users, webhooks: Webhooks) -> None:
    """Go on where an earlier server stopped."""
    if opened.balances_lost:
        jobs.withhold(users.users)
    jobs.resume(users.named, webhooks, keep_unknown_files=opened.recovered)
    webhooks.resume(jobs.find)


def _limits(options: Options, isolation: Isolation) -> ServerLimits:
    disk = options.disk_limit_mb << 20
    return ServerLimits(
        Limits(options.render_timeout, options.memory_limit_mb << 20, disk_bytes=disk),
        options.queue_limit,
        options.storage_limit_mb << 20,
        options.user_queue_limit,
        options.user_workers,
        exposed=isolation.exposed,
    )


def _webhooks(
    options: Options, store: Store, ledger: Ledger, users: Users, origin: str
) -> Webhooks:
    of_all = options.webhook_secret or store.secret(
        "webhook-secret", lambda: f"whsec_{secrets.token_hex(24)}"
    )

    def secret(name: str) -> str:
        user = users.named(name)
        return (user and user.webhook_secret) or of_all

    return Webhooks(
        ledger,
        origin=origin,
        secret=secret,
        ca_file=options.webhook_ca,
        private=options.private_webhooks or options.users is None,
    )


def _watches(
    options: Options, users: Users, store: Store, ledger: Ledger
) -> Iterable[Callable[[], None]]:
    """What is looked at now and then: the users file, and the age of the ledger's copy."""
    if options.users is not None:
        yield UsersWatch(options.users, users).look
    yield HourlyCopy(ledger, store.ledger).look


def _rehearsals(
    options: Options, executor: Executor, store: Store, limits: Limits
) -> Rehearsals | None:
    """What plays scenes without drawing: for the user of this machine, not for a class."""
    if options.users is not None or options.dask is not None:
        return None
    return Rehearsals(executor, store.rehearsals, limits)


async def _executor(
    options: Options, store: Store, processes: RenderProcesses | None, isolation: Isolation
) -> Executor:
    """Where renders are done.

    Raises:
        ClusterError: the Dask cluster cannot be used.
        IsolationError: scenes have to be locked in, and a worker of the cluster cannot do so.
    """
    if processes is not None:
        return LocalExecutor(processes, options.workers)
    from kodisc_jupyter.local.processes.dask_executor import DaskExecutor

    hidden = [store.folder, *options.private_files()] if isolation.locked_in else None
    executor = await DaskExecutor.connect(str(options.dask), hidden)
    for worker, why in (await executor.without_sandbox()).items() if isolation.locked_in else ():
        await executor.close()
        raise no_sandbox(f" on the cluster's worker {worker}", why)
    return executor


def _users(options: Options, store: Store) -> tuple[Users, str]:
    """Who may render, and the key of a server that has one user only: users' keys are not shown."""
    if options.users is not None:
        return read_users(options.users), ""
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


def _version() -> str:
    try:
        return version("kodisc-jupyter")
    except PackageNotFoundError:
        return "0"
