"""What every kernel of this user knows about every render: one SQLite file in WAL mode.

Several kernels write to it at once. What money depends on (the intent before the POST, the job ID
after it) is on the disk before the call returns; the rest may lose its last moments to a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.renders.journal import rehearsals, table
from kodisc_jupyter.renders.journal.file import JournalFile
from kodisc_jupyter.renders.journal.record import NOTHING_COMES, OPEN, JobRecord, Step
from kodisc_jupyter.renders.rehearsal import Rehearsal

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("ALTER TABLE renders ADD COLUMN video_sha256 TEXT",),
)
"""The statements that bring a file from version 1 to 2, from 2 to 3, and so on."""

SCHEMA_VERSION: Final = 1 + len(MIGRATIONS)
"""Kept in the file as ``PRAGMA user_version``; that of a file of version 0.1.0 is 1."""

_OPEN_STEPS: Final = ", ".join(f"'{step}'" for step in sorted(OPEN))
_NOTHING_COMES: Final = ", ".join(f"'{step}'" for step in sorted(NOTHING_COMES))

_SCHEMA: Final = f"""
CREATE TABLE renders (
    seq INTEGER PRIMARY KEY,
    {", ".join(f"{name} {kind}" for name, kind in table.COLUMNS.items())}
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
"""


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
        self._file = JournalFile(
            path, schema=_SCHEMA, migrations=MIGRATIONS, trace=trace or (lambda _: None)
        )

    # What is written

    def claim(self, record: JobRecord, *, force: bool = False) -> JobRecord:
        """Write the intent of a render, unless the same one is open or finished already.

        Returns ``record`` itself when it was written, else the row that is there. Of two kernels
        that claim at the same moment exactly one writes. ``force`` writes in any case; what was
        open before is no longer attached to.
        """
        with self._file.transaction("intent", durable=True) as db:
            if force:
                same, values = _same_render(record)
                db.execute(
                    f"UPDATE renders SET superseded = 1 WHERE {same} AND step != ?",  # noqa: S608
                    (*values, str(Step.COMPLETED)),
                )
            else:
                existing = self._same(db, record)
                if existing is not None:
                    return existing
            table.insert(db, record)
        return record

    def update(
        self, record: JobRecord, happened: str, /, *, durable: bool = False, **values: Any
    ) -> None:
        """Change some columns of a row; ``happened`` is the name that ``trace`` hears.

        A row that is gone (the file was set aside meanwhile) is written anew from ``record``.
        """
        with self._file.transaction(happened, durable=durable) as db:
            table.update(db, record, values)

    def mark(self, record: JobRecord, from_: Step, to: Step, **values: Any) -> bool:
        """Move a row on, if it still is where it was; ``False`` when another kernel was first."""
        with self._file.transaction(str(to)) as db:
            changed = db.execute(
                "UPDATE renders SET step = ? WHERE render_id = ? AND step = ?",
                (str(to), record.render_id, str(from_)),
            ).rowcount
            if changed and values:
                table.update(db, record, values)
        return bool(changed)

    def note_showing(self, record: JobRecord, session: str, notebook: str, at: float) -> None:
        """Note that a finished render was shown again for 0 credits."""
        with self._file.transaction("shown") as db:
            db.execute(
                "INSERT INTO shown VALUES (?, ?, ?, ?)", (record.render_id, session, notebook, at)
            )

    def keep_rehearsal(self, record: JobRecord, rehearsal: Rehearsal) -> None:
        """Note what a rehearsal has shown of a render: length, sections, captions, words."""
        with self._file.transaction("rehearsed") as db:
            rehearsals.keep(db, record.render_id, rehearsal)

    # What is read

    def rehearsal(self, record: JobRecord) -> dict[str, Any] | None:
        """What was noted of a render's rehearsal, if it had one."""
        with self._file.reading() as db:
            return rehearsals.read(db, record.render_id)

    def frames(self) -> dict[str, int]:
        """The number of frames of every render that was rehearsed, by its ID."""
        with self._file.reading() as db:
            return rehearsals.frames(db)

    def same(self, wanted: JobRecord) -> JobRecord | None:
        """The newest row of the same render that is open (and not superseded) or completed."""
        with self._file.reading() as db:
            return self._same(db, wanted)

    def by_job(self, job_id: str) -> JobRecord | None:
        """The newest row about a job."""
        return self._one("job_id = ? ORDER BY seq DESC LIMIT 1", job_id)

    def in_doubt(self, wanted: JobRecord) -> JobRecord | None:
        """The newest of the same render that may have cost something for nothing to show.

        Sent without an answer, or a job that the server no longer knows; ``None`` once a later one
        was forced past it.
        """
        same, values = _same_render(wanted)
        return self._one(
            f"{same} AND step IN (?, ?) AND superseded = 0 ORDER BY seq DESC LIMIT 1",
            *values,
            str(Step.UNCERTAIN),
            str(Step.UNKNOWN),
        )

    def open_records(self) -> list[JobRecord]:
        """All rows something may still happen to, oldest first."""
        return self._many(f"step IN ({_OPEN_STEPS}) ORDER BY seq")

    def uncertain_records(self) -> list[JobRecord]:
        """All rows that were sent without an answer, oldest first."""
        return self._many("step = ? ORDER BY seq", str(Step.UNCERTAIN))

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
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT shown.session, shown.notebook, shown.at, "  # noqa: S608 - our own names
                f"{table.names('renders.')} FROM shown JOIN renders USING (render_id) "
                "ORDER BY shown.rowid"
            ).fetchall()
        return [Showing(table.parse(row[3:]), row[0], row[1], row[2]) for row in rows]

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        self._file.close()

    def _same(self, db: sqlite3.Connection, wanted: JobRecord) -> JobRecord | None:
        same, values = _same_render(wanted)
        return table.one(
            db,
            f"{same} AND (step = '{Step.COMPLETED}' OR step NOT IN ({_NOTHING_COMES}) "
            "AND superseded = 0) ORDER BY seq DESC LIMIT 1",
            values,
        )

    def _one(self, where: str, *values: Any) -> JobRecord | None:
        with self._file.reading() as db:
            return table.one(db, where, values)

    def _many(self, where: str, *values: Any) -> list[JobRecord]:
        with self._file.reading() as db:
            return table.many(db, where, values)


def _same_render(wanted: JobRecord) -> tuple[str, tuple[Any, ...]]:
    """The condition for rows that are the same render as ``wanted``, and its values.

    By the key of the program or, letter by letter, by its text: rows of versions before 0.2 have
    the text's key only, and another Python may give the program another key.
    """
    if wanted.is_adopted:  # its code is not known, so it is like no other
        return "reuse_key = ?", (wanted.reuse_key,)
    columns = ("code_sha256", "scene", "quality", "aspect_ratio", "fps", "identity")
    text = " AND ".join(f"{name} = ?" for name in columns)
    values = (getattr(wanted, name) for name in columns)
    return f"(reuse_key = ? OR ({text}))", (
        wanted.reuse_key,
        *(str(value) if isinstance(value, Enum) else value for value in values),
    )
