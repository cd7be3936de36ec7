"""A waiting cell ends, whatever happens to the API while nobody watches."""

import time

import pytest

from kodisc_jupyter.api.errors import AuthenticationError, NetworkError, ServerError
from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.notebook import waiting
from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.waiting import Patience, patience_for
from kodisc_jupyter.renders.render import Render, given_up
from kodisc_jupyter.renders.state import Phase, Trouble
from tests.support.states import render_state

DEADLINE_S = 60.0


def state(phase=Phase.RUNNING, trouble=None, note=""):
    now = time.time()
    job = Job("clx1", JobStatus.RUNNING)
    about = {"scene": "Ball", "began_at": now, "phase_at": now}
    return render_state(phase, **about, job=job, trouble=trouble, note=note)


def lost(trouble, note=""):
    return state(Phase.LOST, trouble, note)


def test_what_is_in_sight_is_waited_for():
    assert given_up(state(), 1e9, 0.0) is None


def test_an_outage_is_sat_out_up_to_the_limit():
    unreachable = lost(Trouble.UNREACHABLE, "The API cannot be reached (refused); the job goes on.")
    assert given_up(unreachable, 59.0, 60.0) is None
    problem = given_up(unreachable, 60.0, 60.0)
    assert isinstance(problem, NetworkError)
    assert str(problem) == (
        "Nothing has been heard of Ball for 60 s, so the wait is over. The API cannot be "
        "reached (refused); the job goes on. Come back to it with: %kodisc show clx1"
    )


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(Trouble.KEY_REFUSED, AuthenticationError), (Trouble.UNREADABLE, ServerError)],
)
def test_what_will_not_pass_is_not_sat_out(trouble, kind):
    problem = given_up(lost(trouble), 0.0, 3600.0)
    assert isinstance(problem, kind)
    assert problem.job_id == "clx1"
    assert "%kodisc show clx1" in problem.hint


def test_trouble_belongs_to_a_lost_render_only():
    render = Render(state(), request=None, backend=None)
    render.advance(Phase.LOST, trouble=Trouble.KEY_REFUSED)
    render.advance(Phase.RUNNING)
    assert render.state.trouble is None


def test_wait_says_at_once_what_is_out_of_sight_among_many():
    renders = [Render(state(), request=None, backend=None) for _ in range(2)]
    renders[0].advance(Phase.LOST, trouble=Trouble.KEY_REFUSED)
    with pytest.raises(AuthenticationError) as caught:
        waiting.for_renders(renders, Patience(DEADLINE_S))
    assert "%kodisc show clx1" in caught.value.frames[0]


@pytest.mark.parametrize(
    ("front_end", "limit"),
    [
        (FrontEnd.HEADLESS, waiting.UNATTENDED_LIMIT_S),
        (FrontEnd.SCRIPT, waiting.UNATTENDED_LIMIT_S),
        (FrontEnd.NOTEBOOK, None),
        (FrontEnd.COLAB, None),
    ],
)
def test_where_nobody_watches_no_wait_is_without_end(front_end, limit, monkeypatch, tmp_path):
    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    monkeypatch.setattr(KernelState, "front_end", lambda _: front_end)
    kernel = KernelState(KodiscMagics())
    assert patience_for(kernel, None) == Patience(limit, 3600.0)
    assert patience_for(kernel, 5.0).timeout == 5.0


def test_the_outage_limit_is_a_setting(monkeypatch, tmp_path):
    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    kernel = KernelState(KodiscMagics(outage_limit=120.0))
    assert patience_for(kernel, None).outage_limit == 120.0
