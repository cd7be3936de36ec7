"""Renders on a Dask cluster whose words arrive late: what was given up is ended where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest

from kodisc_jupyter.local.processes.dask_executor import DaskExecutor
from kodisc_jupyter.local.processes.dask_worker import cancel_here
from kodisc_jupyter.stage.task import RenderTask

WORKER = "tcp://127.0.0.1:4000"


class EndlessTask:
    """A task of the cluster that never ends; giving it up does not stop what runs."""

    def __await__(self) -> Generator[Any, None, None]:
        return asyncio.Event().wait().__await__()

    async def cancel(self) -> None:
        """As a Dask future's."""


class ClientOfCluster:
    """What the executor asks of Dask's client."""

    def __init__(self) -> None:
        self.hear: Callable[[Any], None] = lambda _event: None
        self.ended: list[tuple[str, str]] = []
        self.scheduler = SimpleNamespace(ncores=self._ncores)

    async def _ncores(self) -> dict[str, int]:
        return {WORKER: 1}

    def subscribe_topic(self, _topic: str, handler: Callable[[Any], None]) -> None:
        self.hear = handler

    def submit(self, *_args: Any, **_options: Any) -> EndlessTask:
        return EndlessTask()

    async def run(self, function: Any, job_id: str, workers: list[str]) -> None:
        assert function is cancel_here
        self.ended.extend((job_id, worker) for worker in workers)

    async def close(self) -> None:
        """Nothing is open."""


async def passing(turns: int = 10) -> None:
    """Let everything that can go on do so."""
    for _ in range(turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize("heard", ["before", "meanwhile", "after"])
def test_a_cancelled_render_is_ended_where_it_runs_however_late_its_worker_is_heard(
    tmp_path, heard
):
    async def play() -> list[tuple[str, str]]:
        client = ClientOfCluster()
        executor = DaskExecutor(client, None)
        task = RenderTask("j1", "", "A", 1, 1, 1)
        rendering = asyncio.ensure_future(executor.render(task, tmp_path, lambda: None))
        await passing()
        if heard == "before":
            client.hear((0.0, ("j1", WORKER)))
        await executor.cancel("j1")
        if heard == "meanwhile":
            client.hear((0.0, ("j1", WORKER)))
        await rendering
        client.hear((0.0, ("another server's", WORKER)))
        if heard == "after":
            client.hear((0.0, ("j1", WORKER)))
        await passing()
        await executor.close()
        return client.ended

    assert asyncio.run(play()) == [("j1", WORKER)]
