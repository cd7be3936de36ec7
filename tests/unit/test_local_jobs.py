"""The life of a job on the server, with an executor that does what it is told and a clock."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.local.classroom.accounts import InsufficientCreditsError
from kodisc_jupyter.local.classroom.generations import open_ledger
from kodisc_jupyter.local.classroom.ledger import WebhookDelivery
from kodisc_jupyter.local.classroom.tariff import CreditBalance
from kodisc_jupyter.local.classroom.users import Key, User, new_key
from kodisc_jupyter.local.classroom.webhooks import Webhooks
from kodisc_jupyter.local.jobs import Jobs, LineFullError
from kodisc_jupyter.local.server_limits import ServerLimits
from kodisc_jupyter.local.store import FolderTakenError, Store
from kodisc_jupyter.stage.task import RESULT_FILES, Outcome
from tests.support.event_loop import run_apart

REQUEST = {"code": "x", "className": "A", "quality": "low", "metadata": {"n": 1}}
NEW_YEAR = 1_767_225_600.0  # 2026-01-01T00:00:00Z


class Told:
    """An executor whose renders end when the test says so."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self.open: dict[str, tuple] = {}
        self.order: list[str] = []

    async def render(self, task, results, began):
        began()
        self.order.append(task.job_id)
        ended = asyncio.get_running_loop().create_future()
        self.open[task.job_id] = (ended, results)
        return await ended

    def end(self, job_id, *, error=None, duration_ms=1000, size=10):
        ended, results = self.open.pop(job_id)
        if error is None:
            results.mkdir(parents=True)
            for name in RESULT_FILES:
                (results / name).write_bytes(b"x" * size)
        ended.set_result(Outcome(error, duration_ms))

    async def cancel(self, job_id):
        self.end(job_id, error="The render was cancelled.", duration_ms=700)

    async def close(self):
        pass


class World:
    """A server's insides in one folder; :meth:`restart` is a kill and a new start."""

    def __init__(self, folder, user, **house) -> None:
        self.folder, self.user, self.house = folder, user, ServerLimits(**house)
        self.now = NEW_YEAR
        self.announced: list = []
        self.store = None
        self._open()

    def _open(self):
        self.store = Store(self.folder)
        self.opened = open_ledger(self.store.ledger)
        self.ledger = self.opened.ledger
        self.executor = Told()
        self.jobs = Jobs(self.ledger, self.store, self.executor, self.house, clock=lambda: self.now)

    def announce(self, record):
        self.announced.append(record.job_id)

    def resume(self):
        self.jobs.resume(lambda name: self.user if name == self.user.name else None, self)

    async def restart(self):
        await self.jobs.close()
        self.close()
        self._open()
        self.resume()
        await self.turn()

    def close(self):
        self.ledger.close()
        self.store.close(delete=False)

    @staticmethod
    async def turn():
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
def world(tmp_path):
    worlds = []

    def make(credits_=None, free=0, **house) -> World:
        user = User("ada", (Key.of(new_key()),), credits=credits_, free=free)
        worlds.append(World(tmp_path / "data", user, **house))
        return worlds[-1]

    yield make
    for each in worlds:
        each.close()


def run(test):
    """Run a test's coroutine."""
    return run_apart(test())


def test_a_job_goes_from_queued_to_running_to_completed(world):
    async def test():
        here = world()
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        assert record.status is JobStatus.QUEUED
        assert record.created_at == "2026-01-01T00:00:00.000Z"
        await here.turn()
        assert here.jobs.find(record.job_id).status is JobStatus.RUNNING
        here.now += 2.5
        here.executor.end(record.job_id, duration_ms=2345)
        await here.turn()
        ended = here.jobs.find(record.job_id)
        assert (ended.status, ended.duration_ms) == (JobStatus.COMPLETED, 2345)
        assert ended.completed_at == "2026-01-01T00:00:02.500Z"
        answer = ended.answer("http://here").to_json()
        assert answer["metadata"] == {"n": 1}
        assert answer["result"]["video"].startswith("http://here/")
        assert here.jobs.open == 0

    run(test)


def test_ids_look_like_the_vendors_and_never_repeat(world):
    async def test():
        here = world()
        ids = {here.jobs.enqueue(here.user, dict(REQUEST)).job_id for _ in range(50)}
        assert len(ids) == 50
        assert all(len(each) == 25 and each.startswith("clx") and each.isalnum() for each in ids)
        await here.jobs.close()

    run(test)


def test_the_reserve_is_taken_and_the_rest_settled(world):
    async def test():
        here = world(credits_=100, free=3)
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        assert here.jobs.purse(here.user) == CreditBalance(98, 0)
        await here.turn()
        here.executor.end(record.job_id, duration_ms=500)
        await here.turn()
        assert here.jobs.find(record.job_id).cost == 1
        assert here.jobs.purse(here.user) == CreditBalance(100, 2)

    run(test)


def test_a_cost_over_the_balance_fails_and_refunds(world):
    async def test():
        here = world(credits_=6)
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        await here.turn()
        here.executor.end(record.job_id, duration_ms=60_000)
        await here.turn()
        ended = here.jobs.find(record.job_id)
        assert ended.status is JobStatus.FAILED
        assert ended.error.startswith("insufficient_credits")
        assert ended.cost == 0
        assert here.jobs.purse(here.user) == CreditBalance(6, 0)
        assert not here.store.results_of(record.job_id).exists()

    run(test)


def test_below_the_reserve_there_is_no_job(world):
    async def test():
        here = world(credits_=4)
        with pytest.raises(InsufficientCreditsError) as short:
            here.jobs.enqueue(here.user, dict(REQUEST))
        assert (short.value.reserve, short.value.purse.total) == (5, 4)
        assert here.jobs.open == 0

    run(test)


def test_a_full_line_takes_no_more(world):
    async def test():
        here = world(line_limit=2)
        for _ in range(3):
            here.jobs.enqueue(here.user, dict(REQUEST))
        with pytest.raises(LineFullError):
            here.jobs.enqueue(here.user, dict(REQUEST))
        await here.jobs.close()

    run(test)


def test_a_render_without_files_is_a_failure(world):
    async def test():
        here = world()
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        await here.turn()
        ended, _ = here.executor.open.pop(record.job_id)
        ended.set_result(Outcome(None, 5))
        await here.turn()
        assert here.jobs.find(record.job_id).error == "The render ended without a video."

    run(test)


def test_an_executor_that_raises_fails_the_job_and_goes_on(world):
    async def test():
        here = world()
        first, second = (here.jobs.enqueue(here.user, dict(REQUEST)) for _ in range(2))
        await here.turn()
        here.executor.open.pop(first.job_id)[0].set_exception(OSError("disk"))
        await here.turn()
        assert "an error of the server's own" in here.jobs.find(first.job_id).error
        assert here.executor.order == [first.job_id, second.job_id]
        await here.jobs.close()

    run(test)


def test_a_restart_renders_what_had_not_ended_in_its_order(world):
    async def test():
        here = world(credits_=100)
        jobs = [here.jobs.enqueue(here.user, dict(REQUEST)).job_id for _ in range(3)]
        await here.turn()
        await here.restart()
        assert here.jobs.find(jobs[0]).status is JobStatus.RUNNING
        assert here.jobs.purse(here.user) == CreditBalance(85, 0)
        for job in jobs:
            here.executor.end(job, duration_ms=500)
            await here.turn()
        assert here.executor.order == jobs
        assert here.jobs.purse(here.user) == CreditBalance(97, 0)

    run(test)


def test_a_job_that_three_servers_began_is_given_up_and_refunded(world):
    async def test():
        here = world(credits_=10)
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        for _ in range(3):
            assert here.jobs.find(job).status is JobStatus.RUNNING
            await here.restart()
        assert here.jobs.find(job).error == (
            "The render was given up: the server stopped each time. Nothing was charged."
        )
        assert here.jobs.purse(here.user) == CreditBalance(10, 0)

    run(test)


def test_free_credits_begin_anew_with_the_month(world):
    async def test():
        here = world(credits_=5, free=8)
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        here.executor.end(job, duration_ms=3000)
        await here.turn()
        assert here.jobs.purse(here.user) == CreditBalance(5, 2)
        here.now += 31 * 24 * 3600
        assert here.jobs.purse(here.user) == CreditBalance(5, 8)

    run(test)


def test_the_oldest_files_make_room(world):
    async def test():
        here = world(storage_bytes=100)
        jobs = []
        for _ in range(3):
            jobs.append(here.jobs.enqueue(here.user, dict(REQUEST)).job_id)
            await here.turn()
            here.executor.end(jobs[-1], size=15)
            await here.turn()
        assert [here.jobs.find(job).files_bytes for job in jobs] == [0, 45, 45]
        assert [here.store.results_of(job).exists() for job in jobs] == [False, True, True]

    run(test)


def test_a_jump_of_the_clock_forgets_no_job_and_no_file(world):
    async def test():
        here = world()
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        here.executor.end(job)
        await here.turn()
        here.now += 400 * 24 * 3600
        await here.restart()
        assert here.jobs.find(job).status is JobStatus.COMPLETED
        assert here.store.results_of(job).exists()

    run(test)


def test_the_oldest_of_a_users_very_many_jobs_are_forgotten(world, monkeypatch):
    monkeypatch.setattr("kodisc_jupyter.local.archive.JOBS_KEPT", 2)

    async def test():
        here = world()
        jobs = []
        for _ in range(3):
            jobs.append(here.jobs.enqueue(here.user, dict(REQUEST)).job_id)
            await here.turn()
            here.executor.end(jobs[-1])
            await here.turn()
        assert [here.jobs.find(job) is None for job in jobs] == [True, False, False]
        assert not here.store.results_of(jobs[0]).exists()

    run(test)


def test_a_clock_that_jumps_grants_no_month_twice(world):
    async def test():
        here = world(credits_=0, free=8)
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        here.executor.end(job, duration_ms=4000)
        await here.turn()
        assert here.jobs.purse(here.user) == CreditBalance(0, 0)
        here.now += 31 * 24 * 3600
        assert here.jobs.purse(here.user) == CreditBalance(0, 8)
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        here.executor.end(job, duration_ms=4000)
        await here.turn()
        for jump in (-31, 31, -62, 62):
            here.now += jump * 24 * 3600
            assert here.jobs.purse(here.user) == CreditBalance(0, 0)

    run(test)


def test_an_ended_jobs_code_is_dropped(world):
    async def test():
        here = world()
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        here.executor.end(job)
        await here.turn()
        assert "code" not in here.jobs.find(job).request
        assert here.jobs.find(job).answer("http://here").to_json()["metadata"] == {"n": 1}

    run(test)


def test_a_user_may_not_fill_the_line(world):
    async def test():
        here = world(user_line_limit=2)
        other = User("bob", (Key.of(new_key()),))
        for _ in range(3):
            here.jobs.enqueue(here.user, dict(REQUEST))
            await here.turn()
        with pytest.raises(LineFullError, match="2 of your jobs wait"):
            here.jobs.enqueue(here.user, dict(REQUEST))
        here.jobs.enqueue(other, dict(REQUEST))
        await here.jobs.close()

    run(test)


def test_a_user_holds_no_more_slots_than_allowed_and_long_renders_share_theirs(world, monkeypatch):
    async def test():
        here = world(user_slots=1)
        here.executor.slots = 2
        bob, eve = (User(name, (Key.of(new_key()),)) for name in ("bob", "eve"))
        mine = [here.jobs.enqueue(here.user, dict(REQUEST)).job_id for _ in range(2)]
        await here.turn()
        assert here.executor.order == mine[:1]
        theirs = here.jobs.enqueue(bob, dict(REQUEST)).job_id
        late = here.jobs.enqueue(eve, dict(REQUEST)).job_id
        await here.turn()
        assert here.executor.order == [mine[0], theirs]
        monkeypatch.setattr("kodisc_jupyter.local.jobs.SHARED_AFTER_S", -1.0)
        here.jobs.fill()
        await here.turn()
        assert here.executor.order == [mine[0], theirs, late]
        await here.jobs.close()

    run(test)


def test_a_job_whose_end_cannot_be_written_is_settled_later(world, monkeypatch):
    async def test():
        here = world(credits_=100)
        job = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        await here.turn()
        with monkeypatch.context() as full:
            full.setattr(here.ledger, "keep", _disk_full)
            here.executor.end(job, duration_ms=500)
            await here.turn()
            assert here.jobs.open == 1
        here.jobs.fill()
        assert here.jobs.find(job).status is JobStatus.COMPLETED
        assert here.jobs.purse(here.user) == CreditBalance(99, 0)
        assert here.jobs.open == 0

    run(test)


def _disk_full(*_, **__):
    raise sqlite3.OperationalError("database or disk is full")


def test_the_files_of_whoever_keeps_most_make_room(world):
    async def test():
        here = world(storage_bytes=100)
        bob = User("bob", (Key.of(new_key()),))
        jobs = []
        for user, size in ((bob, 5), (here.user, 20), (here.user, 20)):
            jobs.append(here.jobs.enqueue(user, dict(REQUEST)).job_id)
            await here.turn()
            here.executor.end(jobs[-1], size=size)
            await here.turn()
        assert [here.jobs.find(job).files_bytes for job in jobs] == [15, 0, 60]

    run(test)


@pytest.mark.parametrize(
    ("asked", "told"),
    [({}, "default"), ({"webhookUrl": None}, None), ({"webhookUrl": "https://x"}, "https://x")],
)
def test_a_webhook_url_has_three_states(world, asked, told):
    async def test():
        here = world()
        here.user = User("ada", here.user.keys, webhook_url="default")
        here.resume()
        record = here.jobs.enqueue(here.user, {**REQUEST, **asked})
        assert record.webhook_url == told
        await here.turn()
        here.executor.end(record.job_id)
        await here.turn()
        assert here.announced == ([] if told is None else [record.job_id])

    run(test)


def test_a_folder_has_one_owner_at_a_time(tmp_path):
    store = Store(tmp_path / "data")
    with pytest.raises(FolderTakenError, match="--data-dir"):
        Store(tmp_path / "data")
    store.close(delete=True)
    assert not (tmp_path / "data").exists()


def test_a_ledger_holds_any_text_that_json_can(tmp_path, world):
    async def test():
        here = world()
        request = {**REQUEST, "code": "\ud800", "metadata": ["\0", 10**40, 1.5, None]}
        job = here.jobs.enqueue(here.user, request).job_id
        await here.restart()
        assert here.jobs.find(job).request == request
        await here.jobs.close()

    run(test)


class Post(Webhooks):
    """Webhooks whose attempts end as told."""

    def __init__(self, outcomes, **options) -> None:
        super().__init__(origin="http://here", secret=lambda _: "whsec_x", **options)
        self.outcomes, self.times, self.clock = outcomes, [], options["clock"]

    async def _post(self, record, body):
        self.times.append(self.clock())
        return self.outcomes.pop(0) if self.outcomes else "answered 500"


def test_a_webhook_is_tried_four_times_on_the_pages_schedule(world, monkeypatch):
    async def test():
        here = world()
        job = here.jobs.enqueue(here.user, {**REQUEST, "webhookUrl": "https://x"})
        asleep = asyncio.sleep

        async def sleep(seconds):
            here.now += seconds
            await asleep(0)

        monkeypatch.setattr("kodisc_jupyter.local.classroom.webhooks.asyncio.sleep", sleep)
        webhooks = Post([], ledger=here.ledger, clock=lambda: here.now)
        webhooks.announce(job)
        await asyncio.gather(*webhooks._tasks)
        began = webhooks.times[0]
        assert [time - began for time in webhooks.times] == [0, 30, 330, 2130]
        assert here.ledger.deliveries() == []
        await webhooks.close()
        await here.jobs.close()

    run(test)


def test_a_webhook_that_was_not_delivered_is_delivered_by_the_next_server(world):
    async def test():
        here = world()
        job = here.jobs.enqueue(here.user, {**REQUEST, "webhookUrl": "https://x"})
        first = Post(["answered 500"], ledger=here.ledger, clock=lambda: here.now)
        first.announce(job)
        await here.turn()
        await first.close()
        assert here.ledger.deliveries() == [WebhookDelivery(job.job_id, 1, NEW_YEAR + 30)]
        here.now += 31
        second = Post([None], ledger=here.ledger, clock=lambda: here.now)
        second.resume(here.jobs.find)
        await asyncio.gather(*second._tasks)
        assert second.times == [NEW_YEAR + 31]
        assert here.ledger.deliveries() == []
        await second.close()
        await here.jobs.close()

    run(test)


def test_the_ledger_is_written_ahead(tmp_path):
    ledger = open_ledger(tmp_path / "ledger").ledger
    with sqlite3.connect(tmp_path / "ledger") as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    ledger.close()


# Cancelling


def cancelled(here, job_id):
    record = here.jobs.find(job_id)
    return (record.status, record.error, record.cost) == (JobStatus.FAILED, "cancelled", 0)


def test_a_job_that_is_rendered_can_be_cancelled_for_nothing(world):
    async def test():
        here = world(credits_=100)
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        await here.turn()
        assert await here.jobs.cancel(record.job_id)
        assert cancelled(here, record.job_id)
        await here.turn()
        assert cancelled(here, record.job_id)
        assert here.jobs.purse(here.user) == CreditBalance(100, 0)
        assert here.jobs.open == 0
        assert not here.store.results_of(record.job_id).exists()

    run(test)


def test_a_job_that_waits_leaves_the_line_when_it_is_cancelled(world):
    async def test():
        here = world(credits_=100)
        first, second, third = (
            here.jobs.enqueue(here.user, dict(REQUEST)).job_id for _ in range(3)
        )
        await here.turn()
        assert await here.jobs.cancel(second)
        assert cancelled(here, second)
        here.executor.end(first)
        await here.turn()
        assert here.executor.order == [first, third]
        here.executor.end(third)
        await here.turn()

    run(test)


def test_a_job_cancelled_in_the_moment_it_would_begin_does_not_begin(world):
    async def test():
        here = world()
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        here.executor.open[record.job_id] = None  # nothing is there to be ended yet
        here.executor.end = lambda *_, **__: None
        assert await here.jobs.cancel(record.job_id)
        await here.turn()
        assert here.executor.order == []
        assert here.jobs.open == 0

    run(test)


def test_an_ended_job_cannot_be_cancelled(world):
    async def test():
        here = world()
        record = here.jobs.enqueue(here.user, dict(REQUEST))
        await here.turn()
        here.executor.end(record.job_id)
        await here.turn()
        assert not await here.jobs.cancel(record.job_id)
        assert here.jobs.find(record.job_id).status is JobStatus.COMPLETED

    run(test)


def test_what_was_cancelled_is_not_begun_by_the_next_server(world):
    async def test():
        here = world(credits_=100)
        jobs = [here.jobs.enqueue(here.user, dict(REQUEST)).job_id for _ in range(3)]
        await here.turn()
        assert sorted(await here.jobs.cancel_all("ada")) == sorted(jobs)
        assert here.executor.order == jobs[:1]
        await here.restart()
        assert here.executor.order == []
        assert all(cancelled(here, job_id) for job_id in jobs)

    run(test)


def test_all_of_one_user_is_not_all_of_everybody(world):
    async def test():
        here = world()
        ben = User("ben", (Key.of(new_key()),), credits=None, free=0)
        hers = here.jobs.enqueue(here.user, dict(REQUEST)).job_id
        his = here.jobs.enqueue(ben, dict(REQUEST)).job_id
        await here.turn()
        assert await here.jobs.cancel_all("ben") == [his]
        assert here.jobs.find(hers).status is JobStatus.RUNNING
        here.executor.end(hers)
        await here.turn()

    run(test)
