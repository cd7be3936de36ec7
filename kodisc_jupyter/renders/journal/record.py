"""One render as the journal keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from kodisc_jupyter.api.models import (
    AspectRatio,
    Balance,
    Credits,
    Job,
    JobStatus,
    Quality,
    RenderResult,
)
from kodisc_jupyter.renders.journal.process import Owner


class Step(str, Enum):
    """How far a render is known to have come."""

    INTENT = "intent"
    """Written down; the POST has not begun, so nothing was sent."""
    POSTING = "posting"
    """The POST began; whether it arrived is not known yet."""
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"
    """The server said no: there is no job and no cost."""
    NOT_SENT = "not sent"
    """Given up before the POST."""
    UNCERTAIN = "uncertain"
    """Sent without an answer: there may be a job that nobody knows the ID of."""
    UNKNOWN = "unknown"
    """The server no longer knows the job (404)."""

    def __str__(self) -> str:
        return self.value

    @classmethod
    def read(cls, text: str) -> Step:
        """The step of this name; one that only a later version knows, as it is."""
        try:
            return cls(text)
        except ValueError:
            step = str.__new__(cls, text)
            step._name_ = step._value_ = text
            return step


SUBMITTING: Final = frozenset({Step.INTENT, Step.POSTING})
ADOPTED: Final = "job:"
"""How the ``reuse_key`` of a job begins that was started elsewhere."""
OPEN: Final = frozenset({Step.INTENT, Step.POSTING, Step.ACCEPTED})
NOTHING_COMES: Final = frozenset(
    {Step.FAILED, Step.REFUSED, Step.NOT_SENT, Step.UNCERTAIN, Step.UNKNOWN}
)
"""Of these there is no video, and none will come. A step that is in neither is a later version's:
what became of it is not known, so it counts as open."""


@dataclass(frozen=True)
class JobRecord:
    """A row of the journal. Times are seconds since the epoch, credits as the API gave them.

    No code and no key: ``code_sha256`` stands for the code, ``title`` and ``notebook`` are what a
    person recognises it by. ``phase`` is the last status the server gave. ``attempts`` counts the
    POSTs, ``uncertain_attempts`` those of them that may have arrived without an answer. ``error``
    is the last line of a failed job's error text.
    """

    render_id: str
    reuse_key: str
    code_sha256: str
    scene: str
    quality: Quality
    aspect_ratio: AspectRatio
    fps: int
    backend: str
    identity: str
    unlimited: bool
    title: str
    notebook: str
    session: str
    owner: Owner
    created_at: float
    step: Step = Step.INTENT
    phase: str = ""
    job_id: str | None = None
    attempts: int = 0
    uncertain_attempts: int = 0
    accepted_at: float | None = None
    ended_at: float | None = None
    credits: Credits | None = None
    duration_ms: int | None = None
    balance_before: Balance | None = None
    balance_after: Balance | None = None
    video_url: str | None = None
    poster_url: str | None = None
    captions_url: str | None = None
    video: Path | None = None
    video_bytes: int | None = None
    video_sha256: str | None = None
    error: str | None = None
    note: str = ""
    superseded: bool = False

    @property
    def is_adopted(self) -> bool:
        """Whether the job was started elsewhere, so that its code is not known here."""
        return self.reuse_key.startswith(ADOPTED)

    def job(self) -> Job | None:
        """The job as far as the journal knows it; without metadata, which is not kept."""
        if self.job_id is None:
            return None
        result = None
        if self.video_url is not None:
            result = RenderResult(self.video_url, self.poster_url, self.captions_url)
        status = JobStatus.COMPLETED if self.step is Step.COMPLETED else JobStatus.QUEUED
        if self.phase in tuple(JobStatus):  # a later version may know others
            status = JobStatus(self.phase)
        return Job(
            self.job_id,
            status,
            credits_cost=self.credits,
            duration_ms=self.duration_ms,
            result=result,
            error=self.error,
        )
