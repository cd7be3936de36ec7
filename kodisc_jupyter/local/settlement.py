"""How a job ends: charged or given back in the ledger, its files kept or removed, announced."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.local.archive import Archive
from kodisc_jupyter.local.classroom.accounts import Accounts
from kodisc_jupyter.local.classroom.ledger import JobRecord, Ledger
from kodisc_jupyter.local.classroom.tariff import CreditBalance, cost
from kodisc_jupyter.local.classroom.users import User
from kodisc_jupyter.local.render_request import quality_of
from kodisc_jupyter.local.store import Store
from kodisc_jupyter.stage.task import RESULT_FILES, Outcome

NOT_COVERED: Final = (
    "insufficient_credits: the render was finished, but it costs {cost} credits and the balance "
    "cannot cover that. The reserve was refunded; nothing was charged."
)

log = logging.getLogger("kodisc_jupyter.local")


class Announcer(Protocol):
    """Tells a job's webhook of its end."""

    def announce(self, record: JobRecord) -> None:
        """Deliver in the background."""


@dataclass
class Settlement:
    """Ends jobs. ``payer`` is whose reserve was taken, ``None`` where nobody can be paid back.

    ``remark`` is added to what the log says of each job.
    """

    ledger: Ledger
    store: Store
    accounts: Accounts
    archive: Archive
    clock: Callable[[], float]
    remark: str = ""
    announcer: Announcer | None = None

    def end(self, record: JobRecord, outcome: Outcome, payer: User | None) -> None:
        """End a job as its render did.

        Raises:
            sqlite3.Error: the ledger cannot be written now; nothing has changed.
        """
        error = outcome.error
        results = self.store.results_of(record.job_id)
        if error is None and not all((results / name).is_file() for name in RESULT_FILES):
            error = "The render ended without a video."
        if error is not None:
            self.fail(record, error, outcome.duration_ms, payer)
            return
        balance, charged = None, 0
        if record.reserved is not None and payer is not None:
            charged = cost(quality_of(record.request), outcome.duration_ms)
            balance = self.accounts.settled(payer, record.reserved, charged)
            if balance is None:
                self.fail(record, NOT_COVERED.format(cost=charged), outcome.duration_ms, payer)
                return
        size = self.store.size_of(record.job_id)
        completed = replace(record, status=JobStatus.COMPLETED, cost=charged, files_bytes=size)
        self._write(completed, outcome.duration_ms, balance)

    def fail(self, record: JobRecord, error: str, duration_ms: int, payer: User | None) -> None:
        """End a job without a video. It costs nothing here: the whole reserve goes back."""
        self.store.remove(record.job_id)
        balance = None
        if record.reserved is not None and payer is not None:
            balance = self.accounts.balance(payer).put_back(record.reserved)
        self._write(replace(record, status=JobStatus.FAILED, error=error), duration_ms, balance)

    def _write(self, record: JobRecord, duration_ms: int, balance: CreditBalance | None) -> None:
        ended = replace(
            record,
            request={name: value for name, value in record.request.items() if name != "code"},
            duration_ms=duration_ms,
            completed_at=timestamp(self.clock()),
            reserved=None,
        )
        self.ledger.keep(ended, purse=(record.user, balance) if balance is not None else None)
        self.archive.add(ended)
        log.info("job %s %s in %d ms%s", ended.job_id, ended.status, duration_ms, self.remark)
        if ended.webhook_url and self.announcer:
            self.announcer.announce(ended)


def timestamp(seconds: float) -> str:
    """ISO 8601 UTC with milliseconds."""
    at = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
