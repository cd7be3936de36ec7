"""Open the ledger, keep a second generation of it, and mend a loss without granting anything.

Only a file that SQLite calls malformed is set aside. A full disk, a file that cannot be read or
one of a newer version is no damage: the server does not start, and nothing is touched.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.local.classroom.ledger import BALANCES, Ledger

PREVIOUS: Final = ".previous"
"""Ends the name of the second generation: a copy that SQLite found sound."""

COPY_EVERY_S: Final = 3600.0
"""Monotonic seconds between two copies while the server runs."""

LEDGER_LOST: Final = (
    "The server's ledger was damaged while this job was open. The job was not rendered again, "
    "because it may have been charged; ask whoever runs the server."
)

_MALFORMED: Final = {11, 26}
"""SQLITE_CORRUPT and SQLITE_NOTADB."""
_MALFORMED_WORDS: Final = ("malformed", "file is not a database")
"""What SQLite says of these two: Python 3.10 does not give their numbers."""

log = logging.getLogger("kodisc_jupyter.local")


class LedgerError(RuntimeError):
    """The ledger cannot be used, and was not touched; the message says why, in one line."""


@dataclass(frozen=True)
class Opened:
    """A ledger that can be used.

    ``recovered``: it was mended from the second generation. ``balances_lost``: nobody knows what
    had been spent, so nothing may be granted to the users of today.
    """

    ledger: Ledger
    recovered: bool = False
    balances_lost: bool = False


def open_ledger(path: Path) -> Opened:
    """Open the ledger, or make a new one where there was none.

    Raises:
        LedgerError: it cannot be used, for another reason than being damaged.
    """
    try:
        there = path.stat().st_size > 0  # an empty file is a new database to SQLite
    except FileNotFoundError:
        there = False
    except OSError as problem:
        raise _unusable(path, problem) from None
    damage = _damage(path) if there else _missing(path)
    if damage:
        return _recover(path, damage)
    try:
        ledger = Ledger(path)
        copy_ledger(ledger, path)
    except (sqlite3.Error, OSError) as problem:
        raise _unusable(path, problem) from None
    return Opened(ledger)


def copy_ledger(ledger: Ledger, path: Path) -> None:
    """Renew the second generation, if the copy is sound."""
    copy = path.with_name(path.name + ".copy")
    copy.unlink(missing_ok=True)
    if ledger.copy(copy):
        copy.replace(path.with_name(path.name + PREVIOUS))
    else:
        log.warning("%s is damaged: its second generation is kept as it was", path)
        copy.unlink(missing_ok=True)


class HourlyCopy:
    """Renews the second generation while the server runs; trouble changes nothing but the log."""

    def __init__(
        self, ledger: Ledger, path: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._path = path
        self._clock = clock
        self._due = clock() + COPY_EVERY_S  # the start has just made one

    def look(self) -> None:
        """Called now and then."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + COPY_EVERY_S
        try:
            copy_ledger(self._ledger, self._path)
        except (sqlite3.Error, OSError) as problem:
            log.warning("the ledger's second generation is as old as before: %s", problem)


def _missing(path: Path) -> str:
    """Why a ledger that is not there should be: its companions are."""
    if any(path.with_name(name).exists() for name in (path.name + PREVIOUS, BALANCES)):
        return "it is not there any more"
    return ""


def _damage(path: Path) -> str:
    """What SQLite finds wrong with the file; empty when it is sound."""
    ledger = None
    try:
        with path.open("r+b"):
            pass
        ledger = Ledger(path)
        with contextlib.closing(sqlite3.connect(path)) as database:
            verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            return str(verdict)
        for _ in ledger.jobs():
            pass
    except sqlite3.DatabaseError as problem:
        if not _is_malformed(problem):
            raise _unusable(path, problem) from None
        return str(problem)
    except OSError as problem:
        raise _unusable(path, problem) from None
    except (ValueError, TypeError, KeyError) as problem:
        why = f"it holds a job that this version cannot read ({type(problem).__name__})"
        raise LedgerError(
            f"{path} cannot be used: {why}. Nothing was changed. Was it written by a newer version?"
        ) from None
    finally:
        if ledger is not None:
            ledger.close()
    return ""


def _is_malformed(problem: sqlite3.DatabaseError) -> bool:
    code = getattr(problem, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _MALFORMED
    return any(words in str(problem) for words in _MALFORMED_WORDS)


def _unusable(path: Path, problem: Exception) -> LedgerError:
    why = getattr(problem, "strerror", None) or str(problem)
    return LedgerError(f"{path} cannot be used: {why}. Nothing was changed.")


def _recover(path: Path, damage: str) -> Opened:
    """Set the damaged file aside, and go on with its second generation and the balances."""
    aside = f".broken-{time.time_ns()}"
    for more in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            old = path.with_name(path.name + more)
            old.replace(path.with_name(path.name + aside + more))
    previous = path.with_name(path.name + PREVIOUS)
    log.warning("%s was damaged (%s); set aside as %s", path, damage, path.name + aside)
    try:
        if previous.exists() and not _damage(previous):
            shutil.copyfile(previous, path)
            path.chmod(0o600)
        ledger = Ledger(path)
        restored = ledger.restore_balances()
        _close_open_jobs(ledger)
    except (sqlite3.Error, OSError) as problem:
        raise _unusable(path, problem) from None
    if restored:
        log.warning("the balances were restored from %s; nothing was granted", BALANCES)
    else:
        log.warning("%s is lost, too: every balance of today's users begins at 0", BALANCES)
    return Opened(ledger, recovered=True, balances_lost=not restored)


def _close_open_jobs(ledger: Ledger) -> None:
    """End what was open when the copy was made: it may have been rendered, and charged, since."""
    open_jobs: Iterable[JobStatus] = (JobStatus.QUEUED, JobStatus.RUNNING)
    for record in [each for each in ledger.jobs() if each.status in open_jobs]:
        ledger.keep(
            replace(
                record,
                status=JobStatus.FAILED,
                error=LEDGER_LOST,
                reserved=None,
                duration_ms=0,
                completed_at=record.created_at,
            )
        )
