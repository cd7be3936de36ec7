"""The life of the jobs on this server: enqueued, rendered in turn, settled, announced, kept."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import string
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.models import CANCELLED, JobStatus
from kodisc_jupyter.local.archive import Archive
from kodisc_jupyter.local.classroom.accounts import Accounts
from kodisc_jupyter.local.classroom.ledger import JobRecord, Ledger
from kodisc_jupyter.local.classroom.tariff import CreditBalance
from kodisc_jupyter.local.classroom.users import User
from kodisc_jupyter.local.fair_queue import FairQueue
from kodisc_jupyter.local.processes.executor import Executor
from kodisc_jupyter.local.render_request import quality_of, task_of
from kodisc_jupyter.local.server_limits import ServerLimits
from kodisc_jupyter.local.settlement import Announcer, Settlement, timestamp
from kodisc_jupyter.local.store import Store
from kodisc_jupyter.stage.task import Outcome

STARTS_LIMIT: Final = 3
"""How many servers may begin the same job: one that takes the server down is given up."""

SHARED_AFTER_S: Final = 10.0
"""A render that has taken so long shares its slot with somebody who has none."""

_OPEN: Final = (JobStatus.QUEUED, JobStatus.RUNNING)

log = logging.getLogger("kodisc_jupyter.local")


class LineFullError(Exception):
    """Too many jobs wait, or too many of this user's; no job was made. The message says which."""


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
        self._accounts = Accounts(ledger, clock)
        self._rendering: dict[str, asyncio.Task[None]] = {}
        self._begun: dict[str, float] = {}
        self._users: dict[str, User] = {}
        self._fresh: set[str] = set()
        self._named: Callable[[str], User | None] = lambda _: None
        self._open: dict[str, JobRecord] = {}
        self._archive = Archive(ledger, store, house.storage_bytes)
        self._settlement = Settlement(
            *(ledger, store, self._accounts, self._archive, clock),
            remark=", without a sandbox" if house.exposed else "",
        )
        self._unsettled: dict[str, Outcome] = {}

    def resume(
        self,
        users: Callable[[str], User | None],
        announcer: Announcer,
        *,
        keep_unknown_files: bool = False,
    ) -> None:
        """Go on where an earlier server stopped: whatever had not ended is rendered (again).

        With ``keep_unknown_files`` no video is deleted: the ledger that knew of it was lost.
        """
        self._settlement.announcer = announcer
        self._named = users
        for record in self._ledger.jobs():
            if record.status in _OPEN:
                self._open[record.job_id] = record
            else:
                self._archive.remember(record)
        self._store.remove_others(self._archive.with_files(), keep=keep_unknown_files)
        for record in list(self._open.values()):
            user = users(record.user)
            if user is not None:
                self._users[record.job_id] = user
            if user is None or record.starts >= STARTS_LIMIT:
                why = "the server stopped each time" if user else "its user was removed"
                self._fail(record, f"The render was given up: {why}. Nothing was charged.")
                continue
            self._keep(replace(record, status=JobStatus.QUEUED))
            self._line.join(user.name, record.job_id)
        self.fill()

    @property
    def open(self) -> int:
        """Jobs that wait or are rendered now."""
        return len(self._line) + len(self._rendering) + len(self._unsettled)

    def purse(self, user: User) -> CreditBalance:
        """What this user can spend now."""
        return self._accounts.balance(user)

    def withhold(self, users: Iterable[User]) -> None:
        """Grant nothing to these users that they may have spent already: the balances are lost."""
        for user in users:
            self._accounts.withhold(user)

    def enqueue(self, user: User, request: dict[str, Any], *, fresh: bool = False) -> JobRecord:
        """Make a job of a request that broke no rule, and set its reserve aside.

        ``fresh``: draw everything anew, whatever is kept of earlier renders.

        Raises:
            InsufficientCreditsError: the balance is below the reserve.
            LineFullError: too many jobs wait.
        """
        if len(self._line) >= self._house.line_limit:
            raise LineFullError("Too many jobs wait on this server. No job was made.")
        own = self._house.user_line_limit
        if own is not None and self._line.waiting(user.name) >= own:
            raise LineFullError(f"{own} of your jobs wait on this server already. No job was made.")
        left, taken = self._accounts.reserve(user, quality_of(request))
        record = JobRecord(
            job_id=_new_id(),
            user=user.name,
            token=secrets.token_urlsafe(16),
            request=request,
            status=JobStatus.QUEUED,
            created_at=timestamp(self._clock()),
            webhook_url=request.get("webhookUrl", user.webhook_url),
            reserved=taken,
        )
        self._ledger.keep(record, purse=(user.name, left) if left is not None else None)
        self._open[record.job_id] = record
        self._users[record.job_id] = user
        if fresh:
            self._fresh.add(record.job_id)
        self._line.join(user.name, record.job_id)
        self.fill()
        return record

    def work_of(self, job_id: str) -> tuple[Path, tuple[str, ...]] | None:
        """Where a job is rendered on this machine now, see :meth:`Executor.work_of`."""
        return self._executor.work_of(job_id) if job_id in self._rendering else None

    def segments_of(self, owner: str) -> list[Path]:
        """Where drawn pieces of a user's videos are kept on this machine."""
        return self._executor.segments_of(owner)

    def find(self, job_id: str) -> JobRecord | None:
        """The job with this ID, whoever's it is."""
        return self._open.get(job_id) or self._ledger.find(job_id)

    async def cancel(self, job_id: str) -> bool:
        """End a job at once, for nothing: as :data:`CANCELLED`; ``False`` when it had ended."""
        record = self._open.get(job_id)
        if record is None:
            return False
        self._fail(record, CANCELLED)  # in the ledger before anything else: it never comes back
        self._line.leave(record.user, job_id)
        self._unsettled.pop(job_id, None)
        if job_id in self._rendering:
            await self._executor.cancel(job_id)
        else:
            self._users.pop(job_id, None)
        return True

    async def cancel_all(self, user: str) -> list[str]:
        """End everything of a user that has not ended; the job IDs."""
        mine = [record.job_id for record in self._open.values() if record.user == user]
        # those that wait first: else one would begin in the place of one that was cancelled
        mine.sort(key=lambda job_id: job_id in self._rendering)
        return [job_id for job_id in mine if await self.cancel(job_id)]

    async def close(self) -> None:
        """Stop rendering; what has not ended is rendered by the next server."""
        tasks = list(self._rendering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def fill(self) -> None:
        """Begin as many waiting jobs as there is room for; called when the room may have grown."""
        for ended_id, outcome in list(self._unsettled.items()):
            self._settle(ended_id, outcome)
        while (job_id := self._next()) is not None:
            task = asyncio.get_running_loop().create_task(self._render(self._open[job_id]))
            self._rendering[job_id] = task

    def _next(self) -> str | None:
        """The waiting job that may begin now.

        A render that takes long keeps its slot, but somebody who has none gets one beside it.
        """
        if not self._line:
            return None
        slots, own = self._executor.slots, self._house.user_slots
        holding = Counter(self._users[job_id].name for job_id in self._rendering)
        if len(self._rendering) < slots:
            return self._line.next(lambda user: own is None or holding[user] < own)
        before = time.monotonic() - SHARED_AFTER_S
        shared = sum(began < before for began in self._begun.values())
        if own is None or len(self._rendering) >= slots + min(slots, shared):
            return None
        return self._line.next(lambda user: not holding[user])

    async def _render(self, record: JobRecord) -> None:
        job_id = record.job_id
        task = task_of(
            job_id, record.request, self._house.limits, owner=self._users[job_id].user_id
        )
        task = replace(task, fresh=job_id in self._fresh)
        self._fresh.discard(job_id)
        results = self._store.results_of(job_id)
        outcome = Outcome(CANCELLED, 0)
        try:
            if job_id in self._open:  # else it was cancelled at its very start
                outcome = await self._executor.render(task, results, lambda: self._began(job_id))
        except Exception:
            log.exception("job %s", job_id)
            outcome = Outcome("The render could not be done: an error of the server's own.", 0)
        finally:
            self._rendering.pop(job_id, None)
            began = self._begun.pop(job_id, None)
            if began is not None:
                self._line.charge(record.user, time.monotonic() - began)
        self._settle(job_id, outcome)
        self.fill()

    def _settle(self, job_id: str, outcome: Outcome) -> None:
        """End a job in the ledger; one that cannot be written now is tried again."""
        if job_id not in self._open:  # it was cancelled, and has ended
            self._store.remove(job_id)
            self._users.pop(job_id, None)
            return
        try:
            self._end(self._open[job_id], outcome)
        except sqlite3.Error as problem:
            log.warning("job %s could not be written: %s", job_id, problem)
            self._unsettled[job_id] = outcome
            return
        self._unsettled.pop(job_id, None)
        self._users.pop(job_id, None)

    def _began(self, job_id: str) -> None:
        record = self._open.get(job_id)
        if record is not None:
            self._begun[job_id] = time.monotonic()
            self._keep(replace(record, status=JobStatus.RUNNING, starts=record.starts + 1))

    def _end(self, record: JobRecord, outcome: Outcome) -> None:
        self._settlement.end(record, outcome, self._payer(record))
        self._open.pop(record.job_id, None)

    def _fail(self, record: JobRecord, error: str) -> None:
        self._settlement.fail(record, error, 0, self._payer(record))
        self._open.pop(record.job_id, None)

    def _payer(self, record: JobRecord) -> User | None:
        """The job's user as the users file has it now: credits may have been added since."""
        known = self._users.get(record.job_id)
        return known and (self._named(record.user) or known)

    def _keep(self, record: JobRecord) -> None:
        self._open[record.job_id] = record
        self._ledger.keep(record)


def _new_id() -> str:
    """An ID that looks like the vendor's and holds 113 random bits."""
    letters = string.ascii_lowercase + string.digits
    return "clx" + "".join(secrets.choice(letters) for _ in range(22))
