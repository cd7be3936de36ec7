"""The life of the jobs on this server: enqueued, rendered in turn, settled, announced, kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from kodisc_jupyter.api.models import DEFAULT_QUALITY, JobStatus, Quality
from kodisc_jupyter.local.classroom.ledger import JobRecord, Ledger
from kodisc_jupyter.local.classroom.tariff import RESERVE, CreditBalance, cost
from kodisc_jupyter.local.classroom.users import User
from kodisc_jupyter.local.fair_queue import FairQueue
from kodisc_jupyter.local.processes.executor import Executor
from kodisc_jupyter.local.render_request import task_of
from kodisc_jupyter.local.store import Store
from kodisc_jupyter.stage.task import RESULT_FILES, Limits, Outcome

STARTS_LIMIT: Final = 3
"""How many servers may begin the same job: one that takes the server down is given up."""

JOBS_KEPT_S: Final = 30 * 24 * 3600
"""Seconds for which a job is remembered after its end."""

NOT_COVERED: Final = (
    "insufficient_credits: the render was finished, but it costs {cost} credits and the balance "
    "cannot cover that. The reserve was refunded; nothing was charged."
)

log = logging.getLogger("kodisc_jupyter.local")


class InsufficientCreditsError(Exception):
    """The balance is below the reserve; no job was made."""

    def __init__(self, reserve: int, purse: CreditBalance) -> None:
        super().__init__(reserve, purse)
        self.reserve = reserve
        self.purse = purse


class LineFullError(Exception):
    """Too many jobs wait; no job was made."""


class Announcer(Protocol):
    """Tells a job's webhook of its end."""

    def announce(self, record: JobRecord) -> None:
        """Deliver in the background."""


@dataclass(frozen=True)
class ServerLimits:
    """The rules of this server: limits of a render, jobs that may wait, bytes of files kept."""

    limits: Limits = field(default_factory=Limits)
    line_limit: int = 1000
    storage_bytes: int = 10 << 30


class Jobs:
    """All jobs of this server. Used from its event loop only."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        executor: Executor,
        house: ServerLimits,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._executor = executor
        self._house = house
        self._clock = clock
        self._line = FairQueue()
        self._rendering: dict[str, asyncio.Task[None]] = {}
        self._users: dict[str, User] = {}
        self._announcer: Announcer | None = None
        self._records = {record.job_id: record for record in ledger.jobs()}

    def resume(self, users: Callable[[str], User | None], announcer: Announcer) -> None:
        """Go on where an earlier server stopped: whatever had not ended is rendered (again)."""
        self._announcer = announcer
        self._forget_old()
        self._store.remove_others(
            record.job_id for record in self._records.values() if record.files_bytes
        )
        for record in list(self._records.values()):
            if record.status not in (JobStatus.QUEUED, JobStatus.RUNNING):
                continue
            user = users(record.user)
            if user is not None:
                self._users[record.job_id] = user
            if user is None or record.starts >= STARTS_LIMIT:
                why = "the server stopped each time" if user else "its user was removed"
                self._fail(record, f"The render was given up: {why}. Nothing was charged.", 0)
                continue
            self._keep(replace(record, status=JobStatus.QUEUED))
            self._line.join(user.name, record.job_id)
        self._fill()

    @property
    def open(self) -> int:
        """Jobs that wait or are rendered now."""
        return len(self._line) + len(self._rendering)

    def purse(self, user: User) -> CreditBalance:
        """What this user can spend now."""
        if user.credits is None:
            return CreditBalance(0, 0)
        month = dt.datetime.fromtimestamp(self._clock(), dt.timezone.utc)
        return self._ledger.purse(
            user.name, credits_=user.credits, free=user.free, month=f"{month:%Y-%m}"
        )

    def enqueue(self, user: User, request: dict[str, Any]) -> JobRecord:
        """Make a job of a request that broke no rule, and set its reserve aside.

        Raises:
            InsufficientCreditsError: the balance is below the reserve.
            LineFullError: too many jobs wait.
        """
        if len(self._line) >= self._house.line_limit:
            raise LineFullError
        taken, left = None, None
        if user.credits is not None:
            reserve = RESERVE[_quality(request)]
            purse = self.purse(user)
            split = purse.take(reserve)
            if split is None:
                raise InsufficientCreditsError(reserve, purse)
            left, taken = split
        record = JobRecord(
            job_id=_new_id(),
            user=user.name,
            token=secrets.token_urlsafe(16),
            request=request,
            status=JobStatus.QUEUED,
            created_at=_timestamp(self._clock()),
            webhook_url=request.get("webhookUrl", user.webhook_url),
            reserved=taken,
        )
        self._records[record.job_id] = record
        self._ledger.keep(record, purse=(user.name, left) if left is not None else None)
        self._users[record.job_id] = user
        self._line.join(user.name, record.job_id)
        self._fill()
        return self._records[record.job_id]

    def find(self, job_id: str) -> JobRecord | None:
        """The job with this ID, whoever's it is."""
        return self._records.get(job_id)

    async def close(self) -> None:
        """Stop rendering; what has not ended is rendered by the next server."""
        tasks = list(self._rendering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def fill(self) -> None:
        """Begin as many waiting jobs as there is room for; called when the room may have grown."""
        self._fill()

    def _fill(self) -> None:
        while len(self._rendering) < self._executor.slots:
            job_id = self._line.next()
            if job_id is None:
                return
            task = asyncio.get_running_loop().create_task(self._render(self._records[job_id]))
            self._rendering[job_id] = task

    async def _render(self, record: JobRecord) -> None:
        job_id = record.job_id
        task = task_of(
            job_id, record.request, self._house.limits, owner=self._users[job_id].user_id
        )
        results = self._store.results_of(job_id)
        try:
            outcome = await self._executor.render(task, results, lambda: self._began(job_id))
        except Exception:
            log.exception("job %s", job_id)
            outcome = Outcome("The render could not be done: an error of the server's own.", 0)
        finally:
            self._rendering.pop(job_id, None)
        self._end(self._records[job_id], outcome)
        self._users.pop(job_id, None)
        self._fill()

    def _began(self, job_id: str) -> None:
        record = self._records[job_id]
        if record.status is JobStatus.QUEUED or record.status is JobStatus.RUNNING:
            self._keep(replace(record, status=JobStatus.RUNNING, starts=record.starts + 1))

    def _end(self, record: JobRecord, outcome: Outcome) -> None:
        error = outcome.error
        results = self._store.results_of(record.job_id)
        if error is None and not all((results / name).is_file() for name in RESULT_FILES):
            error = "The render ended without a video."
        if error is not None:
            self._fail(record, error, outcome.duration_ms)
            return
        purse, charged = None, 0
        if record.reserved is not None:
            charged = cost(_quality(record.request), outcome.duration_ms)
            split = self.purse(self._users[record.job_id]).put_back(record.reserved).take(charged)
            if split is None:
                self._fail(record, NOT_COVERED.format(cost=charged), outcome.duration_ms)
                return
            purse, _ = split
        self._finish(
            replace(
                record,
                status=JobStatus.COMPLETED,
                cost=charged,
                files_bytes=self._store.size_of(record.job_id),
            ),
            outcome.duration_ms,
            purse,
        )
        self._make_room()

    def _fail(self, record: JobRecord, error: str, duration_ms: int) -> None:
        """A failed job costs nothing here: the whole reserve goes back."""
        self._store.remove(record.job_id)
        user, purse = self._users.get(record.job_id), None
        if record.reserved is not None and user is not None:
            purse = self.purse(user).put_back(record.reserved)
        self._finish(replace(record, status=JobStatus.FAILED, error=error), duration_ms, purse)

    def _finish(self, record: JobRecord, duration_ms: int, purse: CreditBalance | None) -> None:
        ended = replace(
            record,
            duration_ms=duration_ms,
            completed_at=_timestamp(self._clock()),
            reserved=None,
        )
        self._records[record.job_id] = ended
        self._ledger.keep(ended, purse=(record.user, purse) if purse is not None else None)
        log.info("job %s %s in %d ms", ended.job_id, ended.status, duration_ms)
        if ended.webhook_url and self._announcer:
            self._announcer.announce(ended)

    def _keep(self, record: JobRecord) -> None:
        self._records[record.job_id] = record
        self._ledger.keep(record)

    def _make_room(self) -> None:
        """Remove the files of the oldest jobs until the rest is within the limit."""
        kept = [record for record in self._records.values() if record.files_bytes]
        total = sum(record.files_bytes for record in kept)
        for record in kept[:-1]:
            if total <= self._house.storage_bytes:
                return
            total -= record.files_bytes
            self._store.remove(record.job_id)
            self._keep(replace(record, files_bytes=0))

    def _forget_old(self) -> None:
        before = _timestamp(self._clock() - JOBS_KEPT_S)
        old = [each for each in self._records.values() if (each.completed_at or "9") < before]
        self._ledger.forget(each.job_id for each in old)
        for each in old:
            del self._records[each.job_id]


def _quality(request: dict[str, Any]) -> Quality:
    return Quality(request.get("quality", DEFAULT_QUALITY))


def _new_id() -> str:
    """An ID that looks like the vendor's and holds 113 random bits."""
    letters = string.ascii_lowercase + string.digits
    return "clx" + "".join(secrets.choice(letters) for _ in range(22))


def _timestamp(seconds: float) -> str:
    """ISO 8601 UTC with milliseconds."""
    at = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
