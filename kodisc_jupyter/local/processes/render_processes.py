"""The render processes, seen from the one that uses them: a server, or a Dask worker.

Starts the forker, hands it tasks, and starts it again when something killed it. Any thread may
submit; when this process ends, however it ends, the forker and its renders end too.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.environment import for_renders
from kodisc_jupyter.local.results import RESULTS, ResultRefusedError, take
from kodisc_jupyter.stage.task import REPORT, RESULT_FILES, Outcome, RenderTask, Shared

CLOSE_LIMIT_S: Final = 5.0
"""Seconds that the forker gets to end its renders before it is killed."""

FILE_LIMIT_BYTES: Final = 4 << 30

_TRIES: Final = 2
"""How often a render is started when the forker itself dies under it."""


def default_start_method() -> str:
    """``fork`` where a loaded process may be copied, else ``spawn``."""
    return "fork" if sys.platform == "linux" else "spawn"


@dataclass
class _Open:
    """A render that was handed over and has not been heard of since."""

    task: RenderTask
    results: Path
    began: Callable[[], None]
    future: Future[Outcome]
    tries: int = 0


class RenderProcesses:
    """Renders in processes of their own, each in a private folder below ``folder``."""

    def __init__(
        self,
        folder: Path,
        *,
        shared: Shared | None = None,
        start_method: str | None = None,
        own_process: bool = False,
    ) -> None:
        """Nothing is started yet.

        Args:
            folder: for the private folders.
            shared: what the renders have in common; formulas and segments are folders with
                one folder for each owner.
            start_method: ``fork`` or ``spawn``; default: what is safe here.
            own_process: this process has no children but the forker, so whatever a killed
                forker leaves behind is adopted and ended (Linux).
        """
        self._folder = folder
        self._shared = shared or Shared()
        self._own_process = own_process
        self._method = start_method or default_start_method()
        self._lock = threading.Lock()
        self._open: dict[str, _Open] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self) -> None:
        """Start the forker, which loads Manim in the background; at once if it is there."""
        if self._own_process:
            process_tree.adopt_orphans()
        with self._lock:
            self._ensure()

    @property
    def pid(self) -> int | None:
        """The forker's process, if it has been started."""
        return self._process.pid if self._process else None

    def submit(
        self, task: RenderTask, results: Path, began: Callable[[], None] = lambda: None
    ) -> Future[Outcome]:
        """Render ``task``; on success its files are in ``results`` when the future is done.

        ``began`` is called from another thread when the render's process has been started. The
        future never raises: what went wrong is the outcome's ``error``.
        """
        future: Future[Outcome] = Future()
        with self._lock:
            self._open[task.job_id] = _Open(task, results, began, future)
            self._send(self._open[task.job_id])
        return future

    def cancel(self, job_id: str) -> None:
        """Kill a render, and do not begin it again; nothing happens when it is over."""
        with self._lock:
            render = self._open.get(job_id)
            if render is not None:
                render.tries = _TRIES
                self._write({"cancel": job_id})

    def close(self) -> None:
        """End the forker and every render, and wait until they have ended."""
        with self._lock:
            self._closed = True
            process = self._process
            idle = not self._open
        if process is None:
            return
        if idle:  # there is nothing that it would have to end first
            process.kill()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(CLOSE_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ensure(self) -> None:
        if self._closed or (self._process is not None and self._process.poll() is None):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kodisc_jupyter.local.processes.forker", self._method],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder,
            env=for_renders(os.environ),
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _send(self, render: _Open) -> None:
        render.tries += 1
        work = self._folder / render.task.job_id
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True, mode=0o700)
        order: dict[str, object] = {
            "task": render.task.to_json(),
            "folder": str(work.absolute()),
            "results": str((work / RESULTS).absolute()),
            "shared": self._shared_by(render.task.owner).to_json(),
        }
        self._ensure()
        self._write(order)

    def _shared_by(self, owner: str) -> Shared:
        """What the renders of one owner share; those of nobody share only the cores."""
        if not owner:
            return Shared(cores=self._shared.cores)
        formulas, segments = self._shared.formulas, self._shared.segments
        return replace(
            self._shared,
            formulas=formulas and formulas / owner,
            segments=segments and segments / owner,
        )

    def _write(self, order: dict[str, object]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError, ValueError):  # it died: _listen sends again
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as reports:
            for line in reports:
                said = json.loads(line)
                if "began" in said:
                    self._began(said["id"])
                    continue
                self._end(said["id"], Outcome(said["error"], said["durationMs"]))
        process.wait()
        if self._own_process:
            process_tree.end_strays(set())
        self._died()

    def _died(self) -> None:
        """The forker is gone: what was open is rendered once more, then given up.

        A new forker is started only for that, or else with the next render: one that cannot
        even start is not started over and over.
        """
        with self._lock:
            if self._closed:
                lost, again = list(self._open.values()), []
            else:
                lost = [each for each in self._open.values() if each.tries >= _TRIES]
                again = [each for each in self._open.values() if each.tries < _TRIES]
        for each in lost:
            why = "The render was stopped: the process that renders was killed."
            self._end(each.task.job_id, Outcome(why, 0))
        with self._lock:
            for each in again:
                self._send(each)

    def _began(self, job_id: str) -> None:
        with self._lock:
            render = self._open.get(job_id)
        if render is not None:
            render.began()

    def _collect(self, render: _Open, outcome: Outcome) -> Outcome:
        """Copy the files to where they were asked for."""
        try:
            names = (REPORT,) if render.task.rehearse else RESULT_FILES
            steps = (render.task.job_id, RESULTS)
            take(self._folder, steps, render.results, FILE_LIMIT_BYTES, names)
        except ResultRefusedError as problem:
            return Outcome(str(problem), outcome.duration_ms)
        return outcome

    def _end(self, job_id: str, outcome: Outcome) -> None:
        with self._lock:
            render = self._open.pop(job_id, None)
        if render is not None and outcome.error is None:
            outcome = self._collect(render, outcome)
        shutil.rmtree(self._folder / job_id, ignore_errors=True)
        if render is not None and render.future.set_running_or_notify_cancel():
            render.future.set_result(outcome)
