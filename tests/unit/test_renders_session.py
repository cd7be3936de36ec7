"""What a kernel does with renders, against a service in memory."""

import _thread
import signal
import threading
from dataclasses import replace

import pytest

from kodisc_jupyter.api.errors import (
    AuthenticationError,
    InsufficientCreditsError,
    JobNotFoundError,
    KodiscError,
    NetworkError,
    RenderFailedError,
    ServerError,
    SubmissionUncertainError,
    WaitTimeoutError,
)
from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.file import JournalError
from kodisc_jupyter.renders.journal.record import Step
from kodisc_jupyter.renders.rehearsal import Outcome, Rehearsal
from kodisc_jupyter.renders.state import Phase

DEADLINE_S = 60.0
REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")


def until(render, phase):
    """Wait until a render has been in ``phase``."""
    reached = threading.Event()
    unsubscribe = render.subscribe(lambda state: state.phase is phase and reached.set())
    assert reached.wait(DEADLINE_S), f"never {phase}: {render.state}"
    unsubscribe()


# A render's life


def test_a_render_goes_from_checking_to_a_video_on_this_machine(session, cloud):
    states = []
    render = session.start(REQUEST, backend=cloud, notebook="a.ipynb", on_state=states.append)
    job = render.wait(DEADLINE_S)

    assert job.credits_cost == 51
    assert render.video.read_bytes() == b"job00001 video.mp4"
    assert render.state.media.captions.read_bytes() == b"job00001 captions.vtt"
    phases = [state.phase for state in states]
    assert phases[0] is Phase.CHECKING
    assert phases.index(Phase.SUBMITTING) < phases.index(Phase.QUEUED)
    assert phases.index(Phase.QUEUED) < phases.index(Phase.FETCHING)
    until(render, Phase.COMPLETED)
    assert (render.state.balance_before.total, render.state.balance_after.total) == (1000, 949)
    assert render.state.cost == 51


def test_a_failed_render_raises_with_its_cost_and_is_sent_anew_the_next_time(
    session, cloud, make_service
):
    service = cloud.client
    service.instant = False
    render = session.start(REQUEST, backend=cloud)
    service.finish(render.job.job_id, error="Traceback ...\nNameError: name 'Crcle' is not defined")
    with pytest.raises(RenderFailedError, match=r"NameError.*You were charged 0 credits") as caught:
        render.wait(DEADLINE_S)
    assert caught.value.job_id == render.job.job_id
    assert render.state.phase is Phase.FAILED
    assert render.state.error.startswith("Traceback")

    again = session.start(REQUEST, backend=cloud)
    assert again.job.job_id != render.job.job_id
    assert len(service.posts) == 2


def test_waiting_can_time_out_and_the_job_goes_on(session, cloud, service):
    service.instant = False
    render = session.start(REQUEST, backend=cloud)
    with pytest.raises(WaitTimeoutError, match="the job goes on"):
        render.wait(0.01)
    service.finish(render.job.job_id)
    assert render.wait(DEADLINE_S).credits_cost == 51


def test_a_subscriber_that_fails_harms_nothing(session, cloud):
    def fail(_):
        raise ValueError("a broken panel")

    assert session.start(REQUEST, backend=cloud, on_state=fail).wait(DEADLINE_S)


# Reuse


def test_the_second_run_of_a_finished_cell_costs_nothing_and_asks_nobody(
    session, cloud, service, make_session
):
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    requests = service.requests
    for kernel in (session, make_session()):
        render = kernel.start(REQUEST, backend=cloud)
        assert render.state.phase is Phase.COMPLETED
        assert render.state.reused
        assert render.state.cost == 0
        assert "Rendered before, on" in render.state.note
        assert render.video.read_bytes() == b"job00001 video.mp4"
        assert render.wait().credits_cost == 51
    assert service.requests == requests


def test_a_comment_and_other_quotes_in_a_finished_cell_cost_nothing(session, cloud, service):
    code = "class Hello(Scene):\n    text = 'Hi'\n"
    session.start(RenderRequest(code, "Hello"), backend=cloud).wait(DEADLINE_S)
    other = '# The first lesson\n\nclass Hello(Scene):\n    text = "Hi"  # a greeting\n'
    assert session.start(RenderRequest(other, "Hello"), backend=cloud).state.reused
    assert len(service.posts) == 1
    changed = other.replace("Hi", "Ho")
    assert not session.start(RenderRequest(changed, "Hello"), backend=cloud).state.reused
    assert len(service.posts) == 2


def test_force_renders_anew_and_the_new_video_is_the_one_reused(session, cloud, service):
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.start(REQUEST, backend=cloud, force=True).wait(DEADLINE_S)
    assert len(service.posts) == 2
    assert session.start(REQUEST, backend=cloud).job.job_id == "job00002"


def test_an_open_render_is_attached_to_from_another_cell_and_another_kernel(
    session, cloud, service, make_session
):
    service.instant = False
    first = session.start(REQUEST, backend=cloud)
    states = []
    second = session.start(REQUEST, backend=cloud, on_state=states.append)
    other = make_session().start(REQUEST, backend=cloud)
    assert len(service.posts) == 1
    assert "you pay once" in other.state.note
    service.finish(first.job.job_id)
    assert first.wait(DEADLINE_S) == second.wait(DEADLINE_S)
    assert other.wait(DEADLINE_S).job_id == first.job.job_id
    assert states[-1].phase is Phase.COMPLETED


def test_a_kernel_that_restarts_picks_the_finished_job_up(session, cloud, service, make_session):
    service.instant = False
    job_id = session.start(REQUEST, backend=cloud).job.job_id
    session.close()
    service.finish(job_id)
    render = make_session().start(REQUEST, backend=cloud)
    assert render.wait(DEADLINE_S).job_id == job_id
    assert render.video.exists()
    assert render.state.cost == 51
    assert len(service.posts) == 1


def test_a_video_that_vanished_is_fetched_again_from_its_address(session, cloud, service):
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.start(REQUEST, backend=cloud).video.unlink()
    render = session.start(REQUEST, backend=cloud)
    assert render.video.read_bytes() == b"job00001 video.mp4"
    assert len(service.posts) == 1


def test_a_video_that_a_dead_kernel_fetched_but_did_not_write_down_is_found(
    session, cloud, service
):
    job = session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.journal.update(session.find(job.job_id), "died", video=None, video_bytes=None)
    service.files.clear()
    video = session.start(REQUEST, backend=cloud).video
    assert session.find(job.job_id).video == video
    assert session.find(job.job_id).video_bytes == video.stat().st_size


def test_a_video_whose_address_changed_is_found_by_asking_for_the_job(session, cloud, service):
    job = session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.start(REQUEST, backend=cloud).video.unlink()
    moved = replace(job.result, video="https://cdn2.example/video.mp4")
    service.files[moved.video] = service.files.pop(job.result.video)
    service.jobs[job.job_id] = replace(job, result=moved)
    assert session.start(REQUEST, backend=cloud).video.exists()


def test_a_video_that_is_gone_everywhere_is_never_paid_for_again_in_silence(
    session, cloud, service
):
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.start(REQUEST, backend=cloud).video.unlink()
    service.files.clear()
    with pytest.raises(KodiscError, match=r"its video is gone.*costs credits.*--force"):
        session.start(REQUEST, backend=cloud)
    assert len(service.posts) == 1
    assert session.start(REQUEST, backend=cloud, force=True).wait(DEADLINE_S)


def test_a_video_that_cannot_be_reached_now_is_not_called_gone(session, cloud, service):
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.start(REQUEST, backend=cloud).video.unlink()
    service.download_error = NetworkError("cdn.example could not be reached.")
    with pytest.raises(NetworkError, match="Try again later"):
        session.start(REQUEST, backend=cloud)
    service.download_error = None
    assert session.start(REQUEST, backend=cloud).video.exists()


def test_a_job_of_another_account_is_not_paid_for_again_in_silence(
    session, cloud, service, make_session
):
    service.instant = False
    job_id = session.start(REQUEST, backend=cloud).job.job_id
    session.close()
    del service.jobs[job_id]
    kernel = make_session()
    row = kernel.find(job_id)
    kernel.journal.update(row, "a while ago", accepted_at=row.accepted_at - 60)
    for _ in range(2):
        with pytest.raises(JobNotFoundError, match=rf"another key.*%kodisc show {job_id}"):
            kernel.start(REQUEST, backend=cloud)
    assert len(service.posts) == 1
    assert kernel.start(REQUEST, backend=cloud, force=True).job.job_id == "job00002"


def test_a_job_that_our_own_server_lost_is_simply_rendered_again(make_service, make_session):
    service = make_service(instant=False)
    local = Backend("local", service, "local", unlimited=True)
    first = make_session()
    job_id = first.start(REQUEST, backend=local).job.job_id
    row = first.find(job_id)
    first.journal.update(row, "a while ago", accepted_at=row.accepted_at - 60)
    del service.jobs[job_id]
    first.close()
    assert make_session().start(REQUEST, backend=local).job.job_id == "job00002"


@pytest.mark.parametrize("kind", ["local", "cloud"])
def test_only_force_has_this_machine_draw_anew_what_it_keeps(make_service, make_session, kind):
    """What was not changed in a cell is not drawn again; Kodisc is told nothing of it."""
    service = make_service()
    backend = Backend(kind, service, kind, unlimited=kind == "local")
    session = make_session()
    session.start(REQUEST, backend=backend)
    session.start(REQUEST, backend=backend, force=True)
    assert service.headers == [None, {"X-Kodisc-Fresh": "1"} if kind == "local" else None]


# Submitting


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (AuthenticationError("refused"), Step.REFUSED),
        (InsufficientCreditsError("402"), Step.REFUSED),
        (NetworkError("never left", delivered=False), Step.NOT_SENT),
    ],
)
def test_a_refused_submission_costs_nothing_and_can_be_sent_again(
    session, cloud, service, error, step
):
    service.submit_error = error
    with pytest.raises(type(error)):
        session.start(REQUEST, backend=cloud)
    assert [row.step for row in session.jobs()] == [step]
    service.submit_error = None
    assert session.start(REQUEST, backend=cloud).wait(DEADLINE_S)


def test_a_submission_without_an_answer_is_listed_as_uncertain_with_both_balances(
    session, cloud, service
):
    service.submit_error = ServerError("500 five times")
    service.submit_error.uncertain = 5
    with pytest.raises(ServerError):
        session.start(REQUEST, backend=cloud)
    (row,) = session.jobs()
    assert row.step is Step.UNCERTAIN
    assert row.uncertain_attempts == 5
    assert (row.balance_before.total, row.balance_after.total) == (1000, 1000)

    service.submit_error = None
    render = session.start(REQUEST, backend=cloud)
    assert "uncertain" in render.state.note


def test_an_uncertain_submission_is_not_sent_again_when_that_is_switched_off(
    session, cloud, service
):
    service.resubmit_uncertain = False
    service.submit_error = SubmissionUncertainError("may have arrived")
    service.submit_error.uncertain = 1
    with pytest.raises(SubmissionUncertainError):
        session.start(REQUEST, backend=cloud)
    service.submit_error = None
    with pytest.raises(SubmissionUncertainError, match="--force"):
        session.start(REQUEST, backend=cloud)
    assert len(service.posts) == 1
    session.start(REQUEST, backend=cloud, force=True).wait(DEADLINE_S)
    assert session.start(REQUEST, backend=cloud).state.reused


def test_the_receipt_says_that_an_earlier_attempt_may_have_arrived(session, cloud, service):
    service.attempts, service.uncertain, service.reasons = 2, 1, ("the server answered 503",)
    render = session.start(REQUEST, backend=cloud)
    assert render.state.uncertain == 1
    assert session.jobs()[0].uncertain_attempts == 1


def test_two_threads_that_run_the_same_cell_at_once_submit_once(session, cloud, service):
    gate = threading.Barrier(2)
    renders = []

    def run():
        gate.wait()
        renders.append(session.start(REQUEST, backend=cloud))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert len(service.posts) == 1
    assert renders[0].wait(DEADLINE_S).job_id == renders[1].wait(DEADLINE_S).job_id


def test_an_intent_counts_as_under_way_from_the_moment_others_can_see_it(
    session, cloud, service, monkeypatch
):
    claim, looked = session.journal.claim, []

    def claim_and_look(record, **options):
        claimed = claim(record, **options)
        looked.append(session._reuse._is_under_way(claimed))
        return claimed

    monkeypatch.setattr(session.journal, "claim", claim_and_look)
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    assert looked == [True]


def test_the_intent_is_written_before_the_request_and_the_job_id_right_after(
    make_session, cloud, service
):
    heard = []
    session = make_session(trace=heard.append)
    service.before_post = lambda: heard.append("POST")
    session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    at = heard.index("POST")
    assert heard[:at] == [
        f"{when} {step}"
        for step in ("intent", "balance", "posting")
        for when in ("before", "after")
    ]
    assert heard[at + 1 : at + 3] == ["before accepted", "after accepted"]


def test_nothing_is_sent_when_the_journal_cannot_be_written(tmp_path, make_session, cloud, service):
    (tmp_path / "file").touch()
    session = make_session(home=tmp_path / "file" / "home")
    with pytest.raises(KodiscError, match="KODISC_HOME"):
        session.start(REQUEST, backend=cloud)
    assert service.posts == []


def test_a_job_whose_id_cannot_be_written_down_is_still_watched_and_named(
    make_session, cloud, service
):
    def break_at(step):
        if step == "before accepted":
            import sqlite3

            raise sqlite3.OperationalError("database or disk is full")

    session = make_session(trace=break_at)
    with pytest.warns(RuntimeWarning, match="job00001 was accepted, but the journal"):
        render = session.start(REQUEST, backend=cloud)
    assert render.wait(DEADLINE_S).job_id == "job00001"


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises, also where a shell started the tests in the background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_during_the_request_keeps_the_job(session, cloud, service):
    interrupted = threading.Event()

    def hold():
        _thread.interrupt_main()
        assert interrupted.wait(DEADLINE_S)

    service.before_post = hold
    with pytest.raises(KeyboardInterrupt, match="job00001 was accepted already and goes on"):
        session.start(REQUEST, backend=cloud, cancel=interrupted)
    service.before_post = lambda: None
    assert session.start(REQUEST, backend=cloud).wait(DEADLINE_S).job_id == "job00001"
    assert len(service.posts) == 1


@pytest.mark.parametrize("step", ["claim", "keep_rehearsal"])
def test_ctrl_c_before_the_request_leaves_nothing_to_wait_for(
    make_session, cloud, service, monkeypatch, step
):
    session = make_session(max_credits=100)
    seen = Rehearsal(Outcome.OK, seconds=6.0, frames=90)
    real = getattr(session.journal, step)

    def stop(*args, **options):
        real(*args, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(session.journal, step, stop)
        with pytest.raises(KeyboardInterrupt):
            session.start(REQUEST, backend=cloud, rehearse=lambda: seen)
    assert service.posts == []
    assert session.journal.open_records() == []  # another kernel would wait for this one
    assert session.start(REQUEST, backend=cloud).wait(DEADLINE_S).job_id == "job00001"


def test_a_journal_that_fails_after_the_rehearsal_leaves_the_budget_free(
    make_session, cloud, service, monkeypatch
):
    session = make_session(max_credits=100)
    seen = Rehearsal(Outcome.OK, seconds=6.0, frames=90)

    def fail():
        raise JournalError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(session.journal, "frames", fail)
        with pytest.raises(JournalError, match="Nothing was sent and nothing was charged"):
            session.start(REQUEST, backend=cloud, rehearse=lambda: seen)
    assert service.posts == []
    assert session.start(REQUEST, backend=cloud).wait(DEADLINE_S).job_id == "job00001"


# Coming back


def test_stop_watching_detaches_and_show_attaches_again(session, cloud, service):
    service.instant = False
    render = session.start(REQUEST, backend=cloud)
    render.cancel_watch()
    assert render.state.phase is Phase.DETACHED
    with pytest.raises(KodiscError, match="no longer watched here; the job goes on"):
        render.wait()
    assert session.open_renders() == []

    service.finish(render.job.job_id)
    assert session.show(render.job.job_id, cloud).wait(DEADLINE_S).credits_cost == 51


def test_show_after_a_restart_plays_the_stored_video_without_a_request(
    session, cloud, service, make_session
):
    job = session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    session.close()
    requests = service.requests
    render = make_session().show(job.job_id, cloud)
    assert render.video.exists()
    assert render.state.scene == "Hello"
    assert service.requests == requests


def test_show_finds_a_job_that_was_started_elsewhere(session, cloud, service, make_session):
    job_id = service.submit(REQUEST).job.job_id
    render = session.show(job_id, cloud)
    assert render.wait(DEADLINE_S).job_id == job_id
    assert "Started elsewhere" in render.state.note
    with pytest.raises(JobNotFoundError):
        session.show("nobody-knows", cloud)


def test_show_of_a_failed_job_has_its_whole_error(session, cloud, service, make_session):
    service.instant = False
    render = session.start(REQUEST, backend=cloud)
    service.finish(render.job.job_id, error="line 1\nline 2\nNameError: x")
    until(render, Phase.FAILED)
    shown = make_session().show(render.job.job_id, cloud)
    with pytest.raises(RenderFailedError):
        shown.wait(DEADLINE_S)
    assert shown.state.error == "line 1\nline 2\nNameError: x"


def test_what_dead_kernels_left_open_can_be_waited_for(session, cloud, service, make_session):
    service.instant = False
    job_id = session.start(REQUEST, backend=cloud).job.job_id
    session.close()
    row = session.find(job_id)
    session.journal.update(row, "dead", owner=replace(row.owner, started="0"))
    kernel = make_session()
    (left,) = kernel.left_open()
    render = kernel.show(left.job_id, cloud)
    assert kernel.left_open() == []
    service.finish(job_id)
    assert render.wait(DEADLINE_S).job_id == job_id
    assert render.video.exists()


def test_running_the_cell_again_after_a_new_login_asks_with_the_new_key(
    session, cloud, service, make_service
):
    service.instant = False
    job_id = session.start(REQUEST, backend=cloud).job.job_id
    service.poll_error = AuthenticationError("401", status=401)
    renewed = make_service()
    renewed.jobs, renewed.files = service.jobs, service.files
    service.finish(job_id)
    render = session.start(REQUEST, backend=replace(cloud, client=renewed))
    assert render.wait(DEADLINE_S).job_id == job_id
    assert renewed.posts == []


def test_whatever_goes_wrong_while_fetching_the_render_still_ends(session, cloud, service, caplog):
    service.download_error = ValueError("nobody thought of this")
    render = session.start(REQUEST, backend=cloud)
    assert render.wait(DEADLINE_S).credits_cost == 51
    assert "nobody thought of this" in render.state.note
    assert "could not be brought home" in caplog.text


def test_save_writes_the_video_whole_and_says_when_there_is_none(session, cloud, service, tmp_path):
    job = session.start(REQUEST, backend=cloud).wait(DEADLINE_S)
    target = tmp_path / "new" / "film.mp4"
    assert session.save(job.job_id, target).read_bytes() == b"job00001 video.mp4"
    assert [path.name for path in target.parent.iterdir()] == ["film.mp4"]

    service.instant = False
    other = session.start(replace(REQUEST, quality=Quality.LOW), backend=cloud)
    with pytest.raises(KodiscError, match="There is no video to save"):
        session.save(other.job.job_id, target)


def test_a_submission_of_a_dead_kernel_is_uncertain_only_if_the_request_had_begun(
    session, cloud, service, make_session
):
    service.instant = False
    for scene, step, expected in (
        ("Unsent", Step.INTENT, Step.NOT_SENT),
        ("Sent", Step.POSTING, Step.UNCERTAIN),
    ):
        row = session.find(
            session.start(replace(REQUEST, class_name=scene), backend=cloud).job.job_id
        )
        dead = replace(row.owner, started="0")
        session.journal.update(row, "died", step=step, job_id=None, owner=dead)
        kernel = make_session()
        found = {one.scene: one for one in kernel.jobs(backend=cloud)}[scene]
        assert found.step is expected
    assert found.balance_before.total == 1000
    assert found.balance_after.total == 1000
