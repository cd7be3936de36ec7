"""The render processes, seen from the one that uses them: a server, or a Dask worker.

One thread keeps the forkers: it starts them, hands them tasks, hears them, ends what takes too
much, and starts them again when something killed or stopped them. Without a sandbox there is one
forker for all; with one, each user has one, and a spare one that belongs to nobody has loaded Manim
already. Any thread may submit; when this process ends, however it ends, the forkers and their
renders end too.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.forker.messages import SCENE
from kodisc_jupyter.local.processes.forker_link import JOBS, Render
from kodisc_jupyter.local.processes.forker_pool import ForkerPool
from kodisc_jupyter.local.processes.sandbox import Sandbox
from kodisc_jupyter.stage.task import (
    Outcome,
    RenderTask,
    Shared,
)

TICK_S: Final = 1.0
"""Seconds between two looks at whether the forkers answer and what their renders wrote."""


def default_start_method() -> str:
    """``fork`` where a loaded process may be copied, else ``spawn``."""
    return "fork" if sys.platform == "linux" else "spawn"


class RenderProcesses:
    """Renders in processes of their own, each in a private folder below ``folder``."""

    def __init__(
        self,
        folder: Path,
        *,
        shared: Shared | None = None,
        start_method: str | None = None,
        own_process: bool = False,
        sandbox: Sandbox | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            folder: for the private folders.
            shared: what the renders have in common; formulas and segments are folders with
                one folder for each owner.
            start_method: ``fork`` or ``spawn``; default: what is safe here.
            own_process: this process has no children but the forkers, so whatever a killed
                forker leaves behind is adopted and ended (Linux).
            sandbox: locks in the renders of each owner.
        """
        self._shared = shared or Shared()
        self._own_process = own_process
        self._inbox: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._forkers = ForkerPool(
            *(folder, self._shared, start_method or default_start_method(), sandbox),
            own_process=own_process,
            selector=self._selector,
            later=self._tell,
        )
        self._closed = False
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._next_tick = 0.0

    def start(self) -> None:
        """Start a forker, which loads Manim in the background; at once if it is there."""
        self._tell(self._forkers.warm_up)

    @property
    def pid(self) -> int | None:
        """The forker's process, if it has been started."""
        links = self._forkers.links()
        return links[0].process.pid if links else None

    def submit(
        self, task: RenderTask, results: Path, began: Callable[[], None] = lambda: None
    ) -> Future[Outcome]:
        """Render ``task``; on success its files are in ``results`` when the future is done.

        ``began`` is called from another thread when the render's process has been started. The
        future never raises: what went wrong is the outcome's ``error``.
        """
        render = Render(task, results, began, Future())
        self._tell(lambda: self._forkers.accept(render))
        return render.future

    def cancel(self, job_id: str, why: str = "The render was cancelled.") -> None:
        """Kill a render, and do not begin it again; nothing happens when it is over."""
        self._tell(lambda: self._forkers.cancel(job_id, why))

    def work_of(self, job_id: str) -> tuple[Path, tuple[str, ...]] | None:
        """Where a render works: a folder, and the steps down from it that are the scene's own."""
        for link in self._forkers.links():
            if job_id in link.running:
                return link.place.outside, (JOBS, job_id, SCENE)
        return None

    def segments_of(self, owner: str) -> list[Path]:
        """Where drawn pieces of this user's videos are kept, wherever they are now."""
        folder = self._shared.segments
        if folder is None:
            return []
        link = self._forkers.link_of(owner)
        rooms = [link.place.outside / folder.name] if link else []
        return [folder / owner, *rooms]

    def close(self) -> None:
        """End the forkers and every render, and wait until they have ended."""
        with self._start_lock:
            thread, self._closed = self._thread, True
        if thread is not None:
            self._tell(lambda: None)
            thread.join()

    def _tell(self, what: Callable[[], None]) -> None:
        self._inbox.append(what)
        with self._start_lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._keep, name="kodisc-forkers")
                self._thread.daemon = True
                self._thread.start()
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake, b"x")

    def _keep(self) -> None:
        if self._own_process:
            process_tree.adopt_orphans()
        while not self._closed:
            timeout = TICK_S if self._forkers.links() else None
            for key, _ in self._selector.select(timeout):
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                else:
                    self._forkers.hear(key.data)
            while self._inbox:
                self._inbox.popleft()()
            now = time.monotonic()
            if now >= self._next_tick:
                self._next_tick = now + TICK_S
                self._forkers.look_after(now)
        self._forkers.end_all()
