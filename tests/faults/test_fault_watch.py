"""A job is open, and what the server says of it is no longer what the API page says."""

import json
import threading

import pytest

from kodisc_jupyter.api.errors import (
    AuthenticationError,
    JobNotFoundError,
    NetworkError,
    ServerError,
)
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.record import Step
from kodisc_jupyter.renders.session import RenderSession
from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.renders.watch import lookup, pacing
from tests.support.faulty_server import JOB_ID, account, answer, cut, job, running

PATIENCE_S = 60.0
REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
REFUSED = answer(401, {"error": "unauthorized"})
DENIED = answer(404, {"error": "not_found"})


@pytest.fixture
def soon(monkeypatch):
    """Polls come quickly, and an outage is one at its third failure."""
    monkeypatch.setitem(pacing.FIRST_POLL_S, "cloud", 0.01)
    monkeypatch.setitem(pacing.NEXT_POLL_S, "cloud", 0.013)
    monkeypatch.setattr(pacing, "outage_delay_s", lambda *_: 0.02)
    monkeypatch.setattr(pacing, "LOST_AFTER_S", 0.04)
    monkeypatch.setattr(pacing, "YOUNG_S", 0.0)
    monkeypatch.setattr(lookup, "PAUSES_S", (0.0, 0.0, 0.0))


@pytest.fixture
def session(tmp_path, soon):
    session = RenderSession(home=tmp_path / "home")
    yield session
    session.close()


@pytest.fixture
def start(session, server, make_client):
    backend = Backend("cloud", make_client(), "cloud:x")

    def start(*gets, **options):
        server.get = [account(), *gets] if not session.jobs() else list(gets)
        return session.start(REQUEST, backend=backend, **options)

    return start


def the_job_is_kept(session, server):
    (row,) = session.jobs()
    assert (row.step, row.job_id) == (Step.ACCEPTED, JOB_ID)
    assert len(server.posts) == 1


def test_a_key_that_is_refused_from_now_on_ends_the_waiting_with_the_way_back(
    start, session, server
):
    render = start(running, REFUSED)

    with pytest.raises(AuthenticationError) as caught:
        render.wait(PATIENCE_S)

    assert caught.value.job_id == JOB_ID
    assert f"%kodisc show {JOB_ID}" in str(caught.value)
    assert "The job goes on" in str(caught.value)
    assert words.headline(render.state) == "The key was refused; the job goes on"
    assert "cannot be reached" not in words.explanation(render.state)
    the_job_is_kept(session, server)


def test_a_single_refusal_is_not_believed(start):
    done = job("completed", creditsCost=51, result={"video": "https://[::1]:1/v.mp4"})
    render = start(running, REFUSED, running, REFUSED, REFUSED, done)

    assert render.wait(PATIENCE_S).credits_cost == 51


def test_a_key_that_is_accepted_again_goes_on_by_itself(start, server, session):
    lost, found = threading.Event(), threading.Event()
    render = start(running, REFUSED)
    render.subscribe(lambda state: state.phase is Phase.LOST and lost.set())
    assert lost.wait(PATIENCE_S)
    server.get = [running]
    render.subscribe(lambda state: state.phase is Phase.RUNNING and found.set())
    session.check_now(render)
    assert found.wait(PATIENCE_S)
    assert render.state.trouble is None


GONE_AWAY = {
    "cut": cut,
    "500": answer(500, {"error": "boom"}),
    "503 until next century": answer(503, {"error": "later"}, retry_after="999999999"),
}


@pytest.mark.parametrize("fault", GONE_AWAY.values(), ids=GONE_AWAY.keys())
def test_a_network_that_stays_away_ends_the_waiting_after_the_stated_time(
    start, session, server, fault
):
    render = start(running, fault)

    with pytest.raises(NetworkError) as caught:
        render.wait(PATIENCE_S, outage_limit=0.2)

    assert caught.value.job_id == JOB_ID
    assert "for 0.2 s, so the wait is over" in str(caught.value)
    assert f"%kodisc show {JOB_ID}" in str(caught.value)
    assert render.state.phase is Phase.LOST
    the_job_is_kept(session, server)


def test_a_network_that_comes_back_in_time_is_waited_for(start, server):
    render = start(running, cut)
    lost = threading.Event()
    render.subscribe(lambda state: state.phase is Phase.LOST and lost.set())
    assert lost.wait(PATIENCE_S)
    server.get = [job("failed", error="ValueError")]
    with pytest.raises(Exception, match="ValueError"):
        render.wait(PATIENCE_S, outage_limit=PATIENCE_S)


STRANGE = {
    "an unknown status": (job("cancelled"), "unknown status 'cancelled'"),
    "no status": (job(None), "unknown status None"),
    "completed without a result": (job("completed"), "is completed but has no result"),
    "completed without a video": (job("completed", result={}), "is completed but has no video"),
    "another job's ID": (job("running", jobId="other"), "answered for another job, 'other'"),
    "a list": (answer(200, [1]), "is not a JSON object"),
}


@pytest.mark.parametrize(("fault", "text"), STRANGE.values(), ids=STRANGE.keys())
def test_an_answer_that_makes_no_sense_is_reported_and_the_job_kept(
    start, session, server, fault, text
):
    render = start(running, fault)

    with pytest.raises(ServerError, match=text) as caught:
        render.wait(PATIENCE_S)

    assert caught.value.job_id == JOB_ID
    assert f"%kodisc show {JOB_ID}" in str(caught.value)
    assert "makes no sense; the job is kept" in words.headline(render.state)
    the_job_is_kept(session, server)


def test_an_answer_that_makes_no_sense_once_is_passed_over(start):
    done = job("completed", creditsCost=51, result={"video": "https://[::1]:1/v.mp4"})
    render = start(running, job("melting"), done)

    assert render.wait(PATIENCE_S).credits_cost == 51


NUMBERS = {
    "a cost that no computer holds": {"creditsCost": 10**400, "durationMs": 8000},
    "a cost below 0": {"creditsCost": -50, "durationMs": 8000},
    "no time at all that could pass": {"creditsCost": 51, "durationMs": 1e308},
    "a time below 0": {"creditsCost": 51, "durationMs": -1},
    "words": {"creditsCost": "51", "durationMs": "8 s"},
}


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_that_makes_no_sense_is_unknown_and_the_render_ends_well(start, session, numbers):
    session.max_credits = 100
    render = start(running, job("completed", result={"video": "https://[::1]:1/v.mp4"}, **numbers))

    done = render.wait(PATIENCE_S)

    sensible = {"creditsCost": (51,), "durationMs": (8000,)}
    cost, duration = (
        value if (value := numbers[name]) in sensible[name] else None for name in sensible
    )
    assert (done.credits_cost, done.duration_ms) == (cost, duration)
    (row,) = session.jobs()
    assert (row.step, row.credits, row.duration_ms) == (Step.COMPLETED, cost, duration)
    assert session.budget.snapshot().left == 100 - (cost or 0)
    assert words.receipt(render.state)


def test_not_a_number_is_unknown_too(start, session):
    raw = json.dumps(
        {"jobId": JOB_ID, "status": "completed", "result": {"video": "https://[::1]:1/v.mp4"}}
        | {"creditsCost": float("nan"), "durationMs": float("inf")}
    ).encode()
    done = start(running, answer(200, raw)).wait(PATIENCE_S)
    assert (done.credits_cost, done.duration_ms) == (None, None)


def test_a_stray_404_is_not_believed(start):
    done = job("completed", creditsCost=51, result={"video": "https://[::1]:1/v.mp4"})
    render = start(running, DENIED, running, DENIED, DENIED, DENIED, done)

    assert render.wait(PATIENCE_S).credits_cost == 51


def test_a_404_that_stays_ends_the_waiting_and_never_advises_to_pay_again(start, session, server):
    render = start(running, DENIED)

    with pytest.raises(JobNotFoundError) as caught:
        render.wait(PATIENCE_S)

    assert f"%kodisc show {JOB_ID}" in str(caught.value)
    assert "--force" not in str(caught.value)
    (row,) = session.jobs()
    assert row.step is Step.UNKNOWN


def test_a_job_that_was_denied_and_is_there_again_is_attached_to_and_not_paid_twice(
    start, session, server
):
    with pytest.raises(JobNotFoundError):
        start(running, DENIED).wait(PATIENCE_S)
    with pytest.raises(JobNotFoundError) as caught:
        start(DENIED)
    assert "--force" not in str(caught.value)

    render = start(running)
    server.get = [running]

    assert render.job.job_id == JOB_ID
    the_job_is_kept(session, server)
