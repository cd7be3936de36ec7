"""What may be spent: whether one more render may go out.

Costs are known only at the end. So the guard goes by what is known: what this session spent, what
is still open, the balance, and what such renders are estimated at. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kodisc_jupyter.api.models import Balance, Credits
from kodisc_jupyter.renders.start.estimator import EstimateBasis, Guess

SAFETY: Final = 1.5
"""Renders run side by side under a budget only if it holds even when each costs this much more."""


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


def sums(commitments: Sequence[Commitment]) -> Sums:
    """Add up what a session has spent and what it has open."""
    spent: Credits = 0
    pending: Credits = 0
    open_unknown = ended_unknown = 0
    for commitment in commitments:
        if commitment.ended and commitment.cost is not None:
            spent += commitment.cost
        elif commitment.guess.credits is not None:
            pending += commitment.guess.credits
        elif commitment.ended:
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
    still_open = [render for render in commitments if not render.ended]
    known = total.spent + total.open + (new.credits or 0)
    if total.spent >= limit or known > limit:
        return Verdict.REFUSE
    if not still_open:
        return Verdict.GO
    guesses = [render.guess for render in still_open] + [new]
    if all(guess.ground in {EstimateBasis.OWN, EstimateBasis.FREE} for guess in guesses):
        most = sum((guess.credits or 0) for guess in guesses) * SAFETY
        if total.spent + most <= limit:
            return Verdict.GO
    if all(render.out_of_sight for render in still_open):
        return Verdict.REFUSE
    return Verdict.WAIT


def fits_balance(balance: Balance | None, new: Guess) -> bool:
    """Whether the balance covers the estimate; what is not known is no reason to refuse."""
    if balance is None or new.credits is None:
        return True
    return new.credits <= balance.total
