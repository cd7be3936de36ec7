"""Renders on a Dask cluster: each worker has its own render processes, as this machine has.

Every worker machine needs ``kodisc-jupyter[local,dask]``, and bubblewrap where scenes are locked
in. Results come back as bytes, so that no folder has to be shared. A render whose worker dies is
begun again elsewhere, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.local.processes.dask_worker import (
    BEGUN,
    TAKEN,
    cancel_here,
    render_here,
    why_not_locked_in,
)
from kodisc_jupyter.local.processes.executor import ClusterError
from kodisc_jupyter.stage.task import LEFT_FILES, Outcome, RenderTask

WORKERS_LIMIT: Final = 2
"""How many workers take a render: one, and another one when that died."""

GIVEN_UP_KEPT: Final = 1_000
"""Of how many renders that were given up it is known, should a worker still begin one."""

CONNECT_LIMIT_S: Final = 10.0
COUNT_EVERY_S: Final = 1.0

log = logging.getLogger("kodisc_jupyter.local")


@dataclass
class _Render:
    """A render on the cluster: how many workers have taken it, and which one did last."""

    began: Callable[[], None]
    has_begun: bool = False
    workers: int = 0
    worker: str = ""
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    def taken_by(self, worker: str) -> None:
        self.workers += 1
        self.worker = worker
        if self.workers > WORKERS_LIMIT:
            self.given_up.set()

    def begins(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self.began()

    def looks_at(self, workers: Collection[str]) -> None:
        """Give up once the last worker that was allowed to render this is gone, too."""
        if self.workers >= WORKERS_LIMIT and self.worker not in workers:
            self.given_up.set()


class DaskExecutor:
    """Sends renders to the cluster of one scheduler."""

    def __init__(self, client: Any, hidden: Iterable[Path] | None) -> None:
        """``client`` is an asynchronous :class:`distributed.Client`; see :meth:`connect`."""
        self._client = client
        self._hidden = None if hidden is None else [str(path.absolute()) for path in hidden]
        self._renders: dict[str, _Render] = {}
        self._given_up: deque[str] = deque(maxlen=GIVEN_UP_KEPT)
        self._ending: set[asyncio.Future[None]] = set()
        self._threads = 1
        client.subscribe_topic(TAKEN, self._taken)
        client.subscribe_topic(BEGUN, self._begun)
        self._counting = asyncio.ensure_future(self._count())

    @classmethod
    async def connect(cls, address: str, hidden: Iterable[Path] | None = None) -> DaskExecutor:
        """Connect to the scheduler at ``address``; for ``tls://`` with Dask's own settings of TLS.

        The workers lock scenes in, away from the files and folders ``hidden`` also where a worker
        runs on this machine, unless that is ``None``.

        Raises:
            ClusterError: it cannot be reached, or TLS without certificates is asked for.
        """
        from distributed import Client

        try:
            client = await Client(address, asynchronous=True, timeout=CONNECT_LIMIT_S)
        except TypeError as problem:
            raise ClusterError(
                f"{address} needs certificates in Dask's settings: {problem}"
            ) from None
        except (OSError, ValueError) as problem:
            raise ClusterError(f"no Dask scheduler answers at {address}: {problem}") from None
        return cls(client, hidden)

    async def without_sandbox(self) -> dict[str, str]:
        """The workers there are now that cannot lock scenes in, and why."""
        reasons = await self._client.run(why_not_locked_in)
        return {worker: why for worker, why in reasons.items() if why}

    @property
    def slots(self) -> int:
        """Threads of all workers; one when there is no worker yet, so that one render waits."""
        return self._threads

    async def render(self, task: RenderTask, results: Path, began: Callable[[], None]) -> Outcome:
        """Render on whichever worker is free."""
        render = self._renders[task.job_id] = _Render(began)
        future = self._client.submit(
            render_here,
            task.to_json(),
            self._hidden,
            key=f"kodisc-{task.job_id}",
            pure=False,
            retries=0,
        )
        died = f"The render was given up: {WORKERS_LIMIT} workers died while they rendered it."
        waiting = [
            asyncio.ensure_future(each) for each in (_result(future), render.given_up.wait())
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not waiting[0].done():
                self._given_up.append(task.job_id)
                if render.worker:
                    self._end_on(render.worker, task.job_id)
                return Outcome(died, 0)
            if waiting[0].cancelled():
                return Outcome("The render was lost: the cluster's scheduler went away.", 0)
            error, duration_ms, files = waiting[0].result()
        except Exception as problem:
            if type(problem).__name__ == "KilledWorker":
                return Outcome(died, 0)
            log.exception("job %s on the cluster", task.job_id)
            return Outcome(f"The cluster could not render it: {type(problem).__name__}.", 0)
        finally:
            del self._renders[task.job_id]
            for each in waiting:
                each.cancel()
            try:
                await future.cancel()
            except Exception as problem:  # the scheduler is away: the task is lost with it
                log.warning("job %s stays on the cluster: %s", task.job_id, problem)
        if error is None:
            await asyncio.to_thread(_write, results, files)
        return Outcome(error, duration_ms)

    async def cancel(self, job_id: str) -> None:
        """Give a render up, and kill it where it runs."""
        render = self._renders.get(job_id)
        if render is not None:
            render.given_up.set()

    def _end_on(self, worker: str, job_id: str) -> None:
        """Have a worker kill a render that was given up."""
        ending = asyncio.ensure_future(self._cancel_on(worker, job_id))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _cancel_on(self, worker: str, job_id: str) -> None:
        try:
            await self._client.run(cancel_here, job_id, workers=[worker])
        except Exception as problem:  # the worker is gone, and the render with it
            log.warning("job %s could not be cancelled on %s: %s", job_id, worker, problem)

    def work_of(self, job_id: str) -> tuple[Path, tuple[str, ...]] | None:
        """The folders of its renders are on the workers' machines."""
        del job_id
        return None

    def segments_of(self, owner: str) -> list[Path]:
        """Nothing is kept on this machine."""
        del owner
        return []

    async def close(self) -> None:
        """Give up the open renders and leave the cluster."""
        self._counting.cancel()
        try:
            await self._client.close()
        except Exception as problem:  # the scheduler is away: there is nothing left to close
            log.warning("the cluster was not left in order: %s", problem)

    async def _count(self) -> None:
        """Look at the workers as they come and go."""
        away = False
        while True:
            try:
                workers = await self._client.scheduler.ncores()
                self._threads = max(1, sum(workers.values()))
                for render in self._renders.values():
                    render.looks_at(workers)
                away = False
            except Exception as problem:  # the scheduler may be away for a while
                if not away:
                    log.warning("the cluster's workers cannot be counted: %s", problem)
                away = True
            await asyncio.sleep(COUNT_EVERY_S)

    def _taken(self, event: tuple[Any, Any]) -> None:
        """A worker has taken a job: said before anything of the scene runs there."""
        job_id, worker = event[1]
        render = self._renders.get(job_id)
        if render is not None:
            render.taken_by(worker)

    def _begun(self, event: tuple[Any, Any]) -> None:
        """A job runs on a worker; it may have been given up meanwhile."""
        job_id, worker = event[1]
        render = self._renders.get(job_id)
        if job_id in self._given_up:
            self._end_on(worker, job_id)
        elif render is not None:
            render.begins()


def _write(results: Path, files: dict[str, bytes]) -> None:
    results.mkdir(parents=True, exist_ok=True)
    for name in LEFT_FILES:
        (results / name).write_bytes(files[name])


async def _result(future: Any) -> Any:
    return await future
