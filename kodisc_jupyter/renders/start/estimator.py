"""What a render may cost and take, by what the journal knows of earlier ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kodisc_jupyter.api.models import Credits, RenderRequest
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord
from kodisc_jupyter.renders.rehearsal import Rehearsal
from kodisc_jupyter.renders.start.identity import effective
from kodisc_jupyter.renders.state import Estimate


class EstimateBasis(Enum):
    """What an estimate rests on, best first."""

    FREE = "this backend takes no credits"
    OWN = "this scene's own history"
    FRAMES = "renders at this quality, by the number of frames"
    MEDIAN = "the median at this quality"
    EXAMPLE = "the vendor's published example"
    NONE = "unknown"


GUARDING: Final = frozenset({EstimateBasis.OWN, EstimateBasis.FRAMES, EstimateBasis.MEDIAN})
"""Estimates that refuse a render which the balance cannot cover."""


@dataclass(frozen=True)
class Past:
    """A completed render: credits as the API gave them, and render wall-clock in milliseconds.

    ``frames`` is how many its video has, where a rehearsal has counted them.
    """

    credits: Credits
    duration_ms: int | None
    frames: int | None = None


@dataclass(frozen=True)
class Planned:
    """What a rehearsal has shown of the render to come."""

    seconds: float
    frames: int


@dataclass(frozen=True)
class Guess:
    """An estimate and how far it can be trusted."""

    estimate: Estimate
    ground: EstimateBasis

    @property
    def credits(self) -> Credits | None:
        """The estimated cost, ``None`` where it is unknown; an example decides nothing."""
        return None if self.ground is EstimateBasis.EXAMPLE else self.estimate.credits


class Estimator:
    """Estimates renders from one journal; no request is made."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def guess(
        self,
        request: RenderRequest,
        backend: Backend,
        reuse_key: str,
        rehearsal: Rehearsal | None = None,
    ) -> Guess:
        """From this very scene's renders, else from others at its quality."""
        quality = str(effective(request)[0])
        own = self._journal.settled_scene(backend.identity, quality, request.class_name)
        own = [row for row in own if row.reuse_key == reuse_key] or own
        similar = self._journal.settled(backend.identity, quality)
        planned = None
        if rehearsal is not None and rehearsal.is_whole and rehearsal.frames and rehearsal.seconds:
            planned = Planned(rehearsal.seconds, rehearsal.frames)
        pasts = _pasts(similar, self._journal.frames() if planned else {})
        guessed = guess(_pasts(own), pasts, request.class_name, quality, planned)
        if backend.unlimited:
            where = "on this machine" if backend.kind == "local" else "no credits are taken here"
            free = guessed.estimate._replace(credits=0, ground=where)
            return Guess(free, EstimateBasis.FREE)
        return guessed


def _pasts(records: Sequence[JobRecord], frames: Mapping[str, int] | None = None) -> list[Past]:
    counted = frames or {}
    return [
        Past(row.credits, row.duration_ms, counted.get(row.render_id))
        for row in records
        if row.credits is not None
    ]


EXAMPLE_CREDITS: Final = 42
EXAMPLE_S: Final = 18.42
"""The vendor's quickstart: a render that took this long cost so many credits."""

EXAMPLE_QUALITY: Final = "medium"


def guess(
    own: Sequence[Past],
    similar: Sequence[Past],
    scene: str,
    quality: str,
    planned: Planned | None = None,
) -> Guess:
    """What a render may cost: from the scene's own history, else from others at its quality.

    ``planned`` is what its rehearsal has shown: then the others are scaled by their frames, and
    where there are none, the vendor's example is.
    """
    counted = [past for past in similar if past.frames]
    if planned is not None and not own and counted:
        return _by_frames(counted, planned, quality)
    if planned is not None and not own and not similar and quality == EXAMPLE_QUALITY:
        return _by_example(planned)
    for ground, pasts, words in (
        (EstimateBasis.OWN, own, money.ground(len(own), quality, scene)),
        (EstimateBasis.MEDIAN, similar, money.ground(len(similar), quality)),
    ):
        if pasts:
            times = [past.duration_ms for past in pasts if past.duration_ms is not None]
            estimate = Estimate(
                ground=words,
                # median_high is one of the numbers the API gave: no halves are made up.
                credits=statistics.median_high([past.credits for past in pasts]),
                duration_ms=statistics.median_high(times) if times else None,
            )
            return Guess(estimate, ground)
    return Guess(Estimate(money.ground(0, quality)), EstimateBasis.NONE)


def _by_frames(counted: Sequence[Past], planned: Planned, quality: str) -> Guess:
    """From the cost of a frame in the median of this account's own renders."""
    frames = planned.frames
    credits_a_frame = [past.credits / past.frames for past in counted if past.frames]
    times = [
        past.duration_ms / past.frames
        for past in counted
        if past.frames and past.duration_ms is not None
    ]
    estimate = Estimate(
        ground=money.ground_by_frames(len(counted), quality, frames),
        credits=math.ceil(statistics.median(credits_a_frame) * frames),
        duration_ms=round(statistics.median(times) * frames) if times else None,
    )
    return Guess(estimate, EstimateBasis.FRAMES)


def _by_example(planned: Planned) -> Guess:
    """From the vendor's example, as if a second of video took a second to render."""
    estimate = Estimate(
        ground=money.ground_by_example(EXAMPLE_CREDITS, EXAMPLE_S),
        credits=math.ceil(EXAMPLE_CREDITS / EXAMPLE_S * planned.seconds),
    )
    return Guess(estimate, EstimateBasis.EXAMPLE)
