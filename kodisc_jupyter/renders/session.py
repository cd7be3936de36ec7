"""All renders of one kernel: started once, paid once, found again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import Credits, Job, RenderRequest
from kodisc_jupyter.renders import cancellation
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.process import is_alive
from kodisc_jupyter.renders.journal.record import ADOPTED, JobRecord, Step
from kodisc_jupyter.renders.media.convert import save_video
from kodisc_jupyter.renders.media.store import MediaStore, media_limit_bytes
from kodisc_jupyter.renders.media.stored_video import fetch_again, find
from kodisc_jupyter.renders.paths import journal_path, media_path
from kodisc_jupyter.renders.rehearsal import Rehearsal
from kodisc_jupyter.renders.render import Render, Subscriber
from kodisc_jupyter.renders.report import Report, report_of, state_of
from kodisc_jupyter.renders.start.estimator import Estimator
from kodisc_jupyter.renders.start.identity import identify
from kodisc_jupyter.renders.start.intent import new_record, state_from
from kodisc_jupyter.renders.start.reuse import Reuse
from kodisc_jupyter.renders.start.session_budget import SessionBudget
from kodisc_jupyter.renders.start.starter import RenderStarter, StartOptions
from kodisc_jupyter.renders.state import ENDED, Estimate
from kodisc_jupyter.renders.watch.balance import Balances
from kodisc_jupyter.renders.watch.pacing import RateLimiter
from kodisc_jupyter.renders.watch.tracker import JobTracker


class RenderSession:
    """One per kernel. ``home`` is ``KODISC_HOME``; ``max_credits`` the session's budget.

    Everything may be called from any thread. ``budget`` is what this kernel has spent already,
    under another home. ``trace`` is for tests, see :class:`Journal`.
    """

    def __init__(
        self,
        *,
        home: Path,
        max_credits: Credits | None = None,
        media_limit: int | None = None,
        budget: SessionBudget | None = None,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.home = home
        self.session_id = uuid.uuid4().hex[:12]
        self.journal = Journal(journal_path(home), trace=trace)
        self.store = MediaStore(media_path(home), limit_bytes=media_limit or media_limit_bytes())
        self.budget = budget or SessionBudget(max_credits)
        self._rate_limiter = RateLimiter()
        self._balances = Balances(self._rate_limiter)
        self._tracker = JobTracker(
            self.journal,
            self.store,
            self._rate_limiter,
            self._balances,
            changed=self.budget.look_again,
            budget=self.budget.snapshot,
        )
        self._reuse = Reuse(
            self.journal,
            self.store,
            self._tracker,
            self._rate_limiter,
            self._balances,
            session_id=self.session_id,
        )
        self._starter = RenderStarter(
            self.journal,
            self._reuse,
            self.budget,
            self._tracker,
            self._rate_limiter,
            self._balances,
            session_id=self.session_id,
        )

    @property
    def max_credits(self) -> Credits | None:
        """The session's budget in credits; may be changed at any time."""
        return self.budget.limit

    @max_credits.setter
    def max_credits(self, limit: Credits | None) -> None:
        self.budget.limit = limit
        self.budget.look_again()

    def start(
        self,
        request: RenderRequest,
        *,
        backend: Backend,
        notebook: str | None = None,
        title: str = "",
        force: bool = False,
        max_credits: Credits | None = None,
        alongside: Sequence[Render] = (),
        on_state: Subscriber | None = None,
        cancel: Event | None = None,
        rehearse: Callable[[], Rehearsal] | None = None,
    ) -> Render:
        """Have a scene rendered, unless the same render is there or under way already.

        Blocks until the job is accepted, attached to, or its video is shown again.

        Args:
            request: what to render.
            backend: where.
            notebook: the notebook's file name, for the lists.
            title: what a person recognises it by; default the scene.
            force: render anew although the same render is there, is open, or may have been sent.
            max_credits: what this cell may cost, together with ``alongside``.
            alongside: renders of the same cell that were started before.
            on_state: told of every change, from checking on, until the end; from any thread.
            cancel: when set, nothing more is sent.
            rehearse: plays the scene here first, once it is sure that it will be sent; what it
                raises stops the render before anything is written down or sent.

        Raises:
            BudgetExceededError: a budget or the balance does not allow it; nothing was sent.
            SubmissionUncertainError: an earlier submission may have arrived, and
                ``resubmit_uncertain`` is off.
            JobNotFoundError: the job of the same render is not known to the server (any more).
            JournalError: the journal cannot be written; nothing was sent.
            KodiscError: what the API answered, see :meth:`Client.submit`.
        """
        options = StartOptions(
            notebook=notebook or "",
            title=title,
            force=force,
            max_credits=max_credits,
            alongside=alongside,
            on_state=on_state,
            cancel=cancel,
            rehearse=rehearse,
        )
        return self._starter.start(request, backend, options)

    def is_there(self, request: RenderRequest, backend: Backend) -> bool:
        """Whether the same render was finished before, or is under way."""
        return self.journal.same(new_record(request, backend, self.session_id)) is not None

    def estimate(self, request: RenderRequest, backend: Backend) -> Estimate:
        """What a render may cost and take, with the ground of the guess; no request is made."""
        reuse_key = identify(request, backend.identity).reuse_key
        return Estimator(self.journal).guess(request, backend, reuse_key).estimate

    def open_renders(self) -> list[Render]:
        """The renders this kernel is watching, oldest first."""
        return [render for render in self._tracker.renders() if render.state.phase not in ENDED]

    def left_open(self) -> list[JobRecord]:
        """Open jobs of this user that no living kernel watches, oldest first."""
        watched = {one.state.job_id for one in self.open_renders()}
        return [
            record
            for record in self.journal.open_records()
            if record.step is Step.ACCEPTED
            and record.job_id not in watched
            and not is_alive(record.owner)
        ]

    def check_now(self, render: Render) -> None:
        """Ask the server about a render next, rather than when it is due."""
        self._tracker.check_now(render)

    def find(self, job_id: str) -> JobRecord | None:
        """What the journal knows of a job."""
        return self.journal.by_job(job_id)

    def job_ids_from(self, beginning: str) -> set[str]:
        """The known jobs whose IDs begin so."""
        return {
            record.job_id
            for record in self.journal.all_records()
            if record.job_id and record.job_id.startswith(beginning)
        }

    def show(self, job_id: str, backend: Backend) -> Render:
        """The render of a job: its video if it is finished, else watched from now on.

        A job that was not started on this machine is asked for with ``backend``; its scene and
        settings are not known then.

        Raises:
            JobNotFoundError: nobody knows the job.
            KodiscError: its video is gone, or it belongs to another backend.
        """
        record = self.find(job_id)
        if record is None:
            record = self._adopt(backend.client.get_render(job_id, attempts=2), backend)
        return self._take(record, backend)

    def cancel(self, job_id: str) -> str:
        """End a job of this machine for good, and say what it cost.

        Raises:
            KodiscError: see :func:`kodisc_jupyter.renders.cancellation.cancel`.
        """
        cost = cancellation.cancel(job_id, self.find(job_id), self.home)
        self.note_cancelled([job_id])
        return cost

    def note_cancelled(self, job_ids: Iterable[str]) -> None:
        """Take in that jobs of this machine were cancelled."""
        watched = {render.state.job_id: render for render in self.open_renders()}
        for job_id in job_ids:
            record = self.find(job_id)
            if job_id in watched:
                self.check_now(watched[job_id])
            elif record is not None and record.step is Step.ACCEPTED:
                cancellation.write_down(self.journal, record)

    def save(self, job_id: str, path: Path, backend: Backend | None = None) -> Path:
        """Write a job's video to ``path``, as the kind of file that its ending says.

        Raises:
            KodiscError: the video is not on this machine, and cannot be fetched with ``backend``.
        """
        record = self.find(job_id)
        if record is None or record.step is not Step.COMPLETED:
            state = "not known on this machine" if record is None else state_of(record)
            raise KodiscError(
                f"Job {job_id}: {state}. There is no video to save.",
                job_id=job_id,
                hint=f"Look at it with: %kodisc show {job_id}",
            )
        media = find(record, self.store)
        if media is None:
            fetched = fetch_again(record, self.store, backend)
            if fetched.problem is not None:
                raise fetched.problem
            media = fetched.media
            self._tracker.keep(record, fetched)
        assert media.video is not None
        return save_video(media.video, path)

    def jobs(self, limit: int = 20, backend: Backend | None = None) -> list[JobRecord]:
        """Recent jobs of this user, newest first, with every open and uncertain one.

        With ``backend``, the balance is asked for once if a submission of a dead kernel is found.
        """
        self._reuse.clear_up(backend)
        return self.journal.recent(limit)

    def report(self, *, everything: bool = False) -> Report:
        """What this session rendered and what it cost; ``everything``: all of this user's."""
        return report_of(
            self.journal.all_records(),
            self.journal.showings(),
            session=None if everything else self.session_id,
        )

    def close(self) -> None:
        """Stop watching; the jobs go on."""
        self._tracker.close()
        self.journal.close()

    def resume(self) -> None:
        """Watch again what was open when :meth:`close` was called."""
        self._tracker.resume()

    def _take(self, record: JobRecord, backend: Backend) -> Render:
        """A handle on a job that the journal knows."""
        if record.step is not Step.COMPLETED and record.identity != backend.identity:
            raise KodiscError(
                f"Job {record.job_id} is on another backend ({record.backend}).",
                job_id=record.job_id,
                hint=f"Ask for it with --backend {record.backend}.",
            )
        render = Render(state_from(record, backend), request=None, backend=backend)
        taken = self._reuse.resume(record, render, None, notebook="")
        self.budget.take_over(record.render_id, taken)
        return taken

    def _adopt(self, job: Job, backend: Backend) -> JobRecord:
        """A row for a job that was started elsewhere; it is not reused, its code being unknown."""
        record = replace(
            new_record(RenderRequest("", "(unknown scene)"), backend, self.session_id),
            reuse_key=f"{ADOPTED}{backend.identity}:{job.job_id}",
            step=Step.ACCEPTED,
            job_id=job.job_id,
            phase=str(job.status),
            accepted_at=time.time(),
            note="Started elsewhere: scene and settings are not known here.",
        )
        return self.journal.claim(record)
