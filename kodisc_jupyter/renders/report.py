"""What was rendered and what it cost: rows, plain text and CSV."""

from __future__ import annotations

import csv
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Final

from kodisc_jupyter.api.models import CANCELLED, Credits
from kodisc_jupyter.api.rules import spreadsheet_text
from kodisc_jupyter.renders.journal.journal import Showing
from kodisc_jupyter.renders.journal.record import JobRecord, Step
from kodisc_jupyter.renders.media.whole_file import whole_file
from kodisc_jupyter.renders.text_table import WIDTH, text_table

STATES: Final = {
    Step.INTENT: "submitting",
    Step.POSTING: "submitting",
    Step.UNKNOWN: "unknown to the server",
}
"""What a person reads where the journal's own word would say little."""

_OPEN: Final = ("submitting", "queued", "running")
_UNCERTAIN: Final = (str(Step.UNCERTAIN), STATES[Step.UNKNOWN])


COLUMNS: Final = ("scene", "quality", "seconds", "credits", "state", "")
"""The head of a report's table."""


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
    """``credits`` counts what is known; ``unknown`` is how many renders it leaves out.

    ``renders`` are those that are finished; ``uncertain`` were sent and never answered.
    """

    renders: int
    reused: int
    credits: Credits
    unknown: int
    failed: int = 0
    cancelled: int = 0
    uncertain: int = 0
    open: int = 0

    def __str__(self) -> str:
        counts = {
            "failed": self.failed,
            "cancelled": self.cancelled,
            "uncertain": self.uncertain,
            "still open": self.open,
            "reused": self.reused,
        }
        parts = [f"{self.renders} rendered"]
        parts += [f"{number} {what}" for what, number in counts.items() if number]
        parts.append(f"{self.credits:,} credit{'' if self.credits == 1 else 's'}")
        text = ", ".join(parts)
        return f"{text}, and {self.unknown} of unknown cost" if self.unknown else text


@dataclass(frozen=True)
class Report:
    """Rows ordered by notebook, session and time. ``str()`` is the plain table."""

    rows: tuple[ReportRow, ...]

    @property
    def totals(self) -> Totals:
        """The sums over all rows."""
        return totals(self.rows)

    def parts(self) -> list[Report]:
        """A report for each session of each notebook, in order."""
        keys = dict.fromkeys((row.notebook, row.session) for row in self.rows)
        return [
            Report(tuple(row for row in self.rows if (row.notebook, row.session) == key))
            for key in keys
        ]

    @property
    def heading(self) -> str:
        """Which notebook and session the rows are of; they are of one."""
        began = f"{min(row.at for row in self.rows):%Y-%m-%d %H:%M}"
        return f"{self.rows[0].notebook or '(no notebook)'}, session of {began}"

    def cells(self) -> list[tuple[str, ...]]:
        """What the table shows, a row for each row, under :data:`COLUMNS`."""
        return [_report_cells(row) for row in self.rows]

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing has been rendered yet."
        parts = self.parts()
        texts = [
            f"{part.heading}\n{text_table(COLUMNS, part.cells())}\n{_wrap(str(part.totals))}"
            for part in parts
        ]
        if len(parts) > 1:
            texts.append(_wrap(f"In all: {self.totals}"))
        return "\n\n".join(texts)

    def write_csv(self, path: Path) -> Path:
        """Write the rows, with a header line; unknown values are empty, no text is a formula.

        Raises:
            KodiscError: it cannot be written.
        """
        with (
            whole_file(path, make_folder=False) as part,
            part.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, [field.name for field in fields(ReportRow)])
            writer.writeheader()
            writer.writerows(_csv_fields(row) for row in self.rows)
        return path


def _csv_fields(row: ReportRow) -> dict[str, object]:
    values = {**asdict(row), "at": row.at.isoformat(timespec="seconds")}
    return {
        name: spreadsheet_text(value) if isinstance(value, str) else value
        for name, value in values.items()
    }


def totals(rows: Sequence[ReportRow]) -> Totals:
    """Add up rows; what never had a job costs nothing and is not counted as rendered."""
    jobs = [row for row in rows if not row.reused and (row.job_id or row.state in _UNCERTAIN)]
    states = [row.state.partition(",")[0] for row in jobs]
    count = Counter(states)
    return Totals(
        renders=count["completed"],
        reused=sum(row.reused for row in rows),
        credits=sum(row.credits or 0 for row in jobs),
        unknown=sum(row.credits is None for row in jobs),
        failed=count["failed"],
        cancelled=count["cancelled"],
        uncertain=sum(count[word] for word in _UNCERTAIN),
        open=sum(count[word] for word in _OPEN),
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


def _row(record: JobRecord, session: str, notebook: str, at: float, *, reused: bool) -> ReportRow:
    return ReportRow(
        notebook=notebook,
        session=session,
        at=datetime.fromtimestamp(at).astimezone(),
        scene=record.scene,
        quality=str(record.quality),
        seconds=None if record.duration_ms is None else record.duration_ms / 1000,
        credits=0 if reused else cost(record),
        state=state_of(record),
        reused=reused,
        backend=record.backend,
        job_id=record.job_id or "",
    )


def cost(record: JobRecord) -> Credits | None:
    """What a render cost; unknown (``None``) until it has ended: the API says 0 before."""
    if record.step in {Step.INTENT, Step.NOT_SENT, Step.REFUSED}:
        return 0
    return record.credits if record.step in {Step.COMPLETED, Step.FAILED} else None


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def _report_cells(row: ReportRow) -> tuple[str, ...]:
    return (
        row.scene,
        row.quality,
        "unknown" if row.seconds is None else f"{row.seconds:.1f}",
        "unknown" if row.credits is None else str(row.credits),
        row.state,
        "reused" if row.reused else "",
    )
