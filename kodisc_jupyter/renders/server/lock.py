"""Locked files: one kernel starts the server at a time, and one server has a folder."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any


def is_locked(path: Path) -> bool:
    """Whether a server still has its folder; it lets go when everything of it has ended."""
    if sys.platform == "win32" or not path.exists():
        return False
    import fcntl

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file, after whoever has it now."""
    with path.open("a+b") as lock_file:
        lock, unlock = _locking()
        lock(lock_file)
        try:
            yield
        finally:
            unlock(lock_file)


def _locking() -> tuple[Callable[[IO[Any]], None], Callable[[IO[Any]], None]]:
    if sys.platform == "win32":
        import msvcrt

        return (
            lambda f: msvcrt.locking(f.fileno(), msvcrt.LK_LOCK, 1),
            lambda f: msvcrt.locking(f.fileno(), msvcrt.LK_UNLCK, 1),
        )
    import fcntl

    return (
        lambda f: fcntl.flock(f.fileno(), fcntl.LOCK_EX),
        lambda f: fcntl.flock(f.fileno(), fcntl.LOCK_UN),
    )
