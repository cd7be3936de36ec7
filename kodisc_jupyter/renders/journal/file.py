"""The SQLite file behind the journal: opened, locked, and set aside when it is damaged."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Final

from kodisc_jupyter.api.errors import KodiscError

BUSY_LIMIT_S: Final = 15.0
"""How long one kernel waits for another's transaction; they take milliseconds."""
CACHE_KIB: Final = 256
"""Memory for pages: a journal is read a few rows at a time; SQLite's own limit is 2 MB."""
BUSY_PAUSE_S: Final = 0.01


class JournalError(KodiscError):
    """The journal cannot be read or written; a render that depends on it was not sent."""


class JournalFile:
    """One connection for all threads of this process, held for the length of a transaction.

    ``schema`` are the statements that a new file gets; ``migrations`` those that bring an older one
    up, from version 1 to 2 and so on. The version is the file's ``PRAGMA user_version``.
    """

    def __init__(
        self,
        path: Path,
        *,
        schema: str,
        migrations: Sequence[Sequence[str]],
        trace: Callable[[str], None],
    ) -> None:
        self.path = path
        self._schema = schema
        self._migrations = migrations
        self._version = 1 + len(migrations)
        self._trace = trace
        self._lock = RLock()
        self._db: sqlite3.Connection | None = None
        self._pid = 0
        self._inode: tuple[int, int] | None = None

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        with self._lock:
            self._forget()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from."""
        with self._lock, self._explain_errors():
            yield self._connection()

    @contextlib.contextmanager
    def transaction(self, step: str, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection to write to, committed at the end; ``durable``: on the disk by then."""
        with self._lock, self._explain_errors():
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
    def _explain_errors(self) -> Iterator[None]:
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
        """The file, opened; SQLite itself does not wait for a lock while it goes over to WAL."""
        until = time.monotonic() + BUSY_LIMIT_S
        while True:
            try:
                return self._open_now()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(BUSY_PAUSE_S)

    def _open_now(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=BUSY_LIMIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._refuse_newer(db)
            _use_wal(db, self.path)
            self._bring_up(db)
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        except BaseException:
            db.close()
            raise
        return db

    def _refuse_newer(self, db: sqlite3.Connection) -> None:
        version = _version(db)
        if version > self._version:
            raise JournalError(
                f"The journal {self.path} was written by a newer kodisc-jupyter (schema {version}, "
                f"this one knows {self._version}). It was left as it is; nothing was sent and "
                "nothing was charged.",
                hint="Update with: pip install -U kodisc-jupyter",
            )

    def _bring_up(self, db: sqlite3.Connection) -> None:
        """Give a new file its schema, bring an older one up to date, and see that it is whole."""
        if _version(db) < self._version:
            self._migrate(db)
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"malformed: {verdict}")

    def _migrate(self, db: sqlite3.Connection) -> None:
        """All or nothing; of two kernels that open an old file at once, one does it."""
        db.execute("BEGIN IMMEDIATE")
        try:
            version = _version(db)
            if version == 0:
                statements = [text for text in self._schema.split(";") if text.strip()]
            else:
                statements = [text for step in self._migrations[version - 1 :] for text in step]
            for statement in statements:
                db.execute(statement)
            if version < self._version:
                db.execute(f"PRAGMA user_version = {self._version}")
            db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

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


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


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
