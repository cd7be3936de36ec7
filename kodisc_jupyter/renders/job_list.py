"""The list of recent jobs: a row for each, and a sentence for each uncertain one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.journal.record import OPEN, JobRecord, Step
from kodisc_jupyter.renders.report import cost, state_of
from kodisc_jupyter.renders.text_table import WIDTH, text_table

_SHORTEST: Final = 8
"""Characters of a job's ID that are always shown."""


@dataclass(frozen=True)
class JobRow:
    """A render as people list it. ``job_id`` is empty where there is no job.

    ``short_id`` is a beginning of the ID that no other job in the list has.
    """

    job_id: str
    short_id: str
    scene: str
    notebook: str
    settings: str
    where: str
    state: str
    credits: str
    age: str
    can_be_shown: bool


def job_rows(records: Sequence[JobRecord], *, now: float) -> list[JobRow]:
    """The rows of the list, in the order of the records; ``now`` is seconds since the epoch."""
    short = short_ids(record.job_id for record in records if record.job_id)
    return [_row(record, short, now) for record in records]


def short_ids(job_ids: Iterable[str]) -> dict[str, str]:
    """For each ID its shortest beginning (8 characters or more) that tells it from the others."""
    ids = set(job_ids)
    longest = max(map(len, ids), default=0)
    length = next(
        (n for n in range(_SHORTEST, longest) if len({job_id[:n] for job_id in ids}) == len(ids)),
        longest,
    )
    return {job_id: job_id[:length] for job_id in ids}


def doubts(records: Sequence[JobRecord], *, now: float) -> list[str]:
    """A sentence for each submission that was never answered, with the balances around it."""
    return [
        f"Uncertain: {record.scene} was sent {age(now - record.created_at)} ago and never got an "
        f"answer; {money.since(record.balance_before, record.balance_after, sums=True)}."
        for record in records
        if record.step is Step.UNCERTAIN
    ]


def jobs_table(records: Sequence[JobRecord], *, now: float) -> str:
    """``%kodisc jobs`` as plain text, newest first; uncertain ones with their balances."""
    if not records:
        return "Nothing has been rendered yet."
    rows = [
        (
            *(row.short_id or "-", row.scene, row.notebook or "-", row.settings, row.where),
            *(row.state, row.credits, row.age),
        )
        for row in job_rows(records, now=now)
    ]
    sentences = [textwrap.fill(sentence, WIDTH) for sentence in doubts(records, now=now)]
    return "\n".join([text_table(_HEAD, rows), *sentences])


_HEAD: Final = ("job", "scene", "notebook", "settings", "where", "state", "credits", "age")


def _row(record: JobRecord, short: dict[str, str], now: float) -> JobRow:
    known = cost(record)
    job_id = record.job_id or ""
    return JobRow(
        job_id=job_id,
        short_id=short.get(job_id, ""),
        scene=record.scene,
        notebook=record.notebook,
        settings=f"{record.quality} {record.aspect_ratio} {record.fps} fps",
        where=record.backend,
        state=state_of(record),
        credits="unknown" if known is None else f"{known:,}",
        age=age(now - record.created_at),
        can_be_shown=bool(job_id) and (record.step in OPEN or record.step is Step.COMPLETED),
    )


def age(seconds: float) -> str:
    """How long ago, in the largest unit that fits: ``2 h``."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
