"""The server's folder: finished files, the random keys, and the lock that keeps it to one server.

::

    DIR/lock  DIR/key  DIR/webhook-secret  DIR/ledger.sqlite3
    DIR/work/<jobId>/      a render in progress; gone when it ends
    DIR/results/<jobId>/   video.mp4, thumb.jpg, captions.vtt
    DIR/formulas/<userId>/ typeset LaTeX, used again by that user's renders
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Final

FORMULAS_KEPT_S: Final = 30 * 24 * 3600


class FolderTakenError(RuntimeError):
    """Another server uses this folder."""


class Store:
    """The files below one folder, which belongs to this server alone while it is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.results = folder / "results"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(folder / "lock")
        self.formulas = folder / "formulas"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        _remove_old(self.formulas)
        self.results.mkdir(exist_ok=True)

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.sqlite3"

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """A random secret that is made once and stays in a file that only its owner can read."""
        path = self.folder / name
        with contextlib.suppress(FileNotFoundError):
            kept = path.read_text(encoding="ascii").strip()
            if kept:
                return kept
        value = make()
        write_private(path, value)
        return value

    def results_of(self, job_id: str) -> Path:
        """Where the files of a job are, or will be."""
        return self.results / job_id

    def size_of(self, job_id: str) -> int:
        """Bytes of a job's files."""
        folder = self.results_of(job_id)
        return sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0

    def remove(self, job_id: str) -> None:
        """Delete a job's files."""
        shutil.rmtree(self.results_of(job_id), ignore_errors=True)

    def remove_others(self, known: Iterable[str]) -> None:
        """Delete the files of all jobs but these: an earlier server's leftovers."""
        kept = set(known)
        for folder in self.results.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def close(self, *, delete: bool) -> None:
        """Give the folder free; with ``delete``, remove it."""
        shutil.rmtree(self.work, ignore_errors=True)
        if delete:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def _remove_old(folder: Path) -> None:
    """Delete files that have not changed for :data:`FORMULAS_KEPT_S`."""
    before = time.time() - FORMULAS_KEPT_S
    for file in folder.glob("*/*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < before:
                file.unlink()


def _lock(path: Path) -> IO[Any]:
    import fcntl

    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise FolderTakenError(
            f"another render server uses {path.parent}; give this one its own --data-dir"
        ) from None
    return file
