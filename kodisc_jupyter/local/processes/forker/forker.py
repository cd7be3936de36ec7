"""The process that has Manim loaded and makes one process per render.

It reads orders (:mod:`.messages`) as JSON lines from standard input and writes reports as JSON
lines to standard output. It starts each render in a process group of its own, holds it to its
limits, and ends whatever it left running. When standard input ends, because the server that
started it is gone, it ends every render and itself.

No module is ever taken from the folder it runs in, no render can read its memory or write to its
pipes, and it never sees a scene's code.

``fork``: a render is a copy of this process, which imported Manim once. ``spawn``: a render is a
new interpreter, for systems where a copy of a loaded process is not safe; one is kept ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import time
from dataclasses import dataclass, field
from typing import Any, Final

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.forker.manim_loading import load, warm_up
from kodisc_jupyter.local.processes.forker.messages import Order
from kodisc_jupyter.local.processes.forker.render_child import become_render
from kodisc_jupyter.local.processes.forker.running import Running, error_of, over
from kodisc_jupyter.local.processes.forker.spawned import Spawned, spawn_spare

OUTPUT_KEPT: Final = 16_000
"""Bytes kept of what a scene prints; the rest is read and dropped."""

OUTPUT_LIMIT: Final = 50_000_000
"""Bytes that a scene may print before it is stopped: nobody reads that, something runs away."""

OUTCOME_LIMIT: Final = 1_000_000
"""Bytes read of a render's own report."""

_LOOK_S: Final = 0.1
"""Seconds between two looks at what the renders use."""

_SELDOM_LOOK_S: Final = 2.0
"""The same where looking takes long itself, because there are many processes."""

_OPEN_FILES_LOOK_S: Final = 1.0
"""Seconds between two looks at what they hold open: files that have no name any more."""


@dataclass
class Forker:
    """Reads tasks from ``commands`` and reports on ``reports``, both file descriptors."""

    commands: int
    reports: int
    spawn: bool
    broken: str = ""
    _running: dict[int, Running] = field(default_factory=dict)
    _spare: Spawned | None = None
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _unread: bytes = b""
    _next_files_look: float = 0.0

    def run(self) -> None:
        """Serve until the commands end."""
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self.commands, selectors.EVENT_READ, None)
        self._selector.register(woken, selectors.EVENT_READ, None)
        warm = self.spawn or bool(self.broken)
        self._say({"ready": True})
        next_look = 0.0
        while True:
            timeout = _LOOK_S if self._running else (None if warm else 0.0)
            ready = self._selector.select(timeout)
            if not warm and not ready and not self._running:
                self._say({"ready": False})
                warm_up()
                self._say({"ready": True})
                warm = True
                continue
            for key, _ in ready:
                if key.fd == self.commands:
                    if not self._read_commands():
                        return
                elif key.fd == woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(woken, 4096)
                elif isinstance(key.data, Running):
                    self._read(key.data, key.fd)
            self._reap()
            if self._running and time.monotonic() >= next_look:
                began = time.monotonic()
                self._hold_to_limits(began)
                took = time.monotonic() - began
                next_look = time.monotonic() + min(max(_LOOK_S, 20 * took), _SELDOM_LOOK_S)

    def close(self) -> None:
        """End every render and everything they started."""
        for running in list(self._running.values()):
            process_tree.kill_group(running.pid)
        if self._spare is not None:
            self._spare.process.kill()
        process_tree.end_strays(set())

    def _read_commands(self) -> bool:
        data = os.read(self.commands, 1 << 20)
        if not data:
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._command(json.loads(line))
        return True

    def _command(self, command: dict[str, Any]) -> None:
        if "ping" in command:
            self._say({"ready": True})
            return
        if "cancel" in command:
            self._cancel(command["cancel"], command["why"])
            return
        order = Order.from_json(command)
        if self.broken:
            self._report(order.job_id, self.broken, 0)
            return
        try:
            self._start(order)
        except OSError as problem:
            self._report(order.job_id, f"The render could not be started: {problem}.", 0)

    def _cancel(self, job_id: str, why: str) -> None:
        for running in self._running.values():
            if running.order.job_id == job_id:
                members = process_tree.of(running.pid, process_tree.everyone())
                self._stop(running, why)
                for process in members:
                    process_tree.kill(process.pid)

    def _start(self, order: Order) -> None:
        began = time.monotonic()
        start = self._use_spare if self.spawn else self._fork
        pid, output_fd, outcome_fd = start(order)
        running = Running(order, pid, began, output_fd, outcome_fd)
        self._running[pid] = running
        for fd in (output_fd, outcome_fd):
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, running)
        self._say({"id": order.job_id, "began": True})

    def _fork(self, order: Order) -> tuple[int, int, int]:
        output_fd, output = os.pipe()
        outcome_fd, outcome = os.pipe()
        forker = os.getpid()
        pid = os.fork()
        if pid == 0:
            become_render(order, output, outcome, forker)
        os.close(output)
        os.close(outcome)
        return pid, output_fd, outcome_fd

    def _use_spare(self, order: Order) -> tuple[int, int, int]:
        ready = self._spare or spawn_spare()
        assert ready.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), ready.process.stdin as stdin:
            stdin.write(order.to_line())
        self._spare = spawn_spare()
        return ready.process.pid, ready.output_fd, ready.outcome_fd

    def _read(self, running: Running, fd: int) -> None:
        """Take what is there, a bounded piece at a time so that no render keeps the others."""
        try:
            data = os.read(fd, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self._selector.unregister(fd)
            return
        if fd == running.output_fd:
            running.output = (running.output + data)[-OUTPUT_KEPT:]
            running.printed += len(data)
            if running.printed > OUTPUT_LIMIT:
                self._stop(
                    running, f"The scene printed over {OUTPUT_LIMIT:,} bytes and was stopped."
                )
        elif len(running.outcome) < OUTCOME_LIMIT:
            running.outcome += data

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            running = self._running.pop(pid, None)
            if running is not None:
                self._finish(running, os.waitstatus_to_exitcode(status))

    def _finish(self, running: Running, status: int) -> None:
        duration_ms = round((time.monotonic() - running.began) * 1000)
        process_tree.kill_group(running.pid)
        process_tree.end_strays(
            {*self._running, *([self._spare.process.pid] if self._spare else ())}
        )
        for fd in (running.output_fd, running.outcome_fd):
            while fd in self._selector.get_map() and _is_readable(fd):
                self._read(running, fd)
            with contextlib.suppress(KeyError):
                self._selector.unregister(fd)
            os.close(fd)
        self._report(running.order.job_id, error_of(running, status), duration_ms)

    def _report(self, job_id: str, error: str | None, duration_ms: int) -> None:
        self._say({"id": job_id, "error": error, "durationMs": duration_ms})

    def _say(self, report: dict[str, Any]) -> None:
        rest = json.dumps(report).encode() + b"\n"
        while rest:
            rest = rest[os.write(self.reports, rest) :]

    def _stop(self, running: Running, why: str) -> None:
        if not running.stopped:
            running.stopped = why
        process_tree.kill_group(running.pid)

    def _hold_to_limits(self, now: float) -> None:
        everyone = process_tree.everyone()
        look_at_files = now >= self._next_files_look
        for running in self._running.values():
            limits = running.order.limits
            members = process_tree.of(running.pid, everyone)
            memory = sum(process.memory_bytes for process in members)
            few = 1 < len(members) <= limits.processes  # of many it takes seconds to ask
            if memory > limits.memory_bytes and few:  # what copies share counts once
                memory = process_tree.memory_together(members, enough=limits.memory_bytes)
            if look_at_files:
                running.nameless = process_tree.nameless(process.pid for process in members)
            why = over(
                limits,
                seconds=now - running.began,
                memory=memory + running.nameless.memory_bytes,
                processes=len(members),
                disk=running.nameless.disk_bytes,
            )
            if why:
                self._stop(running, why)
                for process in members:
                    process_tree.kill(process.pid)
        if look_at_files:
            self._next_files_look = now + _OPEN_FILES_LOOK_S


def _is_readable(fd: int) -> bool:
    import select

    return bool(select.select([fd], [], [], 0)[0])


def main(method: str) -> None:
    """Serve on the standard streams; they are moved away so that no scene can write to them."""
    process_tree.be_readable(readable=False)
    commands, reports = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends us, by closing our input
    process_tree.adopt_orphans()
    spawn = method == "spawn"
    forker = Forker(commands, reports, spawn, "" if spawn else load())
    try:
        forker.run()
    finally:
        forker.close()
