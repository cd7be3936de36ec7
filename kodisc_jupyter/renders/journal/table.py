"""How a :class:`JobRecord` is laid out in the journal's table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.models import AspectRatio, Balance, Quality
from kodisc_jupyter.renders.journal.process import Owner
from kodisc_jupyter.renders.journal.record import JobRecord, Step

_KINDS: Final[Mapping[str, str]] = {
    "render_id": "TEXT NOT NULL UNIQUE",
    "fps": "INTEGER NOT NULL",
    "unlimited": "INTEGER NOT NULL",
    "created_at": "REAL NOT NULL",
    "job_id": "TEXT",
    "attempts": "INTEGER NOT NULL",
    "uncertain_attempts": "INTEGER NOT NULL",
    "accepted_at": "REAL",
    "ended_at": "REAL",
    "credits": "NUMERIC",  # an integer stays an integer
    "duration_ms": "INTEGER",
    "balance_before": "TEXT",
    "balance_after": "TEXT",
    "video_url": "TEXT",
    "poster_url": "TEXT",
    "captions_url": "TEXT",
    "video": "TEXT",
    "video_bytes": "INTEGER",
    "video_sha256": "TEXT",
    "error": "TEXT",
    "superseded": "INTEGER NOT NULL",
}
COLUMNS: Final[Mapping[str, str]] = {
    field.name: _KINDS.get(field.name, "TEXT NOT NULL") for field in fields(JobRecord)
}
"""The columns and their SQL types, in the order of the record's fields."""


def names(prefix: str = "") -> str:
    """The column list of a SELECT."""
    return ", ".join(prefix + name for name in COLUMNS)


def insert(db: sqlite3.Connection, record: JobRecord) -> None:
    """Add a row."""
    holes = ", ".join("?" for _ in COLUMNS)
    db.execute(
        f"INSERT INTO renders ({names()}) VALUES ({holes})",  # noqa: S608 - our own names
        [_to_sql(getattr(record, name)) for name in COLUMNS],
    )


def update(db: sqlite3.Connection, record: JobRecord, values: Mapping[str, Any]) -> None:
    """Change columns of the record's row; a row that is not there is added first."""
    changes = ", ".join(f"{name} = ?" for name in values)
    statement = f"UPDATE renders SET {changes} WHERE render_id = ?"  # noqa: S608 - our own names
    bound = [*(_to_sql(value) for value in values.values()), record.render_id]
    if db.execute(statement, bound).rowcount == 0:
        try:
            insert(db, record)
        except sqlite3.IntegrityError:  # the new file has the same render open already
            insert(db, replace(record, superseded=True))
        db.execute(statement, bound)


def one(db: sqlite3.Connection, where: str, values: Sequence[Any]) -> JobRecord | None:
    """The first row that matches."""
    row = db.execute(
        f"SELECT {names()} FROM renders WHERE {where}",  # noqa: S608 - our own texts
        values,
    ).fetchone()
    return None if row is None else parse(row)


def many(db: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[JobRecord]:
    """All rows that match."""
    rows = db.execute(f"SELECT {names()} FROM renders WHERE {where}", values)  # noqa: S608
    return [parse(row) for row in rows.fetchall()]


def parse(row: Sequence[Any]) -> JobRecord:
    """A row as SQLite gives it; what a later version wrote into it stays as it is."""
    values = dict(zip(COLUMNS, row, strict=True))
    values.update(
        quality=Quality.read(values["quality"]),
        aspect_ratio=AspectRatio.read(values["aspect_ratio"]),
        unlimited=bool(values["unlimited"]),
        owner=Owner(**_known(Owner, values["owner"])),
        step=Step.read(values["step"]),
        balance_before=_balance(values["balance_before"]),
        balance_after=_balance(values["balance_after"]),
        video=Path(values["video"]) if values["video"] else None,
        superseded=bool(values["superseded"]),
    )
    return JobRecord(**values)


def _to_sql(value: Any) -> Any:
    if isinstance(value, (Balance, Owner)):
        return json.dumps(vars(value))
    if isinstance(value, (Quality, AspectRatio, Step, Path)):
        return str(value)
    return value


def _balance(text: str | None) -> Balance | None:
    return Balance(**_known(Balance, text)) if text else None


def _known(kind: type[Balance | Owner], text: str) -> dict[str, Any]:
    """The fields of a kept object that this version knows."""
    stored = json.loads(text)
    return {field.name: stored[field.name] for field in fields(kind)}
