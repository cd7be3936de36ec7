"""The budget: pure decisions, and a Run All that stops in time."""

import threading

import pytest

from kodisc_jupyter.api.errors import BudgetExceededError, SubmissionCancelledError
from kodisc_jupyter.api.models import Balance, RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.start.budget import (
    Commitment,
    Verdict,
    decide,
    fits_balance,
)
from kodisc_jupyter.renders.start.estimator import EstimateBasis, Guess
from kodisc_jupyter.renders.state import Estimate

DEADLINE_S = 60.0
UNKNOWN = Guess(Estimate("unknown"), EstimateBasis.NONE)


def own(credits_):
    return Guess(Estimate("own", credits=credits_), EstimateBasis.OWN)


def median(credits_):
    return Guess(Estimate("median", credits=credits_), EstimateBasis.MEDIAN)


def ended(cost):
    return Commitment(UNKNOWN, cost=cost, ended=True)


@pytest.mark.parametrize(
    ("limit", "commitments", "new", "verdict"),
    [
        (100, [], UNKNOWN, Verdict.GO),
        (100, [ended(100)], UNKNOWN, Verdict.REFUSE),
        (100, [ended(99)], UNKNOWN, Verdict.GO),
        (100, [ended(60)], own(41), Verdict.REFUSE),
        (100, [ended(60)], own(40), Verdict.GO),
        (0, [], UNKNOWN, Verdict.REFUSE),
        # What is open and unknown must end first.
        (100, [Commitment(UNKNOWN)], UNKNOWN, Verdict.WAIT),
        (100, [Commitment(UNKNOWN)], own(10), Verdict.WAIT),
        (100, [Commitment(median(10))], median(10), Verdict.WAIT),
        # Side by side only with ample room, and never beyond the limit.
        (100, [Commitment(own(30))], own(30), Verdict.GO),
        (100, [Commitment(own(40))], own(40), Verdict.WAIT),
        (100, [Commitment(own(60))], own(41), Verdict.REFUSE),
        # Waiting for what nobody watches would never end.
        (100, [Commitment(UNKNOWN, out_of_sight=True)], own(1), Verdict.REFUSE),
        # An uncertain submission counts as what it was guessed at.
        (100, [Commitment(own(60), ended=True)], own(41), Verdict.REFUSE),
    ],
)
def test_the_budget_decides(limit, commitments, new, verdict):
    assert decide(limit, commitments, new) is verdict


def test_an_unknown_balance_or_cost_is_no_reason_to_refuse():
    assert fits_balance(None, own(51))
    assert fits_balance(Balance(0, 0, 0), UNKNOWN)
    assert not fits_balance(Balance(50, 0, 50), own(51))


def scenes(number):
    return [RenderRequest(f"class S{n}(Scene): ...", f"S{n}") for n in range(number)]


@pytest.mark.parametrize("surprise", [False, True])
def test_run_all_of_30_cells_with_a_budget_for_10_stops_in_time(
    make_session, make_service, surprise
):
    # A surprise: every render costs twice as much as the one before it made it look.
    service = make_service(cost=51, total=100_000)
    cloud = Backend("cloud", service, "cloud:x")
    session = make_session(max_credits=510)
    stopped_at = None
    for number, request in enumerate(scenes(30)):
        if surprise and number >= 1:
            service.cost = 102
        try:
            session.start(request, backend=cloud)
        except BudgetExceededError as error:
            stopped_at, message = number, str(error)
            break
    spent = sum(job.credits_cost for job in service.jobs.values())
    assert (
        f"the budget of this session is 510 credits; {session.budget.snapshot().spent} spent"
        in message
    )
    assert "Nothing was sent and nothing was charged" in message
    if surprise:
        assert 510 - 102 < spent <= 510 + 102  # at most by the render that was running already
    else:
        assert (stopped_at, spent) == (10, 510)


def test_with_a_history_of_their_own_renders_run_side_by_side_within_the_budget(
    make_session, make_service
):
    service = make_service(cost=50, total=100_000)
    cloud = Backend("cloud", service, "cloud:x")
    first = make_session()
    for request in scenes(4):
        first.start(request, backend=cloud)
    for opened in first.open_renders():
        opened.wait(DEADLINE_S)

    service.instant = False
    session = make_session(max_credits=1000)
    for request in scenes(4):
        session.start(request, backend=cloud, force=True)
    assert len(session.open_renders()) == 4
    assert session.budget.snapshot().spent == 0


def test_a_cell_that_waits_for_the_budget_says_so_and_can_be_called_off(make_session, make_service):
    service = make_service(instant=False)
    cloud = Backend("cloud", service, "cloud:x")
    session = make_session(max_credits=510)
    session.start(scenes(1)[0], backend=cloud)
    cancel = threading.Event()
    notes = []

    def on_state(state):
        notes.append(state.note)
        if "waiting for your open renders" in state.note:
            cancel.set()

    with pytest.raises(SubmissionCancelledError):
        session.start(scenes(2)[1], backend=cloud, on_state=on_state, cancel=cancel)
    assert len(service.posts) == 1


def test_a_cell_limit_counts_the_renders_of_the_same_cell(make_session, make_service):
    service = make_service(cost=50)
    cloud = Backend("cloud", service, "cloud:x")
    session = make_session()
    *requests, too_many = scenes(3)
    renders = []
    for request in requests:
        renders.append(session.start(request, backend=cloud, max_credits=120, alongside=renders))
        assert renders[-1].wait(DEADLINE_S)
    with pytest.raises(BudgetExceededError, match="budget of this cell is 120 credits; 100 spent"):
        session.start(too_many, backend=cloud, max_credits=120, alongside=renders)


def test_a_reused_render_passes_a_budget_that_is_used_up(make_session, make_service):
    cloud = Backend("cloud", make_service(cost=50), "cloud:x")
    session = make_session(max_credits=50)
    request = scenes(1)[0]
    render = session.start(request, backend=cloud)
    assert render.wait(DEADLINE_S)
    assert (render.state.budget.spent, render.state.budget.left) == (50, 0)
    with pytest.raises(BudgetExceededError):
        session.start(scenes(2)[1], backend=cloud)
    again = session.start(request, backend=cloud)
    assert again.state.reused
    session.max_credits = 200
    assert session.start(scenes(2)[1], backend=cloud)


def test_a_balance_below_the_estimate_refuses_before_sending(make_session, make_service):
    service = make_service(cost=51, total=80)
    cloud = Backend("cloud", service, "cloud:x")
    session = make_session()
    request = scenes(1)[0]
    session.start(request, backend=cloud).wait(DEADLINE_S)
    with pytest.raises(BudgetExceededError, match=r"balance is too low.*about 51.*--force"):
        session.start(scenes(2)[1], backend=cloud)
    assert len(service.posts) == 1
    session.start(scenes(2)[1], backend=cloud, force=True)
    assert len(service.posts) == 2


def test_what_takes_no_credits_has_no_budget(make_session, make_service):
    local = Backend("local", make_service(cost=0), "local", unlimited=True)
    session = make_session(max_credits=0)
    render = session.start(scenes(1)[0], backend=local)
    assert render.state.estimate.credits == 0
    assert render.wait(DEADLINE_S)
