"""What must survive a restart of the server: jobs, credits, webhooks still to be delivered.

SQLite, in the server's own folder and used by the server alone; every method is one transaction.
Texts are stored as JSON, which holds whatever a request may hold. The balances stand in a second
file, too, so that a damaged database gives nobody their credits back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.models import Job, JobStatus, RenderResult
from kodisc_jupyter.local.classroom.tariff import CreditBalance
from kodisc_jupyter.local.store import write_private
from kodisc_jupyter.stage.task import CAPTIONS, THUMBNAIL, VIDEO

BALANCES: Final = "credits.json"
"""Each user's account, written beside the ledger at every change."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY, job_id TEXT UNIQUE NOT NULL, user TEXT NOT NULL,
    status TEXT NOT NULL, created_at TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    user TEXT PRIMARY KEY, paid INTEGER NOT NULL, free INTEGER NOT NULL,
    granted INTEGER NOT NULL, allowance INTEGER NOT NULL, month TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    job_id TEXT PRIMARY KEY, attempts INTEGER NOT NULL, due REAL NOT NULL);
"""

log = logging.getLogger("kodisc_jupyter.local")


@dataclass(frozen=True)
class JobRecord:
    """A job as the server keeps it. ``token`` makes its file URLs unguessable.

    ``webhook_url`` is where its end is announced, if anywhere. ``reserved`` is what was set aside
    for it and has not been settled. ``starts`` counts the servers that began to render it.
    """

    job_id: str
    user: str
    token: str = field(repr=False)
    request: dict[str, Any]
    status: JobStatus
    created_at: str
    webhook_url: str | None = None
    reserved: CreditBalance | None = None
    cost: int = 0
    duration_ms: int | None = None
    error: str | None = None
    completed_at: str | None = None
    files_bytes: int = 0
    starts: int = 0

    def answer(self, origin: str, *, exposed: bool = False) -> Job:
        """The job as the API tells it; ``origin`` is the server's ``http://host:port``."""
        result = None
        if self.status is JobStatus.COMPLETED:
            base = f"{origin}/{self.token}/r/{self.job_id}"
            result = RenderResult(f"{base}/{VIDEO}", f"{base}/{THUMBNAIL}", f"{base}/{CAPTIONS}")
        return Job(
            job_id=self.job_id,
            status=self.status,
            credits_cost=self.cost,
            duration_ms=self.duration_ms,
            result=result,
            error=self.error,
            metadata=self.request.get("metadata"),
            created_at=self.created_at,
            completed_at=self.completed_at,
            exposed=exposed,
        )


@dataclass(frozen=True)
class WebhookDelivery:
    """A webhook still to be delivered: attempts made, and when the next is due (epoch seconds)."""

    job_id: str
    attempts: int
    due: float


class Ledger:
    """The server's records, in one SQLite file; :mod:`.generations` opens it and mends a loss."""

    def __init__(self, path: Path) -> None:
        self._balances = path.with_name(BALANCES)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def copy(self, path: Path) -> bool:
        """Copy everything to another file; whether SQLite finds that copy sound."""
        with contextlib.closing(sqlite3.connect(path)) as copy:
            self._db.backup(copy)
            return bool(copy.execute("PRAGMA quick_check").fetchone() == ("ok",))

    def keep(self, *records: JobRecord, purse: tuple[str, CreditBalance] | None = None) -> None:
        """Write jobs, and a user's credits with them, in one step."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for record in records:
                self._db.execute(
                    "INSERT INTO jobs (job_id, user, status, created_at, record) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (job_id) DO UPDATE SET "
                    "status = excluded.status, record = excluded.record",
                    (
                        record.job_id,
                        record.user,
                        record.status.value,
                        record.created_at,
                        _to_text(record),
                    ),
                )
            if purse is not None:
                user, left = purse
                self._db.execute(
                    "UPDATE accounts SET paid = ?, free = ? WHERE user = ?",
                    (left.paid, left.free, user),
                )
        if purse is not None:
            self._write_balances()

    def jobs(self) -> Iterator[JobRecord]:
        """All jobs, in the order in which they were enqueued."""
        for (text,) in self._db.execute("SELECT record FROM jobs ORDER BY number"):
            yield _from_text(text)

    def find(self, job_id: str) -> JobRecord | None:
        """The job with this ID."""
        row = self._db.execute("SELECT record FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        return None if row is None else _from_text(row[0])

    def forget(self, job_ids: Iterable[str]) -> None:
        """Delete jobs."""
        with self._db:
            self._db.executemany(
                "DELETE FROM jobs WHERE job_id = ?", [(job_id,) for job_id in job_ids]
            )

    def purse(self, user: str, *, credits_: int, free: int, month: str) -> CreditBalance:
        """A user's credits, ``month`` being the present one (``YYYY-MM``).

        ``credits_`` is what the user was given in all: a higher number than before is a top-up.
        ``free`` is the allowance, which begins anew with every month that is later than all
        before: a clock that was put back, or ahead and back, grants nothing twice.
        """
        row = self._db.execute(
            "SELECT paid, free, granted, allowance, month FROM accounts WHERE user = ?", (user,)
        ).fetchone()
        if row is None:
            purse = CreditBalance(credits_, free)
            self._set_account(user, purse, credits_, free, month)
            return purse
        paid, free_left, granted, allowance, at = row
        if (granted, allowance) == (credits_, free) and month <= at:
            return CreditBalance(paid, free_left)
        left = free if month > at else max(0, free_left + free - allowance)
        purse = CreditBalance(max(0, paid + credits_ - granted), left)
        self._set_account(user, purse, credits_, free, max(month, at))
        return purse

    def withhold(self, user: str, *, credits_: int, free: int, month: str) -> None:
        """Count as spent what a user was given whose account is not known: it may be."""
        if self._db.execute("SELECT 1 FROM accounts WHERE user = ?", (user,)).fetchone() is None:
            self._set_account(user, CreditBalance(0, 0), credits_, free, month)

    def restore_balances(self) -> bool:
        """Take the accounts from the balances file; whether there is a sound one."""
        try:
            accounts = json.loads(self._balances.read_text(encoding="utf-8"))
            rows = [
                (str(user), int(paid), int(free), int(granted), int(allowance), str(month))
                for user, paid, free, granted, allowance, month in accounts
            ]
        except (OSError, ValueError, TypeError):
            return False
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)", rows)
        return True

    def _set_account(
        self, user: str, purse: CreditBalance, granted: int, free: int, month: str
    ) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
            (user, purse.paid, purse.free, granted, free, month),
        )
        self._write_balances()

    def _write_balances(self) -> None:
        """Write the accounts a second time, for the day on which the ledger is lost."""
        accounts = self._db.execute("SELECT * FROM accounts ORDER BY user").fetchall()
        try:
            write_private(self._balances, json.dumps(accounts))
        except OSError as problem:
            log.warning("%s could not be written: %s", self._balances, problem.strerror)

    def deliveries(self) -> list[WebhookDelivery]:
        """The webhooks still to be delivered."""
        rows = self._db.execute("SELECT job_id, attempts, due FROM deliveries")
        return [WebhookDelivery(*row) for row in rows]

    def keep_delivery(self, delivery: WebhookDelivery) -> None:
        """Write a webhook that is still to be delivered."""
        self._db.execute(
            "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)",
            (delivery.job_id, delivery.attempts, delivery.due),
        )

    def drop_delivery(self, job_id: str) -> None:
        """A webhook was delivered, or given up."""
        self._db.execute("DELETE FROM deliveries WHERE job_id = ?", (job_id,))


def _to_text(record: JobRecord) -> str:
    fields = dict(vars(record))
    fields["status"] = record.status.value
    fields["reserved"] = vars(record.reserved) if record.reserved else None
    return json.dumps(fields)


def _from_text(text: str) -> JobRecord:
    fields = json.loads(text)
    reserved = fields.pop("reserved")
    record = JobRecord(**{**fields, "status": JobStatus(fields["status"])})
    return replace(record, reserved=CreditBalance(**reserved)) if reserved else record
