"""What is said about credits: charged, left, unexplained."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.models import Balance
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import Estimate, Phase
from tests.support.states import render_state


def state(phase=Phase.COMPLETED, **fields):
    return render_state(phase, **fields)


def fell(by, cost=42, **fields):
    return state(
        cost=cost,
        balance_before=Balance(1714, 200, 1914),
        balance_after=Balance(1714 - by, 200, 1914 - by),
        **fields,
    )


def test_after_a_lost_answer_a_balance_that_fell_by_the_cost_means_nothing_was_charged_twice():
    said = money.settlement(fell(42, uncertain=1))
    assert said == (
        "The balance fell by 42 credits, exactly what this render cost: nothing was charged twice."
    )
    assert money.rows(fell(42, uncertain=1)) == [
        ("Charged", "42 credits", ""),
        ("Left", "1,872 credits", "1,672 paid + 200 free"),
    ]


def test_after_a_lost_answer_the_subtraction_is_done_and_the_rest_is_called_unexplained():
    lost = fell(52, uncertain=1)
    assert "fell by 52 credits. This render cost 42; 10 credits are unexplained" in (
        money.settlement(lost)
    )
    assert (
        "Unexplained",
        "10 credits",
        "the balance fell by 52, this render cost 42",
    ) in money.rows(lost)


def test_without_a_lost_answer_another_render_explains_the_rest():
    assert money.settlement(fell(52)) == ""
    assert money.rows(fell(52))[-1][:2] == ("Other renders", "10 credits")
    assert money.rows(fell(-58))[-1] == ("Added meanwhile", "100 credits", "")


def test_a_balance_that_rose_or_is_not_known_proves_nothing():
    assert "cannot tell" in money.settlement(fell(-58, uncertain=1))
    unknown = fell(42, uncertain=2)._replace(balance_after=None)
    assert "could not be compared" in money.settlement(unknown)
    assert "2 attempts to send it" in money.settlement(unknown)


def test_fractions_leave_no_dust():
    assert (
        money.unexplained(
            state(cost=0.3, balance_before=Balance(1.0, 0, 1.0), balance_after=Balance(0.7, 0, 0.7))
        )
        == 0
    )


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (Estimate("", 42, 23_400), "about 42 credits, 24 s"),
        (Estimate("", 1914, None), "about 1,914 credits"),
        (Estimate("", None, 65_000), "about 1 min 5 s"),
        (Estimate("", 60.0, 3_600_000), "about 60 credits, 1 h"),
        (Estimate("", 0, 4_000), "free; about 4 s"),
        (Estimate("", 0), "free"),
        (Estimate(""), "unknown"),
    ],
)
def test_an_estimate_is_a_few_words(guess, said):
    assert money.estimate(guess) == said


def test_the_ground_of_an_estimate_counts_in_english():
    assert money.ground(1, "medium") == "based on 1 earlier medium render"
    assert money.ground(3, "low") == "based on 3 earlier low renders"
    assert money.ground(2, "low", "Pi") == "based on 2 earlier renders of Pi at low"
    assert money.ground(0, "high") == "this is your first render at high quality"


def test_an_open_render_says_that_something_is_reserved_and_that_its_cost_is_not_known():
    first = Estimate(money.ground(0, "high"))
    said = money.rows(state(Phase.RUNNING, estimate=first))
    assert said == [
        ("Reserved", "a minimum", "settled at the end"),
        ("Estimate", "unknown", "this is your first render at high quality"),
    ]


def test_a_class_servers_credits_are_called_its_own_and_a_free_render_is_called_free():
    ours = fell(42, address="classroom:8123")
    assert money.receipt(ours) == "42 credits on classroom:8123"
    assert money.rows(ours)[0] == ("Charged", "42 credits", "by classroom:8123")
    assert money.charged(ours) == "You were charged 42 credits on classroom:8123."
    free = state(backend="local", unlimited=True)
    assert (money.receipt(free), money.rows(free)) == ("free on this machine", [])


def test_a_saved_receipt_tells_no_balance():
    for said in (money.receipt(fell(52)), money.settlement(fell(52, uncertain=1))):
        assert "1,914" not in said
        assert "1,862" not in said


def test_the_balance_after_a_submission_without_an_answer():
    before, after = Balance(1714, 200, 1914), Balance(1672, 200, 1872)
    assert money.since(before, after) == "the balance fell by 42 credits since"
    assert money.since(before, before) == "the balance has not changed since"
    assert money.since(before, None) == "whether the balance fell is not known"
    assert money.since(before, after, sums=True).endswith("since (1,914 → 1,872)")
