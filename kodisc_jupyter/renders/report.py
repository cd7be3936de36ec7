"""What was rendered and what it cost: rows, plain text, CSV and pandas."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import CANCELLED, Credits
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.journal.journal import Showing
from kodisc_jupyter.renders.journal.record import JobRecord, Step

_NAME_LIMIT: Final = 80

STATES: Final = {
    Step.INTENT: "submitting",
    Step.POSTING: "submitting",
    Step.UNKNOWN: "unknown to the server",
}
"""What a person reads where the journal's own word would say little."""


@dataclass(frozen=True)
class ReportRow:
    """A render, or a finished one shown again. ``seconds`` is the render's wall-clock.

    ``credits`` are the API's, 0 for what was shown again, ``None`` where they are unknown.
    ``state`` as in ``%kodisc jobs``.
    """

    notebook: str
    session: str
    at: datetime
    scene: str
    quality: str
    seconds: float | None
    credits: Credits | None
    state: str
    reused: bool
    backend: str
    job_id: str


@dataclass(frozen=True)
class Totals:
    """``credits`` counts what is known; ``unknown`` is how many renders it leaves out."""

    renders: int
    reused: int
    credits: Credits
    unknown: int

    def __str__(self) -> str:
        text = f"{self.renders} rendered, {self.reused} reused, {self.credits} credits"
        return f"{text}, and {self.unknown} of unknown cost" if self.unknown else text


@dataclass(frozen=True)
class Report:
    """Rows ordered by notebook, session and time. ``str()`` is the plain table."""

    rows: tuple[ReportRow, ...]

    @property
    def totals(self) -> Totals:
        """The sums over all rows."""
        return totals(self.rows)

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing was rendered yet."
        parts = []
        for notebook, session in dict.fromkeys((row.notebook, row.session) for row in self.rows):
            group = [row for row in self.rows if (row.notebook, row.session) == (notebook, session)]
            began = f"{min(row.at for row in group):%Y-%m-%d %H:%M}"
            parts.append(
                f"{notebook or '(no notebook)'}, session {session} from {began}\n"
                f"{_table(_REPORT_HEAD, [_report_cells(row) for row in group])}\n"
                f"{totals(group)}"
            )
        if len(parts) > 1:
            parts.append(f"In all: {self.totals}")
        return "\n\n".join(parts)

    def write_csv(self, path: Path) -> Path:
        """Write the rows, with a header line; unknown values are empty.

        Raises:
            KodiscError: it cannot be written.
        """
        try:
            with tempfile.TemporaryDirectory(prefix=".kodisc-", dir=path.parent) as folder:
                part = Path(folder) / "part"
                with part.open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, [field.name for field in fields(ReportRow)])
                    writer.writeheader()
                    writer.writerows(
                        {**asdict(row), "at": row.at.isoformat(timespec="seconds")}
                        for row in self.rows
                    )
                part.replace(path)
        except OSError as error:
            raise KodiscError(f"{path} could not be written: {error.strerror or error}.") from error
        return path

    def to_dataframe(self) -> Any:
        """The rows as a pandas DataFrame; unknown values are missing ones.

        Raises:
            KodiscError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise KodiscError(
                "pandas is not installed.", hint="pip install pandas, or use --csv PATH."
            ) from None
        columns = [field.name for field in fields(ReportRow)]
        return pd.DataFrame([asdict(row) for row in self.rows], columns=columns)


def totals(rows: Sequence[ReportRow]) -> Totals:
    """Add up rows; what never had a job costs nothing and is not counted as rendered."""
    jobs = [row for row in rows if not row.reused and (row.job_id or row.state == Step.UNCERTAIN)]
    return Totals(
        renders=len(jobs),
        reused=sum(row.reused for row in rows),
        credits=sum(row.credits or 0 for row in jobs),
        unknown=sum(row.credits is None for row in jobs),
    )


def report_of(
    records: Sequence[JobRecord], showings: Sequence[Showing], *, session: str | None
) -> Report:
    """The report of one session, or of all."""
    rows = [
        _row(record, record.session, record.notebook, record.created_at, reused=False)
        for record in records
    ]
    rows += [
        _row(showing.record, showing.session, showing.notebook, showing.at, reused=True)
        for showing in showings
    ]
    if session is not None:
        rows = [row for row in rows if row.session == session]
    began = {row.session: row.at for row in sorted(rows, key=lambda row: row.at, reverse=True)}
    rows.sort(key=lambda row: (row.notebook, began[row.session], row.session, row.at))
    return Report(tuple(rows))


def state_of(record: JobRecord) -> str:
    """A row's state in a word or two, for people."""
    if record.step is Step.ACCEPTED:
        return record.phase or "queued"
    if record.step is Step.FAILED and record.error == CANCELLED:
        return CANCELLED
    state = STATES.get(record.step, str(record.step))
    if record.uncertain_attempts and record.step is not Step.UNCERTAIN:
        state += f", {record.uncertain_attempts} uncertain"
    return state


def jobs_table(records: Sequence[JobRecord], *, now: float) -> str:
    """``%kodisc jobs``: one line per render, newest first; uncertain ones with their balances."""
    if not records:
        return "Nothing was rendered yet."
    lines = _table(_JOBS_HEAD, [_job_cells(record, now) for record in records])
    doubts = [record for record in records if record.step is Step.UNCERTAIN]
    for record in doubts:
        lines += (
            f"\nUncertain: {record.scene} was sent {_age(now - record.created_at)} ago and never "
            f"got an answer; {money.since(record.balance_before, record.balance_after, sums=True)}."
        )
    return lines


_REPORT_HEAD: Final = ("scene", "quality", "seconds", "credits", "state", "")
_JOBS_HEAD: Final = ("job", "scene", "notebook", "settings", "state", "credits", "age")


def _row(record: JobRecord, session: str, notebook: str, at: float, *, reused: bool) -> ReportRow:
    return ReportRow(
        notebook=notebook,
        session=session,
        at=datetime.fromtimestamp(at).astimezone(),
        scene=record.scene,
        quality=str(record.quality),
        seconds=None if record.duration_ms is None else record.duration_ms / 1000,
        credits=0 if reused or _never_sent(record) else _cost(record),
        state=state_of(record),
        reused=reused,
        backend=record.backend,
        job_id=record.job_id or "",
    )


def _never_sent(record: JobRecord) -> bool:
    return record.step in {Step.INTENT, Step.NOT_SENT, Step.REFUSED}


def _cost(record: JobRecord) -> Credits | None:
    """Unknown until the job has ended: the API says 0 before."""
    return record.credits if record.step in {Step.COMPLETED, Step.FAILED} else None


def _report_cells(row: ReportRow) -> tuple[str, ...]:
    return (
        row.scene,
        row.quality,
        "unknown" if row.seconds is None else f"{row.seconds:.1f}",
        "unknown" if row.credits is None else str(row.credits),
        row.state,
        "reused" if row.reused else "",
    )


def _job_cells(record: JobRecord, now: float) -> tuple[str, ...]:
    cost = 0 if _never_sent(record) else _cost(record)
    return (
        record.job_id or "-",
        record.scene,
        record.notebook or "-",
        f"{record.quality} {record.aspect_ratio} {record.fps} fps {record.backend}",
        state_of(record),
        "unknown" if cost is None else str(cost),
        _age(now - record.created_at),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [list(head), *([_plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _plain(text: str) -> str:
    """Foreign text (a job ID, a file name) in one cell: no control characters, not too long."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= _NAME_LIMIT else f"{shown[: _NAME_LIMIT - 1]}…"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
