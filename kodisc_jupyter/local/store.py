"""The server's folder: finished files, the random keys, and the lock that keeps it to one server.

::

    DIR/lock  DIR/key  DIR/webhook-secret
    DIR/ledger.sqlite3     jobs and credits; beside it its second generation and the balances
    DIR/work/<jobId>/      a render in progress; gone when it ends
    DIR/results/<jobId>/   video.mp4, thumb.jpg, captions.vtt
    DIR/formulas/<userId>/ typeset LaTeX, used again by that user's renders
    DIR/segments/<userId>/ drawn pieces of videos, used again by that user's renders
    DIR/cores/             one file for each core, locked by whoever works on it
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Final

from kodisc_jupyter.atomic_file import atomic_file

FORMULAS_KEPT_S: Final = 30 * 24 * 3600


FORMULAS: Final = "formulas"
SEGMENTS: Final = "segments"
OWNER: Final = ".owner"
"""Beside the folder of a sandbox: a file that says whose formulas and segments are in there."""

_OWNER_NAME: Final = re.compile(r"usr_[0-9a-f]{24}\Z")


class FolderTakenError(RuntimeError):
    """Another server uses this folder."""


class Store:
    """The files below one folder, which belongs to this server alone while it is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.rehearsals = self.work / "rehearsals"
        self.results = folder / "results"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(folder / "lock")
        self.formulas = folder / FORMULAS
        self.segments = folder / SEGMENTS
        self.cores = folder / "cores"
        for owned in self.work.glob(f"*{OWNER}"):  # an earlier server was killed
            owner = owned.read_text(encoding="ascii", errors="replace")
            if _OWNER_NAME.match(owner):
                move_out(owned.with_suffix(""), owner, (self.formulas, self.segments))
        remove_tree(self.work)
        self.work.mkdir(mode=0o700)
        _remove_old(self.formulas)
        self.results.mkdir(exist_ok=True, mode=0o700)
        _keep_private(folder)

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.sqlite3"

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """A random secret that is made once and stays in a file that only its owner can read."""
        path = self.folder / name
        with contextlib.suppress(FileNotFoundError):
            stored = path.read_text(encoding="ascii").strip()
            if stored:
                return stored
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

    def remove_others(self, known: Iterable[str], *, keep: bool = False) -> None:
        """Delete the files of all jobs but these: an earlier server's leftovers.

        With ``keep`` they are put into ``unclaimed/``: the ledger that knew them was lost.
        """
        kept = set(known)
        for folder in self.results.iterdir():
            if folder.name in kept:
                continue
            if keep and not folder.name.startswith("."):
                (self.folder / "unclaimed").mkdir(exist_ok=True, mode=0o700)
                folder.replace(self.folder / "unclaimed" / folder.name)
            else:
                remove_tree(folder)

    def close(self, *, delete: bool) -> None:
        """Give the folder free; with ``delete``, remove it."""
        shutil.rmtree(self.work, ignore_errors=True)
        if delete:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def move_in(room: Path, owner: str, kept: Iterable[Path | None]) -> None:
    """Move what is kept of a user into the folder of a sandbox: ``KEPT/OWNER`` to ``ROOM/KEPT``."""
    room.with_suffix(OWNER).write_text(owner, encoding="ascii")
    for folder in kept:
        _move_folder(folder and folder / owner, folder and room / folder.name)


def move_out(room: Path, owner: str, kept: Iterable[Path | None]) -> None:
    """The inverse of :func:`move_in`, if that is what is there: a scene may have changed it."""
    for folder in kept:
        _move_folder(folder and room / folder.name, folder and folder / owner)
    room.with_suffix(OWNER).unlink(missing_ok=True)


def _move_folder(source: Path | None, target: Path | None) -> None:
    with contextlib.suppress(OSError):
        if source and target and source.is_dir() and not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            source.rename(target)  # an empty one is replaced, another stays


def remove_tree(folder: Path) -> None:
    """Delete a folder that a scene may have filled: however deep, however its modes are set."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    for command in (["rm", "-rf"], ["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        if not os.path.lexists(folder):
            return
        subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL, check=False)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    with atomic_file(path) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def _remove_old(folder: Path) -> None:
    """Delete files that have not changed for :data:`FORMULAS_KEPT_S`; links are not followed."""
    before = time.time() - FORMULAS_KEPT_S
    for owner in folder.iterdir() if folder.is_dir() else ():
        for file in owner.iterdir() if owner.is_dir() and not owner.is_symlink() else ():
            with contextlib.suppress(OSError):
                if file.lstat().st_mtime < before:
                    file.unlink()


def _keep_private(folder: Path) -> None:
    """Folders 0700, files 0600: an earlier version, or a copy, may have left them open to all."""
    folder.chmod(0o700)
    for _, folders, files, at in os.fwalk(folder):
        for names, mode in ((folders, 0o700), (files, 0o600)):
            for name in names:
                seen = os.stat(name, dir_fd=at, follow_symlinks=False)
                if not stat.S_ISLNK(seen.st_mode) and stat.S_IMODE(seen.st_mode) != mode:
                    os.chmod(name, mode, dir_fd=at)


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
