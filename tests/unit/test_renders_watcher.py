"""Watching: one thread, a bounded rate, outages that pass."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from kodisc_jupyter.api.errors import (
    AuthenticationError,
    JobNotFoundError,
    NetworkError,
    ServerError,
)
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.api.waiting import BELIEVED_AFTER
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.renders.watch import pacing
from kodisc_jupyter.renders.watch.pacing import RateLimiter, outage_delay_s, poll_delay_s
from kodisc_jupyter.renders.watch.poller import Poller, Watch

DEADLINE_S = 60.0


class Clock:
    """Runs with the real one, and can be put forward."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


class Heard:
    """What a watch was told, and a wait for it."""

    def __init__(self):
        self.jobs, self.lost, self.gone = [], [], []
        self.changed = threading.Condition()

    def watch(self, job_id, backend):
        return Watch(
            job_id,
            backend,
            self._into(self.jobs),
            lambda _, note: self._into(self.lost)(note),
            self._into(self.gone),
        )

    def _into(self, place):
        def take(said):
            with self.changed:
                place.append(said)
                self.changed.notify_all()

        return take

    def until(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE_S)


def watcher_threads():
    return [thread for thread in threading.enumerate() if thread.name == "kodisc-watcher"]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watcher(quick_polls, clock):
    watcher = Poller(RateLimiter(), clock)
    yield watcher
    watcher.close()


@pytest.fixture
def job(make_service):
    """An open job, and its service."""
    service = make_service(instant=False)
    job_id = service.submit(RenderRequest("x", "A")).job.job_id
    return job_id, service, Backend("cloud", service, "cloud:x")


def test_polls_come_soon_at_first_and_then_slower():
    for kind in ("local", "cloud"):
        delays = [poll_delay_s(kind, polls) for polls in range(40)]
        assert delays[1:] == sorted(delays[1:])
        assert delays[0] == pacing.FIRST_POLL_S[kind]
        assert delays[-1] == pacing.POLL_CAP_S[kind]


def test_an_outage_is_probed_ever_slower_and_the_server_may_ask_for_more():
    delays = [outage_delay_s(failures, 0, None) for failures in range(1, 12)]
    assert delays == sorted(delays)
    assert delays[-1] == pacing.OUTAGE_CAP_S
    assert outage_delay_s(20, pacing.LONG_OUTAGE_S, None) == pacing.LOST_CAP_S
    assert outage_delay_s(1, 0, 120.0) == 120.0
    assert outage_delay_s(1, 0, 1e9) == 120.0


def test_turns_are_never_more_than_ten_in_any_second():
    now, moments = [100.0], []

    def sleep(seconds):
        now[0] += seconds

    turns = RateLimiter(lambda: now[0], sleep)
    for number in range(200):
        turns.acquire(spaced=number % 3 == 0)
        moments.append(now[0])
        now[0] += 0.4 if number % 17 == 0 else 0.0  # a request that takes its time
    for start in moments:
        assert sum(start <= moment < start + 1.0 for moment in moments) <= 10


def test_a_submission_does_not_wait_for_the_polls_before_it():
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    turns = RateLimiter(lambda: now[0], sleep)
    for _ in range(100):
        turns.acquire(spaced=True)
    assert min(slept) > 0
    slept.clear()
    turns.acquire()
    assert not slept


def test_one_thread_watches_all_jobs_and_ends_with_the_last(watcher, job):
    _, service, backend = job
    heard = Heard()
    job_ids = [service.submit(RenderRequest("x", "A")).job.job_id for _ in range(20)]
    before = watcher_threads()  # another test's may be on its way out
    for job_id in job_ids:
        watcher.watch(heard.watch(job_id, backend))
    (thread,) = [one for one in watcher_threads() if one not in before]
    heard.until(lambda: len({one.job_id for one in heard.jobs}) == 20)
    for job_id in job_ids:
        service.finish(job_id)
    heard.until(lambda: sum(one.is_terminal for one in heard.jobs) == 20)
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_every_job_is_polled_before_any_is_polled_twice_as_often(watcher, job):
    _, service, backend = job
    heard = Heard()
    for _ in range(12):
        watcher.watch(heard.watch(service.submit(RenderRequest("x", "A")).job.job_id, backend))
    heard.until(lambda: len(heard.jobs) >= 48)
    polls = [sum(one.job_id == job_id for one in heard.jobs) for job_id in service.jobs]
    polls = [number for number in polls if number]
    assert min(polls) * 2 >= max(polls)


def test_an_outage_that_lasts_is_told_once_and_passes(watcher, clock, job):
    job_id, service, backend = job
    service.poll_error = NetworkError("kodisc.example could not be reached: refused.")
    heard = Heard()
    watch = heard.watch(job_id, backend)
    watcher.watch(watch)
    service.until(lambda: len(service.polled) >= 2)
    assert heard.lost == []
    clock.ahead += pacing.LOST_AFTER_S + 1
    watcher.check_now(watch)
    heard.until(lambda: heard.lost)
    assert "could not be reached: refused" in heard.lost[0]
    assert "the job goes on" in heard.lost[0]

    service.poll_error = None
    service.finish(job_id)
    clock.ahead += pacing.LOST_CAP_S
    watcher.check_now(watch)
    heard.until(lambda: heard.jobs)
    assert heard.jobs[-1].is_terminal
    assert len(heard.lost) == 1


def test_an_outage_is_told_in_time_though_the_next_poll_still_hangs(watcher, job, monkeypatch):
    assert pacing.LOST_AFTER_S <= 15
    monkeypatch.setattr("kodisc_jupyter.renders.watch.pacing.LOST_AFTER_S", 0.1)
    job_id, service, backend = job
    hangs, released = threading.Event(), threading.Event()
    ask = service.get_render

    def poll(*args, **options):
        if service.polled:
            hangs.set()
            released.wait(DEADLINE_S)
        return ask(*args, **options)

    monkeypatch.setattr(service, "get_render", poll)
    service.poll_error = NetworkError("kodisc.example could not be reached: refused.")
    heard = Heard()
    watcher.watch(heard.watch(job_id, backend))
    assert hangs.wait(DEADLINE_S)
    heard.until(lambda: heard.lost)
    released.set()


def test_a_short_outage_is_not_told(watcher, clock, job, monkeypatch):
    timers = []
    monkeypatch.setattr(
        "kodisc_jupyter.renders.watch.poller.Timer",
        lambda _s, tell, told: timers.append((tell, told)) or SimpleNamespace(start=lambda: None),
    )
    job_id, service, backend = job
    service.poll_error = NetworkError("refused")
    heard = Heard()
    watcher.watch(heard.watch(job_id, backend))
    service.until(lambda: len(service.polled) >= 2)
    service.poll_error = None
    heard.until(lambda: heard.jobs)
    clock.ahead += pacing.LOST_AFTER_S
    for tell, told in timers:
        tell(*told)
    assert heard.lost == []


def test_a_refused_key_is_said_soon_and_the_job_is_not_given_up(watcher, clock, job):
    job_id, service, backend = job
    service.poll_error = AuthenticationError("401", status=401)
    heard = Heard()
    watch = heard.watch(job_id, backend)
    watcher.watch(watch)
    heard.until(lambda: heard.lost)
    assert "The key was refused" in heard.lost[0]
    assert "the job goes on" in heard.lost[0]
    service.poll_error = None
    watcher.check_now(watch)
    heard.until(lambda: heard.jobs)


def test_a_retry_after_holds_back_the_whole_backend(watcher, clock, job):
    job_id, service, backend = job
    service.poll_error = ServerError("slow down", retry_after_s=1000.0)
    heard = Heard()
    watcher.watch(heard.watch(job_id, backend))
    service.until(lambda: service.polled)
    service.poll_error = None
    held, free = (service.submit(RenderRequest("x", name)).job.job_id for name in "BC")
    watcher.watch(heard.watch(held, backend))
    watcher.watch(heard.watch(free, replace(backend, identity="cloud:y")))
    heard.until(lambda: len(heard.jobs) >= 5)
    assert {one.job_id for one in heard.jobs} == {free}
    assert service.polled[0] == job_id
    assert set(service.polled[1:]) == {free}


def test_a_job_that_is_gone_ends_but_not_in_its_first_seconds(watcher, clock, job):
    _, service, backend = job
    heard = Heard()
    watch = heard.watch("vanished", backend)
    watcher.watch(watch)
    service.until(lambda: service.polled)
    assert heard.gone == []
    clock.ahead += pacing.YOUNG_S
    watcher.check_now(watch)
    heard.until(lambda: heard.gone)
    assert len(service.polled) >= BELIEVED_AFTER
    assert isinstance(heard.gone[0], JobNotFoundError)


def test_a_server_that_came_back_at_another_address_is_found_again(watcher, job):
    job_id, _, backend = job

    class Dead:
        def get_render(self, job_id, *, attempts):
            raise NetworkError("refused")

    restarted = replace(backend, refresh=None)
    heard = Heard()
    watch = heard.watch(job_id, replace(backend, client=Dead(), refresh=lambda: restarted))
    watcher.watch(watch)
    heard.until(lambda: heard.jobs)
    assert watch.backend is restarted


def test_a_bug_in_a_callback_does_not_stop_the_other_jobs(watcher, job, caplog):
    job_id, service, backend = job

    def fail(_):
        raise ValueError("a bug")

    watcher.watch(Watch(job_id, backend, fail, fail, fail))
    heard = Heard()
    watcher.watch(heard.watch(service.submit(RenderRequest("x", "B")).job.job_id, backend))
    heard.until(lambda: len(heard.jobs) > 2)
    assert "went wrong" in caplog.text


def test_a_lost_render_is_not_a_failed_one(session, cloud, service, monkeypatch):
    monkeypatch.setattr("kodisc_jupyter.renders.watch.pacing.LOST_AFTER_S", 0.0)
    service.instant = False
    states = []
    render = session.start(RenderRequest("x", "A"), backend=cloud, on_state=states.append)
    service.poll_error = NetworkError("refused")
    lost = threading.Event()
    render.subscribe(lambda state: state.phase is Phase.LOST and lost.set())
    session.check_now(render)
    assert lost.wait(DEADLINE_S)
    service.poll_error = None
    service.finish(render.job.job_id)
    session.check_now(render)
    assert render.wait(DEADLINE_S)
    assert render.state.note == ""
