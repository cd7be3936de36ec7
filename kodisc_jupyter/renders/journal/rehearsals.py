"""What was seen of the renders in the journal, by rehearsals or while they were rendered here.

The table is made when it is first written to, so that a journal of an earlier version stays what
it is.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from kodisc_jupyter.renders.rehearsal import Rehearsal

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS rehearsals (
    render_id TEXT PRIMARY KEY, seconds REAL, frames INTEGER, said TEXT NOT NULL
)
"""


def keep(db: sqlite3.Connection, render_id: str, rehearsal: Rehearsal) -> None:
    """Write down what was seen of a render before it was sent: no code, none of its prints."""
    db.execute(_TABLE)
    db.execute(
        "INSERT OR REPLACE INTO rehearsals VALUES (?, ?, ?, ?)",
        (render_id, rehearsal.seconds, rehearsal.frames, json.dumps(_to_json(rehearsal))),
    )


def frames(db: sqlite3.Connection) -> dict[str, int]:
    """How many frames each rehearsed render has."""
    if not _is_there(db):
        return {}
    rows = db.execute("SELECT render_id, frames FROM rehearsals WHERE frames > 0")
    return {str(render_id): int(number) for render_id, number in rows.fetchall()}


def read(db: sqlite3.Connection, render_id: str) -> dict[str, Any] | None:
    """Length, sections, captions and words of a render; None where it was not rehearsed."""
    if not _is_there(db):
        return None
    row = db.execute("SELECT said FROM rehearsals WHERE render_id = ?", (render_id,)).fetchone()
    if row is None:
        return None
    report: dict[str, Any] = json.loads(row[0])
    return report


def _is_there(db: sqlite3.Connection) -> bool:
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rehearsals'"
    return db.execute(asked).fetchone() is not None


def _to_json(rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "seconds": rehearsal.seconds,
        "frames": rehearsal.frames,
        "animations": [list(part) for part in rehearsal.animations],
        "sections": [list(part) for part in rehearsal.sections],
        "captions": [list(part) for part in rehearsal.captions],
        "texts": list(rehearsal.texts),
        "told": list(rehearsal.told),
        "whole": rehearsal.is_whole,
    }
