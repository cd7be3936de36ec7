"""Everything that is said about the credits of a render: in panel, receipt, errors and lists.

Pure functions. Nothing here guesses: what the API did not say reads "unknown".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.api.credits import amount, credits_of, parts
from kodisc_jupyter.api.values import Credits
from kodisc_jupyter.renders.state import ENDED, Budget, Estimate, Phase, RenderState

if TYPE_CHECKING:
    from kodisc_jupyter.api.models import Balance

NOTHING_SPENT: Final = "Nothing was sent and nothing was charged."

Row = tuple[str, str, str]
"""A label, a value, and a detail that may be empty."""

_RESERVING: Final = frozenset({Phase.QUEUED, Phase.RUNNING, Phase.LOST})


def span(seconds: float) -> str:
    """A length of time in words: ``24 s``, ``1 min 5 s``, ``2 h 3 min``. The panel has the same."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


# Estimates


def estimate(guess: Estimate) -> str:
    """``about 42 credits, 24 s``; ``free; about 4 s``; ``unknown``."""
    time = "" if guess.duration_ms is None else span(-(-guess.duration_ms // 1000))
    if guess.credits == 0:
        return f"free; about {time}" if time else "free"
    cost = "" if guess.credits is None else credits_of(guess.credits)
    known = ", ".join(part for part in (cost, time) if part)
    return f"about {known}" if known else "unknown"


def ground(renders: int, quality: str, scene: str = "") -> str:
    """What an estimate rests on: so many renders at this quality, of one scene if it is named."""
    if not renders:
        return f"this is your first render at {quality} quality"
    many = f"{renders} earlier"
    if scene:
        return f"based on {many} render{'' if renders == 1 else 's'} of {scene} at {quality}"
    return f"based on {many} {quality} render{'' if renders == 1 else 's'}"


def ground_by_frames(renders: int, quality: str, frames: int) -> str:
    """What an estimate rests on that goes by the number of frames."""
    return f"{ground(renders, quality)}, scaled to its {frames:,} frames"


def ground_by_example(credits_: Credits, seconds: float) -> str:
    """What the estimate of a first render rests on."""
    return (
        f"from Kodisc's example of {credits_of(credits_)} for {seconds} s of rendering, "
        "if a second of video takes one second"
    )


def expected_cost(guess: Estimate) -> str:
    """What a render that was refused would have cost, as the end of a sentence."""
    if guess.credits is None:
        return f"its cost is unknown: {guess.ground}"
    return f"it may cost about {credits_of(guess.credits)}, {guess.ground}"


def again(state: RenderState) -> str:
    """What rendering again would cost, after "rendering it again costs credits: "."""
    known = state.cost if state.cost and not state.reused else None
    if known is None and state.estimate is not None:
        known = state.estimate.credits
    return f"about {amount(known)}" if known else "how many is not known before"


# The panel and the receipt


def rows(state: RenderState) -> list[Row]:
    """What the panel's box of credits says."""
    if state.unlimited:
        return []
    made: list[Row] = []
    if _is_settled(state):
        made.append(_charge(state))
    balance = state.balance_after or state.balance_before
    if balance is not None:
        label = "Left" if state.balance_after else "Balance"
        made.append((label, credits_of(balance.total), parts(balance)))
    made += _difference(state)
    if state.phase not in ENDED:
        made += _reserve(state)
        if state.estimate is not None and state.cost is None:
            made.append(("Estimate", estimate(state.estimate), state.estimate.ground))
    if state.budget is not None:
        made.append(_budget(state.budget))
    return made


def receipt(state: RenderState) -> str:
    """What a render cost, in a few words that may stand in a saved notebook: no balance."""
    if state.unlimited:
        return f"free on {state.server}"
    if state.reused:
        return "0 credits, rendered before"
    cost = "cost unknown" if state.cost is None else credits_of(state.cost)
    return f"{cost}{_elsewhere(state)}"


def settlement(state: RenderState) -> str:
    """After an attempt without an answer: whether anything was charged twice; else empty."""
    if not state.uncertain or state.unlimited or state.reused:
        return ""
    attempts = "1 attempt" if state.uncertain == 1 else f"{state.uncertain} attempts"
    lost = f"{attempts} to send it got no clear answer and may have started another job."
    if state.phase not in ENDED:
        return f"{lost} Once this render ends, the balance shows whether it was charged."
    if state.phase is Phase.DETACHED or not _is_settled(state):
        return lost
    rest = unexplained(state)
    if rest is None:
        return f"{lost} The balance could not be compared: look at it on the server's own page."
    assert state.balance_before is not None
    assert state.balance_after is not None
    fell = state.balance_before.total - state.balance_after.total
    if rest == 0:
        return (
            f"The balance fell by {credits_of(fell)}, exactly what this render cost: "
            "nothing was charged twice."
        )
    if rest < 0:
        return f"{lost} Credits were added meanwhile, so the balance cannot tell."
    return (
        f"The balance fell by {credits_of(fell)}. This render cost {amount(state.cost)}; "
        f"{credits_of(rest)} {'is' if rest == 1 else 'are'} unexplained. Another render of yours "
        "may be the reason, or a second job from an attempt that got no clear answer."
    )


def unexplained(state: RenderState) -> Credits | None:
    """By how much more the balance fell than this render cost; ``None`` where nobody can say."""
    before, after = state.balance_before, state.balance_after
    if before is None or after is None or state.cost is None or state.reused:
        return None
    rest = before.total - after.total - state.cost
    return round(rest, 2) if isinstance(rest, float) else rest


def charged(state: RenderState) -> str:
    """What a failed render cost, in one sentence."""
    if state.unlimited:
        return f"It ran on {state.server} and cost no credits."
    if state.cost is None:
        return f"{state.server} has not said whether you were charged."
    return f"You were charged {credits_of(state.cost)}{_elsewhere(state)}."


def _is_settled(state: RenderState) -> bool:
    return state.phase in {Phase.COMPLETED, Phase.FAILED} or state.cost is not None


def _charge(state: RenderState) -> Row:
    if state.reused:
        return "Charged", credits_of(0), "rendered before"
    if state.cost is None:
        return "Charged", "unknown", f"{state.server} has not said"
    return "Charged", credits_of(state.cost), f"by {state.server}" if _elsewhere(state) else ""


def _difference(state: RenderState) -> list[Row]:
    """The subtraction, where the balance changed by something else than this render's cost."""
    rest = unexplained(state)
    if not rest:
        return []
    assert state.balance_before is not None
    assert state.balance_after is not None
    change = state.balance_after.total - state.balance_before.total
    if rest < 0:
        return [("Added meanwhile", credits_of(-rest), "")]
    sums = f"the balance fell by {amount(-change)}, this render cost {amount(state.cost)}"
    if state.uncertain:
        return [("Unexplained", credits_of(rest), sums)]
    return [("Other renders", credits_of(rest), sums)]


def _reserve(state: RenderState) -> list[Row]:
    if state.reserved is not None:
        return [("Reserved", credits_of(state.reserved), "settled at the end")]
    if state.phase in _RESERVING and state.cost is None:
        return [("Reserved", "a minimum", "settled at the end")]
    return []


def _budget(budget: Budget) -> Row:
    return "Budget", f"{credits_of(budget.left)} left", f"of {amount(budget.limit)} this session"


def _elsewhere(state: RenderState) -> str:
    """Whose credits they are, where they are not Kodisc's: a class server has prices of its own."""
    return "" if state.server == "Kodisc" else f" on {state.server}"


# Refusals, and renders that nobody knows the end of


def over_budget(limit: Credits, whose: str, parts_: Sequence[str], guess: Estimate) -> str:
    """Why a budget refuses one more render; ``parts_`` say what was spent of it."""
    return (
        f"Refused before sending: the budget of this {whose} is {credits_of(limit)}; "
        f"{', '.join(parts_)}; for this render, {expected_cost(guess)}. {NOTHING_SPENT}"
    )


def over_balance(scene: str, guess: Estimate) -> str:
    """Why the balance does not allow a render; it is not said: errors stay in saved notebooks."""
    return (
        f"Refused before sending: the balance is too low for {scene}; {expected_cost(guess)}. "
        f"{NOTHING_SPENT}"
    )


def since(before: Balance | None, after: Balance | None, *, sums: bool = False) -> str:
    """What became of the balance after a submission that never got an answer.

    ``sums`` says the balances themselves, which have no place in a saved notebook.
    """
    if before is None or after is None:
        return "whether the balance fell is not known"
    fell = before.total - after.total
    change = (
        "has not changed since"
        if fell == 0
        else f"{'fell' if fell > 0 else 'rose'} by {credits_of(abs(fell))} since"
    )
    shown = f" ({amount(before.total)} → {amount(after.total)})" if sums else ""
    return f"the balance {change}{shown}"
