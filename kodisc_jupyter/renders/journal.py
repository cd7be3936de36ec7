"""What every kernel of this user knows about every render: one SQLite file in WAL mode.

Several kernels write to it at once. What money depends on (the intent before the POST, the job ID
after it) is on the disk before the call returns; the rest may lose its last moments to a power cut.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.renders import rows
from kodisc_jupyter.renders.record import OPEN, JobRecord, Step

SCHEMA_VERSION: Final = 1
"""Kept in the file as ``PRAGMA user_version``."""

BUSY_LIMIT_S: Final = 15.0
"""How long one kernel waits for another's transaction; they take milliseconds."""

_OPEN_STEPS: Final = ", ".join(f"'{step}'" for step in sorted(OPEN))

_SCHEMA: Final = f"""
CREATE TABLE renders (
    seq INTEGER PRIMARY KEY,
    {", ".join(f"{name} {kind}" for name, kind in rows.COLUMNS.items())}
);
CREATE UNIQUE INDEX one_open_render ON renders (reuse_key)
    WHERE step IN ({_OPEN_STEPS}) AND superseded = 0;
CREATE INDEX renders_by_key ON renders (reuse_key, seq);
CREATE INDEX renders_by_job ON renders (job_id);
CREATE INDEX renders_by_scene ON renders (identity, quality, scene);
CREATE INDEX renders_by_step ON renders (step);
CREATE TABLE shown (
    render_id TEXT NOT NULL, session TEXT NOT NULL, notebook TEXT NOT NULL, at REAL NOT NULL
);
PRAGMA user_version = {SCHEMA_VERSION};
"""


class JournalError(KodiscError):
    """The journal cannot be read or written; a render that depends on it was not sent."""


@dataclass(frozen=True)
class Showing:
    """A finished render that was shown again for 0 credits."""

    record: JobRecord
    session: str
    notebook: str
    at: float


class Journal:
    """The file ``journal.sqlite`` below ``KODISC_HOME``.

    It may be used from any thread. ``trace`` is told before and after every commit, by the name of
    the step: that is where tests kill the process.
    """

    def __init__(self, path: Path, *, trace: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._trace = trace or (lambda _: None)
        self._lock = RLock()
        self._db: sqlite3.Connection | None = None
        self._pid = 0
        self._inode: tuple[int, int] | None = None

    # What is written

    def claim(self, record: JobRecord, *, force: bool = False) -> JobRecord:
        """Write the intent of a render, unless the same one is open or finished already.

        Returns ``record`` itself when it was written, else the row that is there. Of two kernels
        that claim at the same moment exactly one writes. ``force`` writes in any case; what was
        open before is no longer attached to.
        """
        with self._transaction("intent", durable=True) as db:
            if force:
                db.execute(
                    "UPDATE renders SET superseded = 1 WHERE reuse_key = ? AND step != ?",
                    (record.reuse_key, str(Step.COMPLETED)),
                )
            else:
                found = self._same(db, record.reuse_key)
                if found is not None:
                    return found
            rows.insert(db, record)
        return record

    def update(
        self, record: JobRecord, happened: str, /, *, durable: bool = False, **values: Any
    ) -> None:
        """Change some columns of a row; ``happened`` is the name that ``trace`` hears.

        A row that is gone (the file was set aside meanwhile) is written anew from ``record``.
        """
        with self._transaction(happened, durable=durable) as db:
            rows.update(db, record, values)

    def mark(self, record: JobRecord, from_: Step, to: Step, **values: Any) -> bool:
        """Move a row on, if it still is where it was; ``False`` when another kernel was first."""
        with self._transaction(str(to)) as db:
            changed = db.execute(
                "UPDATE renders SET step = ? WHERE render_id = ? AND step = ?",
                (str(to), record.render_id, str(from_)),
            ).rowcount
            if changed and values:
                rows.update(db, record, values)
        return bool(changed)

    def shown_again(self, record: JobRecord, session: str, notebook: str, at: float) -> None:
        """Note that a finished render was shown again for 0 credits."""
        with self._transaction("shown") as db:
            db.execute(
                "INSERT INTO shown VALUES (?, ?, ?, ?)", (record.render_id, session, notebook, at)
            )

    # What is read

    def same(self, reuse_key: str) -> JobRecord | None:
        """The newest render with this key that is open (and not superseded) or completed."""
        with self._reading() as db:
            return self._same(db, reuse_key)

    def by_id(self, render_id: str) -> JobRecord | None:
        """The row of a render."""
        return self._one("render_id = ?", render_id)

    def by_job(self, job_id: str) -> JobRecord | None:
        """The newest row about a job."""
        return self._one("job_id = ? ORDER BY seq DESC LIMIT 1", job_id)

    def in_doubt(self, reuse_key: str) -> JobRecord | None:
        """The newest of the same render that may have cost something for nothing to show.

        Sent without an answer, or a job that the server no longer knows; ``None`` once a later one
        was forced past it.
        """
        return self._one(
            "reuse_key = ? AND step IN (?, ?) AND superseded = 0 ORDER BY seq DESC LIMIT 1",
            reuse_key,
            str(Step.UNCERTAIN),
            str(Step.UNKNOWN),
        )

    def open_records(self) -> list[JobRecord]:
        """All rows something may still happen to, oldest first."""
        return self._many(f"step IN ({_OPEN_STEPS}) ORDER BY seq")

    def recent(self, limit: int) -> list[JobRecord]:
        """The newest rows, newest first, and every open or uncertain one however old."""
        return self._many(
            "seq IN (SELECT seq FROM renders ORDER BY seq DESC LIMIT ?) "  # noqa: S608
            f"OR step IN ({_OPEN_STEPS}, '{Step.UNCERTAIN}') ORDER BY seq DESC",
            limit,
        )

    def all_records(self) -> list[JobRecord]:
        """Every row, oldest first."""
        return self._many("1 ORDER BY seq")

    def settled(self, identity: str, quality: str, limit: int = 200) -> list[JobRecord]:
        """Completed renders at a quality whose cost is known, newest first."""
        return self._many(
            "identity = ? AND quality = ? AND step = ? AND credits IS NOT NULL "
            "ORDER BY seq DESC LIMIT ?",
            identity,
            quality,
            str(Step.COMPLETED),
            limit,
        )

    def settled_scene(
        self, identity: str, quality: str, scene: str, limit: int = 20
    ) -> list[JobRecord]:
        """Completed renders of a scene at a quality whose cost is known, newest first."""
        return self._many(
            "identity = ? AND quality = ? AND scene = ? AND step = ? AND credits IS NOT NULL "
            "ORDER BY seq DESC LIMIT ?",
            identity,
            quality,
            scene,
            str(Step.COMPLETED),
            limit,
        )

    def showings(self) -> list[Showing]:
        """Every time a finished render was shown again, oldest first."""
        with self._reading() as db:
            found = db.execute(
                "SELECT shown.session, shown.notebook, shown.at, "  # noqa: S608 - our own names
                f"{rows.names('renders.')} FROM shown JOIN renders USING (render_id) "
                "ORDER BY shown.rowid"
            ).fetchall()
        return [Showing(rows.parse(row[3:]), row[0], row[1], row[2]) for row in found]

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        with self._lock:
            self._forget()

    # The file

    def _same(self, db: sqlite3.Connection, reuse_key: str) -> JobRecord | None:
        return rows.one(
            db,
            f"reuse_key = ? AND (step = '{Step.COMPLETED}' OR step IN ({_OPEN_STEPS}) "
            "AND superseded = 0) ORDER BY seq DESC LIMIT 1",
            (reuse_key,),
        )

    def _one(self, where: str, *values: Any) -> JobRecord | None:
        with self._reading() as db:
            return rows.one(db, where, values)

    def _many(self, where: str, *values: Any) -> list[JobRecord]:
        with self._reading() as db:
            return rows.many(db, where, values)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            yield self._connection()

    @contextlib.contextmanager
    def _transaction(self, step: str, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            db = self._connection()
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                self._trace(f"before {step}")
                db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            self._trace(f"after {step}")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._forget()
                self._set_aside(str(error))
            raise JournalError(
                f"The journal {self.path} cannot be used ({error}).",
                hint="Check the disk, or set KODISC_HOME to a folder that can be written.",
            ) from error

    def _connection(self) -> sqlite3.Connection:
        """The open connection; a new one after a fork, or when the file was moved or deleted."""
        if self._db is not None and (self._pid, self._inode) == (os.getpid(), _inode(self.path)):
            return self._db
        self._forget()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise JournalError(
                f"The folder {self.path.parent} cannot be made ({error.strerror}).",
                hint="Set KODISC_HOME to a folder that can be written.",
            ) from error
        try:
            db = self._open()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside(str(error))
            db = self._open()
        self._db, self._pid, self._inode = db, os.getpid(), _inode(self.path)
        return db

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=BUSY_LIMIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            _refuse_newer(db, self.path)
            _use_wal(db, self.path)
            _bring_up(db)
        except BaseException:
            db.close()
            raise
        return db

    def _forget(self) -> None:
        db, self._db, self._inode = self._db, None, None
        if db is not None and self._pid == os.getpid():
            with contextlib.suppress(sqlite3.Error):
                db.close()

    def _set_aside(self, why: str) -> None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.broken-{stamp}-{os.getpid()}")
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(OSError):
                Path(f"{self.path}{suffix}").rename(f"{aside}{suffix}")
        warnings.warn(
            f"The journal of renders was damaged ({why}); it was set aside as {aside} and a new "
            "one started. Renders listed only there will not be reused: look into it before you "
            "pay for them again.",
            RuntimeWarning,
            stacklevel=2,
        )


def _use_wal(db: sqlite3.Connection, path: Path) -> None:
    """WAL where the file system can; some network file systems cannot map its shared memory."""
    try:
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise
        mode = db.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "wal":
        warnings.warn(
            f"The file system of {path} cannot hold a journal in WAL mode; a slower mode is used. "
            "Set KODISC_HOME to a folder on a local disk.",
            RuntimeWarning,
            stacklevel=2,
        )


def _refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"The journal {path} was written by a newer kodisc-jupyter (schema {version}, this "
            f"one knows {SCHEMA_VERSION}). It was left as it is; nothing was sent and nothing was "
            "charged.",
            hint="Update with: pip install -U kodisc-jupyter",
        )


def _bring_up(db: sqlite3.Connection) -> None:
    """Give a new file its schema, and see that an old one is whole."""
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:
        _create(db)
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"malformed: {verdict}")


def _create(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:  # another kernel may be first
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    db.execute(statement)
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is broken, and not merely busy, full or out of reach."""
    text = str(error)
    return "malformed" in text or "not a database" in text or "encrypted" in text


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
