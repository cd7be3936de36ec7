"""One forker, seen from the server: its process, its pipes, its folder, and whether it answers."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from kodisc_jupyter.local.processes import sandbox as sandbox_
from kodisc_jupyter.local.processes.environment import arguments, for_renders
from kodisc_jupyter.local.processes.forker.messages import (
    LINE_LIMIT,
    SCENE,
    TASK,
    Order,
    Present,
    Report,
    read_report,
)
from kodisc_jupyter.local.processes.sandbox import CORES, INSIDE, Sandbox
from kodisc_jupyter.stage.task import Outcome, RenderTask, Shared

JOBS: Final = "jobs"

START_LIMIT_S: Final = 120.0
"""Seconds that a forker may take to load Manim, during which it cannot answer."""

SILENT_AFTER_S: Final = 6.0
"""A forker that has not answered for so long is not there any more, whatever the system says."""

LATE_AFTER_S: Final = 5.0
"""The server ends a render itself when its forker has not, so long after the limit."""


@dataclass
class Render:
    """A render that was handed over and has not ended. ``alone``: nothing else runs beside it."""

    task: RenderTask
    results: Path
    began: Callable[[], None]
    future: Future[Outcome]
    alone: bool = False
    cancelled: str = ""
    sent: float = 0.0


@dataclass(frozen=True)
class Place:
    """A folder for jobs: ``outside`` as the server sees it, ``inside`` as the forker does."""

    outside: Path
    inside: str
    sandboxed: bool

    @classmethod
    def make(cls, parent: Path, sandbox: Sandbox | None) -> Place:
        """A place below ``parent``: for one user in a sandbox, else ``parent`` itself."""
        outside = parent / f"room-{secrets.token_hex(8)}" if sandbox else parent
        for name in (JOBS, "empty", "home"):
            (outside / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(outside, INSIDE if sandbox else str(outside.absolute()), sandbox is not None)

    def set_aside(self, job_id: str) -> tuple[Path, tuple[str, ...]]:
        """Move the folder of a job that has ended out of its user's, where that is locked in.

        There no scene reaches it, and it does not count as what its user keeps while it is being
        removed. Returns a folder of the server's own, and the names that lead from it to the job's.
        """
        if self.sandboxed:
            ended = self.outside.parent / f"ended-{job_id}"
            with contextlib.suppress(OSError):  # its scene may have taken the right away
                (self.outside / JOBS / job_id).rename(ended)
                return ended.parent, (ended.name,)
        return self.outside, (JOBS, job_id)

    def shared(self, common: Shared, owner: str) -> Shared:
        """What the renders of one owner share, as they see it; those of nobody share only cores.

        Who is locked in can read the files of the cores, and so lock them, but change nothing.
        """
        cores = Path(CORES) if self.sandboxed and common.cores else common.cores
        if not owner:
            return Shared(cores=cores)

        def of(folder: Path | None) -> Path | None:
            if folder is None:
                return None
            return Path(INSIDE) / folder.name if self.sandboxed else folder / owner

        formulas, segments = of(common.formulas), of(common.segments)
        return replace(common, formulas=formulas, segments=segments, cores=cores)


@dataclass
class ForkerLink:
    """A forker that was started. Used by one thread."""

    process: subprocess.Popen[bytes]
    place: Place
    running: dict[str, Render] = field(default_factory=dict)
    ready: bool = False
    heard: float = field(default_factory=time.monotonic)
    asked: float | None = None
    idle_since: float = field(default_factory=time.monotonic)
    finishing: list[Future[None]] = field(default_factory=list)
    _unread: bytes = b""

    @classmethod
    def start(cls, place: Place, method: str, sandbox: Sandbox | None) -> ForkerLink:
        """Start a forker with ``place`` as its folder."""
        command = [sys.executable, *arguments("forker"), method]
        if sandbox is not None:
            command = sandbox.command(place.outside, command)
            environment = sandbox_.environment(os.environ)
        else:
            environment = for_renders(os.environ)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=place.outside / "empty",
            env=environment,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        return cls(process, place)

    @property
    def gone(self) -> bool:
        """Whether it has been ended and its pipes closed."""
        return self.process.stdout is None or self.process.stdout.closed

    @property
    def reports(self) -> int:
        """The descriptor that reports arrive at."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def order(self, render: Render, shared: Shared) -> None:
        """Put the task into a folder of its own, and have it carried out."""
        job = self.place.outside / JOBS / render.task.job_id
        (job / SCENE).mkdir(parents=True, mode=0o700)
        (job / "home").mkdir(mode=0o700)
        (job / TASK).write_text(json.dumps(render.task.to_json()), encoding="utf-8")
        render.sent = time.monotonic()
        self.running[render.task.job_id] = render
        inside = f"{self.place.inside}/{JOBS}/{render.task.job_id}"
        order = Order(render.task.job_id, inside, shared, self.place.sandboxed, render.task.limits)
        self.send(order.to_line())

    def cancel(self, job_id: str, why: str) -> None:
        """Have a render ended with these words."""
        self.send(json.dumps({"cancel": job_id, "why": why}).encode() + b"\n")

    def ping(self, now: float) -> None:
        """Ask whether it is there, unless it has not answered yet."""
        if self.asked is None:
            self.asked = now
            self.send(b'{"ping": 1}\n')

    def send(self, line: bytes) -> None:
        """Write a line; what cannot be written is noticed by its silence, or its end."""
        with contextlib.suppress(OSError):
            os.write(self._stdin, line)

    def hear(self) -> tuple[list[Report], bool]:
        """The reports that have arrived, and whether the forker is still there."""
        try:
            data = os.read(self.reports, 1 << 20)
        except BlockingIOError:
            return [], True
        if not data:
            return [], False
        *lines, self._unread = (self._unread + data).split(b"\n")
        if len(self._unread) > LINE_LIMIT:
            self.kill()
        reports = [report for line in lines if (report := read_report(line)) is not None]
        if reports:
            self.heard, self.asked = time.monotonic(), None
        for report in reports:
            if isinstance(report, Present):
                self.ready = report.ready
        return reports, True

    def trouble(self, now: float) -> str:
        """Why it has to be ended: it does not answer, or a render is long overdue."""
        since = self.heard if self.asked is None else self.asked
        if not self.ready and now - self.heard > START_LIMIT_S:
            return f"it did not load Manim within {START_LIMIT_S:g} s"
        if self.ready and self.asked is not None and now - since > SILENT_AFTER_S:
            return f"it did not answer for {SILENT_AFTER_S:g} s"
        if any(self._is_late(render, now) for render in self.running.values()):
            return "it did not end a render at its time limit"
        return ""

    def late(self, now: float) -> list[Render]:
        """The renders that should have been ended long ago."""
        return [render for render in self.running.values() if self._is_late(render, now)]

    def _is_late(self, render: Render, now: float) -> bool:
        return self.ready and now - render.sent > render.task.limits.seconds + LATE_AFTER_S

    def kill(self) -> None:
        """End it at once, and with it, in a sandbox, everything there."""
        self.process.kill()

    def finish(self) -> None:
        """Tell it that there is nothing more to come."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    @property
    def _stdin(self) -> int:
        assert self.process.stdin is not None
        return self.process.stdin.fileno()
