"""The process that has Manim loaded and makes one process per render.

``python -m kodisc_jupyter.local.processes.forker fork|spawn`` reads tasks as JSON lines from
standard input and writes reports as JSON lines to standard output. It starts each render in a
process group of its own, holds it to its limits, and ends whatever it left running. When standard
input ends, because the server that started it is gone, it ends every render and itself.

``fork``: a render is a copy of this process, which imported Manim once. ``spawn``: a render is a
new interpreter, for systems where a copy of a loaded process is not safe; one is kept ready.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.task import RenderTask, Shared

OUTPUT_KEPT: Final = 16_000
"""Bytes kept of what a scene prints; the rest is read and dropped."""

OUTPUT_LIMIT: Final = 50_000_000
"""Bytes that a scene may print before it is stopped: nobody reads that, something runs away."""

OUTCOME_LIMIT: Final = 1_000_000
"""Bytes read of a render's own report."""

FILE_LIMIT_BYTES: Final = 4 << 30
"""No file of a render may grow over this."""

_LOOK_S: Final = 0.1
"""Seconds between two looks at what the renders use."""


@dataclass
class _Running:
    """A render in progress."""

    task: RenderTask
    pid: int
    began: float
    output_fd: int
    outcome_fd: int
    output: bytes = b""
    outcome: bytes = b""
    printed: int = 0
    stopped: str = ""


@dataclass(frozen=True)
class _Spawned:
    """A new interpreter that waits for its task."""

    process: subprocess.Popen[bytes]
    output_fd: int
    outcome_fd: int


@dataclass
class Forker:
    """Reads tasks from ``commands`` and reports on ``reports``, both file descriptors."""

    commands: int
    reports: int
    spawn: bool
    broken: str = ""
    _running: dict[int, _Running] = field(default_factory=dict)
    _spare: _Spawned | None = None
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _unread: bytes = b""

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
        next_look = 0.0
        while True:
            timeout = _LOOK_S if self._running else (None if warm else 0.0)
            ready = self._selector.select(timeout)
            if not warm and not ready and not self._running:
                _warm_up()
                warm = True
                continue
            for key, _ in ready:
                if key.fd == self.commands:
                    if not self._read_commands():
                        return
                elif key.fd == woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(woken, 4096)
                elif isinstance(key.data, _Running):
                    self._read(key.data, key.fd)
            self._reap()
            if self._running and time.monotonic() >= next_look:
                began = time.monotonic()
                self._hold_to_limits(began)
                next_look = time.monotonic() + max(_LOOK_S, 20 * (time.monotonic() - began))

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

    def _command(self, said: dict[str, Any]) -> None:
        if "cancel" in said:
            self._cancel(said["cancel"])
            return
        task = RenderTask.from_json(said["task"])
        if self.broken:
            self._report(task.job_id, self.broken, 0)
            return
        try:
            self._start(task, said)
        except OSError as problem:
            self._report(task.job_id, f"The render could not be started: {problem}.", 0)

    def _cancel(self, job_id: str) -> None:
        for running in self._running.values():
            if running.task.job_id == job_id:
                members = process_tree.of(running.pid, process_tree.everyone())
                self._stop(running, "The render was cancelled.")
                for each in members:
                    process_tree.kill(each.pid)

    def _start(self, task: RenderTask, order: dict[str, Any]) -> None:
        began = time.monotonic()
        start = self._spawned if self.spawn else self._forked
        pid, output_fd, outcome_fd = start(order)
        running = _Running(task, pid, began, output_fd, outcome_fd)
        self._running[pid] = running
        for fd in (output_fd, outcome_fd):
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, running)
        self._say({"id": task.job_id, "began": True})

    def _forked(self, order: dict[str, Any]) -> tuple[int, int, int]:
        output_fd, output = os.pipe()
        outcome_fd, outcome = os.pipe()
        forker = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_render(order, output, outcome, forker)
        os.close(output)
        os.close(outcome)
        return pid, output_fd, outcome_fd

    def _spawned(self, order: dict[str, Any]) -> tuple[int, int, int]:
        ready = self._spare or _spawn()
        assert ready.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), ready.process.stdin as stdin:
            stdin.write(json.dumps(order).encode())
        self._spare = _spawn()
        return ready.process.pid, ready.output_fd, ready.outcome_fd

    def _read(self, running: _Running, fd: int) -> None:
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

    def _finish(self, running: _Running, status: int) -> None:
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
        self._report(running.task.job_id, _error(running, status), duration_ms)

    def _report(self, job_id: str, error: str | None, duration_ms: int) -> None:
        self._say({"id": job_id, "error": error, "durationMs": duration_ms})

    def _say(self, report: dict[str, Any]) -> None:
        rest = json.dumps(report).encode() + b"\n"
        while rest:
            rest = rest[os.write(self.reports, rest) :]

    def _stop(self, running: _Running, why: str) -> None:
        if not running.stopped:
            running.stopped = why
        process_tree.kill_group(running.pid)

    def _hold_to_limits(self, now: float) -> None:
        everyone = process_tree.everyone()
        for running in self._running.values():
            limits = running.task.limits
            members = process_tree.of(running.pid, everyone)
            memory = sum(each.memory_bytes for each in members)
            if now - running.began > limits.seconds:
                why = f"The render took longer than {limits.seconds:g} seconds and was stopped."
            elif memory > limits.memory_bytes:
                megabytes = limits.memory_bytes >> 20
                why = f"The scene needed more than {megabytes} MB of memory and was stopped."
            elif len(members) > limits.processes:
                why = f"The scene started more than {limits.processes} processes and was stopped."
            else:
                continue
            self._stop(running, why)
            for each in members:
                process_tree.kill(each.pid)


def _error(running: _Running, status: int) -> str | None:
    """The job's error text: why it was stopped, else its own report, else how it ended."""
    output = running.output.decode("utf-8", "replace")
    if running.stopped:
        return failure.with_output(running.stopped, output)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        error = json.loads(running.outcome)["error"]
        if status == 0 and (error is None or isinstance(error, str)):
            return error
    return failure.process_ended(status, output)


def _become_render(order: dict[str, Any], output: int, outcome: int, forker: int) -> NoReturn:
    """The rest of a forked render's life. Never returns: the forker's loop is not ours."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        process_tree.end_with_parent(forker)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        kept = os.dup2(outcome, 3)
        os.closerange(4, 256)
        run_render(order, kept)
    finally:
        os._exit(70)


def run_render(order: dict[str, Any], outcome: int) -> NoReturn:
    """Render in this process, write the report to ``outcome`` and end at once."""
    from kodisc_jupyter.stage import film, rehearsal

    task = RenderTask.from_json(order["task"])
    shared = Shared.from_json(order["shared"])
    _limit(task)
    os.chdir(order["folder"])
    gc.set_threshold(50_000, 20, 50)  # Manim copies mobjects by the thousand: less often is faster
    results = Path(order["results"])
    if task.rehearse:
        error = rehearsal.rehearse(task, results, shared.formulas)
    else:
        error = film.render(task, results, shared)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    rest = json.dumps({"error": error}).encode()
    while rest:
        rest = rest[os.write(outcome, rest) :]
    os._exit(0)


def _limit(task: RenderTask) -> None:
    """Limits the system itself holds: memory gives a MemoryError at the line that asked for it."""
    import resource

    def lower(what: int, limit: int) -> None:
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or hard > limit:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (limit, limit))

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, FILE_LIMIT_BYTES)
    if sys.platform == "linux":
        lower(resource.RLIMIT_DATA, task.limits.memory_bytes)


def _spawn() -> _Spawned:
    output_fd, output = os.pipe()
    outcome_fd, outcome = os.pipe()
    command = [sys.executable, "-m", "kodisc_jupyter.local.processes.spawned", str(outcome)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        pass_fds=(outcome,),
        start_new_session=True,
    )
    os.close(output)
    os.close(outcome)
    return _Spawned(process, output_fd, outcome_fd)


def _is_readable(fd: int) -> bool:
    import select

    return bool(select.select([fd], [], [], 0)[0])


def _load() -> str:
    """Import Manim; why it cannot be, if it cannot."""
    try:
        from kodisc_jupyter.stage import film, manim_patches, rehearsal

        manim_patches.preload()
        del film, rehearsal  # they are loaded: every copy needs one of them
    except Exception as problem:
        return f"Manim cannot be used on this machine: {type(problem).__name__}: {problem}"
    return ""


def _warm_up() -> None:
    """Do once what the first render of every process would have to do again."""
    from kodisc_jupyter.stage import film

    try:
        film.warm_up()
    except Exception:  # renders do without, slower; standard error is the server's log
        traceback.print_exc()
    gc.collect()
    gc.freeze()  # copies share these pages for good


def main(method: str) -> None:
    """Serve on the standard streams; they are moved away so that no scene can write to them."""
    commands, reports = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends us, by closing our input
    process_tree.adopt_orphans()
    spawn = method == "spawn"
    forker = Forker(commands, reports, spawn, "" if spawn else _load())
    try:
        forker.run()
    finally:
        forker.close()


if __name__ == "__main__":
    main(sys.argv[1])
