"""Renders on a Dask cluster whose words arrive late: what was given up is ended where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest

from kodisc_jupyter.local.processes import dask_executor
from kodisc_jupyter.local.processes.dask_executor import DaskExecutor
from kodisc_jupyter.local.processes.dask_worker import BEGUN, TAKEN, cancel_here
from kodisc_jupyter.stage.task import Outcome, RenderTask
from tests.support.event_loop import run_apart

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
        self._handlers: dict[str, Callable[[Any], None]] = {}
        self.workers = [WORKER]
        self.ended: list[tuple[str, str]] = []
        self.scheduler = SimpleNamespace(ncores=self._ncores)

    async def _ncores(self) -> dict[str, int]:
        return dict.fromkeys(self.workers, 1)

    def subscribe_topic(self, topic: str, handler: Callable[[Any], None]) -> None:
        self._handlers[topic] = handler

    def hear(self, topic: str, job_id: str, worker: str = WORKER) -> None:
        """What a worker says of a job."""
        self._handlers[topic]((0.0, (job_id, worker)))

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


@pytest.mark.parametrize(
    ("heard", "times"), [("before", 1), ("meanwhile", 1), ("after", 1), ("in two parts", 2)]
)
def test_a_cancelled_render_is_ended_where_it_runs_however_late_its_worker_is_heard(
    tmp_path, heard, times
):
    async def play() -> list[tuple[str, str]]:
        client = ClientOfCluster()
        executor = DaskExecutor(client, None)
        task = RenderTask("j1", "", "A", 1, 1, 1)
        rendering = asyncio.ensure_future(executor.render(task, tmp_path, lambda: None))
        await passing()
        if heard == "before":
            client.hear(TAKEN, "j1")
            client.hear(BEGUN, "j1")
        if heard == "in two parts":  # it has not begun where it is first ended
            client.hear(TAKEN, "j1")
        await executor.cancel("j1")
        if heard == "meanwhile":
            client.hear(TAKEN, "j1")
            client.hear(BEGUN, "j1")
        await rendering
        client.hear(BEGUN, "another server's")
        if heard in ("after", "in two parts"):
            client.hear(BEGUN, "j1")
        await passing()
        await executor.close()
        return client.ended

    assert run_apart(play()) == [("j1", WORKER)] * times


def test_a_render_that_ends_each_worker_before_it_has_begun_is_given_up_after_the_second(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(dask_executor, "COUNT_EVERY_S", 0.0)

    async def play() -> Outcome:
        client = ClientOfCluster()
        executor = DaskExecutor(client, None)
        task = RenderTask("j1", "", "A", 1, 1, 1)
        rendering = asyncio.ensure_future(executor.render(task, tmp_path, lambda: None))
        await passing()
        client.hear(TAKEN, "j1", "tcp://127.0.0.1:4001")
        await passing()
        assert not rendering.done()
        client.hear(TAKEN, "j1", WORKER)
        await passing()
        assert not rendering.done()
        client.workers.clear()
        outcome = await rendering
        await executor.close()
        return outcome

    error = run_apart(play()).error
    assert error is not None
    assert "2 workers died while they rendered it" in error
