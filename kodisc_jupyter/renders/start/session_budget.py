"""The session's budget as it is now: what was sent, and whether one more render may go out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition, Event
from typing import Final

from kodisc_jupyter.api.credits import amount
from kodisc_jupyter.api.errors import BudgetExceededError, SubmissionCancelledError
from kodisc_jupyter.api.models import Credits
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.render import Render
from kodisc_jupyter.renders.start.budget import Commitment, Verdict, decide, sums
from kodisc_jupyter.renders.start.estimator import Guess
from kodisc_jupyter.renders.state import Budget, Phase, RenderState
from kodisc_jupyter.renders.watch.pacing import LONG_OUTAGE_S, LOST_AFTER_S

_LOOK_S: Final = 0.5
_WAITING: Final = (
    "A budget is set: waiting for your open renders, because only their end tells what they cost."
)


@dataclass
class _Sent:
    render: Render
    guess: Guess
    uncertain: bool = False

    def commitment(self) -> Commitment:
        state = self.render.state
        if self.uncertain:
            return Commitment(self.guess, ended=True)
        return Commitment(
            self.guess,
            cost=state.cost,
            # The cost is known before the video is here.
            ended=state.phase in {Phase.FETCHING, Phase.COMPLETED, Phase.FAILED}
            or state.cost is not None,
            out_of_sight=_is_out_of_sight(state),
        )


def _is_out_of_sight(state: RenderState) -> bool:
    """Whether waiting for its end is no use; a short outage passes."""
    if state.phase is Phase.LOST:
        return time.time() - state.phase_at >= LONG_OUTAGE_S - LOST_AFTER_S
    return state.phase is Phase.DETACHED


class SessionBudget:
    """What this kernel session has sent, by render ID. ``limit`` is its ``max_credits``."""

    def __init__(self, limit: Credits | None = None) -> None:
        self.limit = limit
        self._sent: dict[str, _Sent] = {}
        self._changed = Condition()

    def allow(
        self,
        render: Render,
        guess: Guess,
        *,
        cell_limit: Credits | None = None,
        alongside: Sequence[Render] = (),
        cancel: Event | None = None,
    ) -> None:
        """Count a render in, waiting for open ones to end where only their cost can tell.

        Raises:
            BudgetExceededError: the session's budget, or the cell's, would be exceeded.
            SubmissionCancelledError: ``cancel`` was set while waiting.
        """
        cell = {other.render_id for other in alongside}
        with self._changed:
            while True:
                verdict = self._verdict(self.limit, list(self._sent.values()), guess, "session")
                if verdict is Verdict.GO:
                    mates = [
                        other for other in self._sent.values() if other.render.render_id in cell
                    ]
                    verdict = self._verdict(cell_limit, mates, guess, "cell")
                if verdict is Verdict.GO:
                    self._sent[render.render_id] = _Sent(render, guess)
                    return
                if cancel is not None and cancel.is_set():
                    raise SubmissionCancelledError(
                        "The render was called off while it waited for the budget."
                    )
                render.advance(note=_WAITING)
                self._changed.wait(_LOOK_S)

    def withdraw(self, render_id: str, *, uncertain: bool = False) -> None:
        """A render was not accepted after all; an ``uncertain`` one stays counted as a guess."""
        with self._changed:
            if uncertain and render_id in self._sent:
                self._sent[render_id].uncertain = True
            else:
                self._sent.pop(render_id, None)
            self._changed.notify_all()

    def take_over(self, render_id: str, render: Render) -> None:
        """Another handle watches a render of this session now."""
        with self._changed:
            if render_id in self._sent:
                self._sent[render_id].render = render

    def look_again(self) -> None:
        """A cost became known, or a job got out of sight."""
        with self._changed:
            self._changed.notify_all()

    def spent(self) -> Credits:
        """Credits this session is known to have spent."""
        with self._changed:
            return sums([render.commitment() for render in self._sent.values()]).spent

    def snapshot(self) -> Budget | None:
        """The session's limit and what was spent of it; ``None`` without a limit."""
        return None if self.limit is None else Budget(self.limit, self.spent())

    def _verdict(
        self, limit: Credits | None, sent: Sequence[_Sent], guess: Guess, whose: str
    ) -> Verdict:
        if limit is None:
            return Verdict.GO
        commitments = [render.commitment() for render in sent]
        verdict = decide(limit, commitments, guess)
        if verdict is Verdict.REFUSE:
            raise BudgetExceededError(
                refusal(limit, commitments, guess, whose),
                hint="Raise max_credits, or choose a lower quality.",
            )
        return verdict


def refusal(limit: Credits, commitments: Sequence[Commitment], new: Guess, whose: str) -> str:
    """Why the budget refuses one more render, with all the sums."""
    total = sums(commitments)
    parts = [f"{amount(total.spent)} spent"]
    if total.open:
        parts.append(f"about {amount(total.open)} for renders that are open or uncertain")
    if total.open_unknown:
        parts.append(f"{_renders(total.open_unknown)} of unknown cost still open")
    if total.ended_unknown:
        parts.append(f"{_renders(total.ended_unknown)} ended without saying what they cost")
    return money.over_budget(limit, whose, parts, new.estimate)


def _renders(number: int) -> str:
    return "1 render" if number == 1 else f"{number} renders"
