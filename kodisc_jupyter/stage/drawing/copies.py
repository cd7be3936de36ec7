"""Copies of the process that renders: forked to draw, one core each, ended with it.

A copy is made only while no other thread runs, and only when a core is free: each core of the
server is a file, and whoever works holds one locked. The system lets a lock go when its process
ends, however it ends, so that no core is ever lost.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kodisc_jupyter.stage import manim_patches

_DIE_WITH_PARENT: Final = 1


class Cores:
    """The cores of one server, as files in a folder; without a folder there is none to spare."""

    def __init__(self, folder: Path | None) -> None:
        """Of the server that made ``folder``, see :func:`make_cores`."""
        self._files = sorted(folder.iterdir()) if folder and folder.is_dir() else []

    def __len__(self) -> int:
        return len(self._files)

    def take(self) -> int | None:
        """A free core, as a file descriptor: it is free again when every copy of that is closed."""
        import fcntl

        for path in self._files:
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                continue
            return descriptor
        return None


def make_cores(folder: Path, count: int) -> None:
    """The files of ``count`` cores, in a new folder or an old one."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:03}").touch()
    for path in sorted(folder.iterdir())[count:]:
        path.unlink()


def is_safe() -> bool:
    """Whether this process may be copied: on Linux, and nothing but this thread runs."""
    if sys.platform != "linux":
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  done for every segment
    except OSError:
        return False


def start(work: Callable[[], bool], core: int | None) -> int:
    """Do ``work`` in a copy of this process, which holds ``core``; its process ID.

    The copy ends with exit status 0 if ``work`` returns true. Only its files are left of it.
    """
    parent = os.getpid()
    with manim_patches.own_copies():
        pid = os.fork()
    if pid:
        if core is not None:
            os.close(core)
        return pid
    status = 1
    try:
        _end_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = 0 if work() else 1
    finally:
        os._exit(status)


def ended(pid: int, *, wait: bool = False) -> int | None:
    """The exit status of a copy, negative for a signal; ``None`` while it works."""
    try:
        ended_pid, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    except ChildProcessError:  # the scene itself has waited for all its children
        return -1
    return os.waitstatus_to_exitcode(status) if ended_pid else None


def kill(pid: int) -> None:
    """End a copy and wait for it."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    ended(pid, wait=True)


def _end_with(parent: int) -> None:
    """Have the system kill this copy when its parent ends."""
    import ctypes

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
