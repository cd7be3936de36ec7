"""Jobs that have ended: remembered in the ledger, their files kept while there is room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from kodisc_jupyter.local.classroom.ledger import JobRecord, Ledger
from kodisc_jupyter.local.store import Store

JOBS_KEPT: Final = 1000
"""Ended jobs that are remembered of each user. No clock decides: clocks jump."""


@dataclass(frozen=True)
class _Ended:
    """What is kept in memory of a job that has ended; the rest is in the ledger."""

    user: str
    files_bytes: int


class Archive:
    """The ended jobs, oldest first."""

    def __init__(self, ledger: Ledger, store: Store, storage_bytes: int) -> None:
        self._ledger = ledger
        self._store = store
        self._storage_bytes = storage_bytes
        self._ended: dict[str, _Ended] = {}

    def remember(self, record: JobRecord) -> None:
        """A job that an earlier server ended."""
        self._ended[record.job_id] = _Ended(record.user, record.files_bytes)

    def with_files(self) -> list[str]:
        """The jobs whose files are kept."""
        return [job_id for job_id, ended in self._ended.items() if ended.files_bytes]

    def add(self, record: JobRecord) -> None:
        """A job has ended: older files make room for its own, older jobs are forgotten."""
        self.remember(record)
        if record.files_bytes:
            self._make_room(record.job_id)
        self._forget_old(record.user)

    def _make_room(self, newest: str) -> None:
        """Remove the oldest files of whoever keeps most, until all is within the limit."""
        counts = Counter[str]()
        for job in self._ended.values():
            counts[job.user] += job.files_bytes
        total = sum(counts.values())
        while total > self._storage_bytes:
            theirs = {
                job_id: job
                for job_id, job in self._ended.items()
                if job.files_bytes and job_id != newest
            }
            if not theirs:
                return
            most = max({job.user for job in theirs.values()}, key=lambda user: counts[user])
            job_id = next(job_id for job_id, job in theirs.items() if job.user == most)
            counts[most] -= theirs[job_id].files_bytes
            total -= theirs[job_id].files_bytes
            self._remove_files(job_id)

    def _remove_files(self, job_id: str) -> None:
        self._store.remove(job_id)
        self._ended[job_id] = replace(self._ended[job_id], files_bytes=0)
        record = self._ledger.find(job_id)
        if record is not None:
            self._ledger.keep(replace(record, files_bytes=0))

    def _forget_old(self, user: str) -> None:
        theirs = [job_id for job_id, each in self._ended.items() if each.user == user]
        old = theirs[:-JOBS_KEPT]
        self._ledger.forget(old)
        for job_id in old:
            self._store.remove(job_id)
            del self._ended[job_id]
