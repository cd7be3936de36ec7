"""From the accepted job to the video on this machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError
from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.renders import cancellation
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord, Step
from kodisc_jupyter.renders.media.store import Fetched, MediaStore, digest_of
from kodisc_jupyter.renders.render import Render, failure
from kodisc_jupyter.renders.state import Budget, Phase, Trouble
from kodisc_jupyter.renders.watch import progress
from kodisc_jupyter.renders.watch.balance import Balances
from kodisc_jupyter.renders.watch.fetch_pool import FetchPool
from kodisc_jupyter.renders.watch.outlines import find_outline
from kodisc_jupyter.renders.watch.pacing import RateLimiter
from kodisc_jupyter.renders.watch.poller import Poller, Watch

ERROR_CHARACTERS = 300
"""How many characters of the last line of a failed job's error the journal keeps: no code."""

_log = logging.getLogger(__name__)


@dataclass
class _Followed:
    """A render on its way: its row, the sentence that belongs to it, and its watch."""

    render: Render
    record: JobRecord
    note: str
    phase: str
    watch: Watch = field(init=False)


class JobTracker:
    """Watches jobs, writes their end down, fetches their files, and tells their renders.

    ``changed`` is called whenever a cost may have become known or a job got out of sight;
    ``budget`` says what is left once it did.
    """

    def __init__(
        self,
        journal: Journal,
        store: MediaStore,
        rate_limiter: RateLimiter,
        balances: Balances,
        *,
        changed: Callable[[], None],
        budget: Callable[[], Budget | None],
    ) -> None:
        self._journal = journal
        self._store = store
        self._balances = balances
        self._changed = changed
        self._budget = budget
        self._poller = Poller(rate_limiter)
        self._fetch_pool = FetchPool()
        self._live: dict[tuple[str, str], _Followed] = {}
        self._protected: set[str] = set()
        self._lock = Lock()

    def live(self, identity: str, job_id: str) -> Render | None:
        """The render of a job that is being followed."""
        with self._lock:
            followed = self._live.get((identity, job_id))
        return followed.render if followed else None

    def renders(self) -> list[Render]:
        """All renders that are being followed, oldest first."""
        with self._lock:
            return [followed.render for followed in self._live.values()]

    def protect(self, job_id: str) -> None:
        """Keep a job's files in the store as long as this kernel lives."""
        with self._lock:
            self._protected.add(job_id)

    def follow(self, render: Render, record: JobRecord) -> None:
        """Watch an accepted job until its render has ended."""
        assert record.job_id is not None
        assert render.backend is not None
        followed = self._begin(render, record, record.job_id)
        render.on_detach = partial(self._detach, followed)
        self._poller.watch(followed.watch)

    def settle(self, render: Render, record: JobRecord, job: Job) -> None:
        """Take in the end of a job that was learnt of without watching."""
        self._settle(self._begin(render, record, job.job_id), job)

    def check_now(self, render: Render) -> None:
        """Ask the server about a render next."""
        with self._lock:
            followed = [job for job in self._live.values() if job.render is render]
        for job in followed:
            self._poller.check_now(job.watch)

    def use(self, render: Render, backend: Backend) -> None:
        """Ask about a render with another client from now on: after a login, or a restart."""
        if render.backend is backend:
            return
        render.backend = backend
        with self._lock:
            followed = [job for job in self._live.values() if job.render is render]
        for job in followed:
            job.watch.backend = backend
            self._poller.check_now(job.watch)

    def close(self) -> None:
        """Stop watching everything; the jobs go on."""
        self._poller.close()

    def resume(self) -> None:
        """Watch again what :meth:`close` has left."""
        with self._lock:
            left = list(self._live.values())
        for followed in left:
            job = followed.render.state.job
            if not followed.watch.active and (job is None or not job.is_terminal):
                self._poller.watch(followed.watch)

    def _begin(self, render: Render, record: JobRecord, job_id: str) -> _Followed:
        assert render.backend is not None
        followed = _Followed(render, record, render.state.note, record.phase)
        followed.watch = Watch(
            job_id,
            render.backend,
            seen=partial(self._seen, followed),
            lost=partial(self._lost, followed),
            gone=partial(self._gone, followed),
        )
        with self._lock:
            self._live[record.identity, job_id] = followed
            self._protected.add(job_id)
        render.advance(cancellable=cancellation.is_possible(render.backend.kind))
        return followed

    def _over(self, followed: _Followed) -> None:
        with self._lock:
            key = followed.record.identity, followed.watch.job_id
            if self._live.get(key) is followed:
                del self._live[key]
        self._changed()

    def _seen(self, followed: _Followed, job: Job) -> None:
        if job.is_terminal:
            self._settle(followed, job)
            return
        phase = Phase.RUNNING if job.status is JobStatus.RUNNING else Phase.QUEUED
        if followed.phase != str(job.status):
            followed.phase = str(job.status)
            self._write(followed.record, followed.phase, phase=followed.phase)
        followed.render.advance(
            phase, job=job, note=followed.note, **self._progress(followed, phase)
        )

    def _progress(self, followed: _Followed, phase: Phase) -> dict[str, Any]:
        """How far a render on this machine is, and its newest picture."""
        backend = followed.watch.backend
        if phase is not Phase.RUNNING or backend.kind != "local":
            return {}
        job_id, known = followed.watch.job_id, followed.render.state
        return progress.read(backend.client, job_id, known, time.time())

    def _lost(self, followed: _Followed, trouble: Trouble, note: str) -> None:
        followed.render.advance(Phase.LOST, note=note, trouble=trouble)
        self._changed()

    def _gone(self, followed: _Followed, error: KodiscError) -> None:
        job_id = followed.watch.job_id
        self._write(followed.record, "unknown", step=Step.UNKNOWN, ended_at=time.time())
        problem = JobNotFoundError(
            f"The server no longer knows job {job_id}; what it cost, if anything, is unknown.",
            job_id=job_id,
            status=error.status,
            hint="It was made with another account's key, or removed. Ask once more with: "
            f"%kodisc show {job_id}",
        )
        followed.render.fail(problem, error=problem.message)
        self._over(followed)

    def _detach(self, followed: _Followed) -> None:
        self._poller.forget(followed.watch)
        followed.render.advance(
            Phase.DETACHED,
            note="No longer watched here; the job goes on. "
            f"Come back to it with: %kodisc show {followed.watch.job_id}",
        )
        self._over(followed)

    def _settle(self, followed: _Followed, job: Job) -> None:
        completed = job.status is JobStatus.COMPLETED
        followed.render.advance(cancellable=False)
        lines = (job.error or "").strip().splitlines()
        result = job.result
        self._write(
            followed.record,
            "settled",
            step=Step.COMPLETED if completed else Step.FAILED,
            phase=str(job.status),
            credits=job.credits_cost,
            duration_ms=job.duration_ms,
            ended_at=time.time(),
            video_url=result.video if result else None,
            poster_url=result.thumbnail if result else None,
            captions_url=result.captions if result else None,
            error=lines[-1][:ERROR_CHARACTERS] if lines else None,
        )
        if completed:
            followed.render.advance(
                Phase.FETCHING, job=job, cost=job.credits_cost, note=followed.note
            )
        else:
            followed.render.advance(job=job, cost=job.credits_cost, note=followed.note)
        followed.render.advance(budget=self._budget())
        self._changed()
        self._fetch_pool.do(partial(self._end, followed, job))

    def _end(self, followed: _Followed, job: Job) -> None:
        try:
            if job.status is JobStatus.FAILED:
                self._fail(followed, job)
            else:
                self._complete(followed, job)
        except Exception as error:  # whatever goes wrong here, the job has ended
            _log.exception("Job %s could not be brought home", job.job_id)
            note = f"{followed.note} {not_kept(error)}".strip()
            followed.render.advance(Phase.COMPLETED, job=job, note=note)
        finally:
            self._over(followed)

    def _fail(self, followed: _Followed, job: Job) -> None:
        balance = self._balances.ask(followed.watch.backend)
        if balance is not None:
            self._write(followed.record, "balanced", balance_after=balance)
        followed.render.fail(
            failure(followed.render.state, job),
            job=job,
            cost=job.credits_cost,
            error=job.error,
            balance_after=balance,
        )

    def _complete(self, followed: _Followed, job: Job) -> None:
        assert job.result is not None
        balance = self._balances.ask(followed.watch.backend)
        fetched = self._store.fetch(job.job_id, job.result, followed.watch.backend.client)
        self.keep(followed.record, fetched, balance_after=balance)
        note = followed.note
        if fetched.problem is not None:
            note = f"{note} {not_kept(fetched.problem)}".strip()
        followed.render.advance(
            Phase.COMPLETED,
            job=job,
            media=fetched.media,
            balance_after=balance,
            note=note,
            outline=find_outline(self._journal, followed.record, followed.watch.backend),
        )
        with self._lock:
            protected = set(self._protected)
        self._store.make_room(protected)

    def keep(self, record: JobRecord, fetched: Fetched, **values: Any) -> None:
        """Write down where a fetched video is."""
        video = fetched.media.video
        if video is not None:
            values.update(
                video=video, video_bytes=video.stat().st_size, video_sha256=digest_of(video)
            )
        if values:
            self._write(record, "fetched", **values)

    def _write(self, record: JobRecord, happened: str, /, **values: Any) -> None:
        """A journal that fails here is behind; running the cell again brings it up to date."""
        try:
            self._journal.update(record, happened, **values)
        except KodiscError:
            _log.exception("The journal could not be written about job %s", record.job_id)


def not_kept(problem: Exception) -> str:
    """The note of a completed render whose video is not on this machine."""
    return f"The video is not kept on this machine: {problem} It is still at its address."
