"""What is known about one render at one moment: the snapshot that the panel and the text show."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kodisc_jupyter.api.render_request import RenderRequest
from kodisc_jupyter.api.values import (
    DEFAULT_ASPECT_RATIO,
    DEFAULT_QUALITY,
    AspectRatio,
    Credits,
    Quality,
)
from kodisc_jupyter.renders.media.outline import NOTHING_TOLD, Outline

if TYPE_CHECKING:
    from kodisc_jupyter.api.models import Balance, Job


class Phase(str, Enum):
    """Where a render is in its life; the panel's ``data-phase``."""

    CHECKING = "checking"
    REHEARSING = "rehearsing"
    SUBMITTING = "submitting"
    RETRYING = "retrying"
    QUEUED = "queued"
    RUNNING = "running"
    FETCHING = "fetching"
    COMPLETED = "completed"
    FAILED = "failed"
    LOST = "lost"
    DETACHED = "detached"

    def __str__(self) -> str:
        return self.value


class Trouble(str, Enum):
    """Why nothing is heard of a job that is :attr:`Phase.LOST`; the job itself goes on."""

    UNREACHABLE = "unreachable"
    KEY_REFUSED = "key refused"
    UNREADABLE = "unreadable"
    """The server answers, but not as the API page says."""

    def __str__(self) -> str:
        return self.value


OUTAGE_LIMIT_S: Final = 3600.0
"""How long a wait goes on while the API cannot be reached, unless another limit is given."""

PACE_S: Final = 2.0
"""How long the percentage has to have risen until it says when a render will be done."""

ENDED: Final = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.DETACHED})
"""Nothing more will be heard of a render in one of these, unless somebody asks again."""


class Retry(NamedTuple):
    """A wait before attempt number ``attempt`` of ``attempts``, until ``at`` (seconds, epoch)."""

    attempt: int
    attempts: int
    at: float
    reason: str


class Estimate(NamedTuple):
    """What a render may cost and take, with the ground of that guess; never a fact."""

    ground: str
    credits: Credits | None = None
    duration_ms: int | None = None


class Budget(NamedTuple):
    """The session's ``max_credits`` and what has been spent of it, in credits."""

    limit: Credits
    spent: Credits

    @property
    def left(self) -> Credits:
        """Credits that may still be spent in this session; never below 0."""
        return max(0, self.limit - self.spent)


class Media(NamedTuple):
    """The files of a completed render: paths in the media store, and the URLs they came from."""

    video: Path | None = None
    poster: Path | None = None
    captions: Path | None = None
    video_url: str | None = None
    poster_url: str | None = None
    captions_url: str | None = None


class Pace(NamedTuple):
    """Since when the percentage is known, what it was then, and when it last rose (epoch)."""

    since: float
    first: int
    at: float

    def due_at(self, percent: int) -> float | None:
        """When all will be done, at this pace; ``None`` as long as that says nothing."""
        took, gained = self.at - self.since, percent - self.first
        if took < PACE_S or gained <= 0:
            return None
        return self.at + took * (100 - percent) / gained


class RenderState(NamedTuple):
    """One render, now. Times are seconds since the epoch; ``fps`` ``None`` = the quality's own.

    ``backend`` is ``"cloud"`` or ``"local"``, ``address`` what a class server is called.
    ``unlimited`` says that this backend takes no credits. ``note`` is one sentence that belongs to
    the phase (reused, lost …). ``uncertain`` counts the attempts to send it that may have made
    another job.
    ``error`` is the job's own error text, as the server gave it. While a render on this machine
    runs, ``drawn`` counts the frames that are ready, ``progress`` is whole percent as soon as their
    number is known, ``pace`` how fast that rises, and ``preview`` is the newest picture, a
    ``data:`` address.
    ``cancellable`` says that it can be called off. ``length_s`` is the length of the video, where
    a rehearsal has shown it; ``unrehearsed`` says why it has not shown all.
    """

    render_id: str
    phase: Phase
    scene: str
    quality: Quality
    aspect_ratio: AspectRatio
    backend: str
    began_at: float
    phase_at: float
    fps: int | None = None
    ended_at: float | None = None
    job: Job | None = None
    retry: Retry | None = None
    balance_before: Balance | None = None
    balance_after: Balance | None = None
    reserved: Credits | None = None
    cost: Credits | None = None
    unlimited: bool = False
    budget: Budget | None = None
    estimate: Estimate | None = None
    length_s: float | None = None
    unrehearsed: str = ""
    reused: bool = False
    uncertain: int = 0
    address: str = ""
    note: str = ""
    error: str | None = None
    media: Media | None = None
    trouble: Trouble | None = None
    """Why it is ``LOST``; ``None`` in every other phase."""
    drawn: int = 0
    progress: int | None = None
    pace: Pace | None = None
    preview: str = ""
    cancellable: bool = False
    outline: Outline = NOTHING_TOLD
    """Of a finished video: its chapters, and what happens in it."""

    def begun_by(self, moment: float) -> RenderState:
        """The same, begun at ``moment`` at the latest: a clock on show never runs backwards."""
        return self._replace(began_at=min(self.began_at, moment))

    @property
    def server(self) -> str:
        """What a person calls the place that renders."""
        return "this machine" if self.backend == "local" else self.address or "Kodisc"

    @property
    def due_at(self) -> float | None:
        """When it will have been rendered (seconds, epoch).

        By the frames that were drawn so far, or else if it takes as long as before.
        """
        if self.phase is not Phase.RUNNING:
            return None
        if self.pace is not None and self.progress is not None:
            due_at = self.pace.due_at(self.progress)
            if due_at is not None:
                return due_at
        whole = self.estimate.duration_ms if self.estimate else None
        return None if whole is None else self.phase_at + whole / 1000

    @property
    def job_id(self) -> str | None:
        """The job's ID, once the server has given one."""
        return self.job.job_id if self.job else None


def first_state(request: RenderRequest, backend: str, *, now: float) -> RenderState:
    """The state of a render as it begins: with all that its request says of the video."""
    return RenderState(
        render_id="",
        phase=Phase.CHECKING,
        scene=request.class_name,
        quality=request.quality or DEFAULT_QUALITY,
        aspect_ratio=request.aspect_ratio or DEFAULT_ASPECT_RATIO,
        fps=request.fps,
        backend=backend,
        began_at=now,
        phase_at=now,
    )
