"""What may be spent: estimates from what renders cost before, and whether one more may go out.

Costs are known only at the end. So the guard goes by what is known: what this session spent, what
is still open, the balance, and what such renders cost before. Pure functions.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kodisc_jupyter.api.models import Balance, Credits
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import Estimate

SAFETY: Final = 1.5
"""Renders run side by side under a budget only if it holds even when each costs this much more."""


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


@dataclass(frozen=True)
class Commitment:
    """A render this session sent: its cost once known, before that what it was guessed at.

    ``out_of_sight`` says that nobody watches it now, so waiting for its end is no use.
    """

    guess: Guess
    cost: Credits | None = None
    ended: bool = False
    out_of_sight: bool = False


class Verdict(Enum):
    """What the budget says to one more render."""

    GO = "go"
    WAIT = "wait"
    """Only once something that is open has ended can it be said."""
    REFUSE = "refuse"


@dataclass(frozen=True)
class Sums:
    """The session's budget in numbers: credits spent, and at most guessed for what is open."""

    spent: Credits
    open: Credits
    open_unknown: int
    """Open renders that no cost is known for."""
    ended_unknown: int
    """Ended renders whose cost the API did not say."""


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
    each = [past.credits / past.frames for past in counted if past.frames]
    times = [
        past.duration_ms / past.frames
        for past in counted
        if past.frames and past.duration_ms is not None
    ]
    estimate = Estimate(
        ground=money.ground_by_frames(len(counted), quality, frames),
        credits=math.ceil(statistics.median(each) * frames),
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


def sums(commitments: Sequence[Commitment]) -> Sums:
    """Add up what a session has spent and what it has open."""
    spent: Credits = 0
    pending: Credits = 0
    open_unknown = ended_unknown = 0
    for one in commitments:
        if one.ended and one.cost is not None:
            spent += one.cost
        elif one.guess.credits is not None:
            pending += one.guess.credits
        elif one.ended:
            ended_unknown += 1
        else:
            open_unknown += 1
    return Sums(spent, pending, open_unknown, ended_unknown)


def decide(limit: Credits, commitments: Sequence[Commitment], new: Guess) -> Verdict:
    """Whether one more render may go out under a budget of ``limit`` credits.

    Nothing is spent beyond the budget except by a render that was running already: side by side go
    only renders with a history of their own, and only while there is ample room. Near the limit,
    or where a cost is merely guessed, one render at a time.
    """
    total = sums(commitments)
    still_open = [one for one in commitments if not one.ended]
    known = total.spent + total.open + (new.credits or 0)
    if total.spent >= limit or known > limit:
        return Verdict.REFUSE
    if not still_open:
        return Verdict.GO
    guesses = [one.guess for one in still_open] + [new]
    if all(one.ground in {EstimateBasis.OWN, EstimateBasis.FREE} for one in guesses):
        most = sum((one.credits or 0) for one in guesses) * SAFETY
        if total.spent + most <= limit:
            return Verdict.GO
    if all(one.out_of_sight for one in still_open):
        return Verdict.REFUSE
    return Verdict.WAIT


def fits_balance(balance: Balance | None, new: Guess) -> bool:
    """Whether the balance covers the estimate; what is not known is no reason to refuse."""
    if balance is None or new.credits is None:
        return True
    return new.credits <= balance.total
