"""Where renders are done: one small interface, for the processes of this machine and for Dask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kodisc_jupyter.local.processes.render_processes import RenderProcesses
from kodisc_jupyter.stage.task import Outcome, RenderTask


class ClusterError(RuntimeError):
    """A cluster cannot be used; the message says why, in one line."""


class Executor(Protocol):
    """Does renders; used from one event loop."""

    @property
    def slots(self) -> int:
        """How many renders it can do at the same time, now."""

    async def render(self, task: RenderTask, results: Path, began: Callable[[], None]) -> Outcome:
        """Render ``task``; on success its three files are in ``results``.

        ``began`` is called when the render really begins. Never raises for what a scene did.
        """

    async def cancel(self, job_id: str) -> None:
        """Stop a render: :meth:`render` soon ends with whatever outcome."""

    def work_of(self, job_id: str) -> tuple[Path, tuple[str, ...]] | None:
        """Where a render works that is under way on this machine; ``None`` elsewhere.

        A folder of the server's, and the steps down from it, which the scene can change.
        """

    def segments_of(self, owner: str) -> list[Path]:
        """Where drawn pieces of this user's videos are kept on this machine."""

    async def close(self) -> None:
        """Stop every render and release everything."""


class LocalExecutor:
    """Renders in processes of this machine, ``workers`` at a time."""

    def __init__(self, processes: RenderProcesses, workers: int) -> None:
        self._processes = processes
        self._workers = workers

    @property
    def slots(self) -> int:
        """The number of workers."""
        return self._workers

    async def render(self, task: RenderTask, results: Path, began: Callable[[], None]) -> Outcome:
        """Render at once, or as soon as Manim has been loaded."""
        loop = asyncio.get_running_loop()

        def began_there() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(began)

        return await asyncio.wrap_future(self._processes.submit(task, results, began_there))

    def work_of(self, job_id: str) -> tuple[Path, tuple[str, ...]] | None:
        """The render's own folder."""
        return self._processes.work_of(job_id)

    def segments_of(self, owner: str) -> list[Path]:
        """The user's folder, and what of it is in use."""
        return self._processes.segments_of(owner)

    async def cancel(self, job_id: str) -> None:
        """Kill the render's processes."""
        self._processes.cancel(job_id)

    async def close(self) -> None:
        """End the render processes."""
        await asyncio.to_thread(self._processes.close)
