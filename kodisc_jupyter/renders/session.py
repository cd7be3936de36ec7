"""All renders of one kernel: started once, paid once, found again."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

from kodisc_jupyter.api.client import Submission
from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import Credits, Job, RenderRequest
from kodisc_jupyter.renders import cancellation
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.file import JournalError
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.process import is_alive, this_process
from kodisc_jupyter.renders.journal.record import ADOPTED, JobRecord, Step
from kodisc_jupyter.renders.media.convert import save_video
from kodisc_jupyter.renders.media.store import MediaStore, media_limit_bytes
from kodisc_jupyter.renders.media.stored_video import fetch_again, find
from kodisc_jupyter.renders.rehearsal import Rehearsal
from kodisc_jupyter.renders.render import Render, Subscriber
from kodisc_jupyter.renders.report import Report, report_of, state_of
from kodisc_jupyter.renders.start.budget import EstimateBasis, Guess, Past, Planned, guess
from kodisc_jupyter.renders.start.identity import effective, identify
from kodisc_jupyter.renders.start.reuse import Reuse
from kodisc_jupyter.renders.start.session_budget import SessionBudget
from kodisc_jupyter.renders.start.submit import Sending, begin, over
from kodisc_jupyter.renders.state import ENDED, Estimate, Phase, RenderState
from kodisc_jupyter.renders.watch.balance import Balances
from kodisc_jupyter.renders.watch.pacing import RateLimiter
from kodisc_jupyter.renders.watch.tracker import JobTracker


@contextlib.contextmanager
def _saying_that_nothing_was_sent() -> Iterator[None]:
    """A journal that fails does so before the request goes out: afterwards it is a warning."""
    try:
        yield
    except JournalError as error:
        if "nothing was sent" not in error.message:
            error.message = f"{error.message} Nothing was sent and nothing was charged."
        raise


class RenderSession:
    """One per kernel. ``home`` is ``KODISC_HOME``; ``max_credits`` the session's budget.

    Everything may be called from any thread. ``purse`` is what this kernel has spent already,
    under another home. ``trace`` is for tests, see :class:`Journal`.
    """

    def __init__(
        self,
        *,
        home: Path,
        max_credits: Credits | None = None,
        media_limit: int | None = None,
        purse: SessionBudget | None = None,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.home = home
        self.session_id = uuid.uuid4().hex[:12]
        self.journal = Journal(home / "journal.sqlite", trace=trace)
        self.store = MediaStore(home / "media", limit_bytes=media_limit or media_limit_bytes())
        self.purse = purse or SessionBudget(max_credits)
        self._turns = RateLimiter()
        self._balances = Balances(self._turns)
        self._follower = JobTracker(
            self.journal,
            self.store,
            self._turns,
            self._balances,
            changed=self.purse.look_again,
            budget=self.purse.budget,
        )
        self._reuse = Reuse(
            self.journal,
            self.store,
            self._follower,
            self._turns,
            self._balances,
            session_id=self.session_id,
        )

    @property
    def max_credits(self) -> Credits | None:
        """The session's budget in credits; may be changed at any time."""
        return self.purse.limit

    @max_credits.setter
    def max_credits(self, limit: Credits | None) -> None:
        self.purse.limit = limit
        self.purse.look_again()

    @_saying_that_nothing_was_sent()
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
        record = self._intent(request, backend, notebook or "", title)
        render = Render(_first_state(record, request, backend), request=request, backend=backend)
        if on_state is not None:
            render.subscribe(on_state)
        cancel = cancel or Event()
        rehearsal: Rehearsal | None = None
        while True:
            if not force:
                there = self._reuse.there(record, render, on_state, cancel)
                if there is not None:
                    return there
            note = "" if force else self._reuse.doubts(record, backend)
            allow = partial(self.purse.allow, cell_limit=max_credits, alongside=alongside)
            cost = self._count_in(render, record, rehearsal, partial(allow, cancel=cancel), note)
            if rehearse is not None and rehearsal is None:
                rehearsal = self._rehearse(render, rehearse)
                cost = self._count_in(
                    render, record, rehearsal, partial(allow, cancel=cancel), note
                )
            if self._claim(record, force=force):
                break
        if rehearsal is not None:
            self._note(record, rehearsal)
        self._send(record, render, cost, guard=not force, cancel=cancel)
        return render

    def estimate(self, request: RenderRequest, backend: Backend) -> Estimate:
        """What a render may cost and take, with the ground of the guess; no request is made."""
        return self._guess(request, backend, identify(request, backend.identity).reuse_key).estimate

    def open_renders(self) -> list[Render]:
        """The renders this kernel is watching, oldest first."""
        return [one for one in self._follower.renders() if one.state.phase not in ENDED]

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
        self._follower.check_now(render)

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

    def cancel(self, job_id: str) -> None:
        """End a job of this machine for good; it costs nothing.

        Raises:
            KodiscError: see :func:`kodisc_jupyter.renders.cancellation.cancel`.
        """
        cancellation.cancel(job_id, self.find(job_id), self.home)
        self.note_cancelled([job_id])

    def note_cancelled(self, job_ids: Iterable[str]) -> None:
        """Take in that jobs of this machine were cancelled."""
        watched = {one.state.job_id: one for one in self.open_renders()}
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
            self._follower.keep(record, fetched)
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
        self._follower.close()
        self.journal.close()

    def resume(self) -> None:
        """Watch again what was open when :meth:`close` was called."""
        self._follower.resume()

    # One render

    def _intent(
        self, request: RenderRequest, backend: Backend, notebook: str, title: str
    ) -> JobRecord:
        quality, aspect_ratio, fps = effective(request)
        identity = identify(request, backend.identity)
        return JobRecord(
            render_id=uuid.uuid4().hex,
            reuse_key=identity.reuse_key,
            code_sha256=identity.code_sha256,
            scene=request.class_name,
            quality=quality,
            aspect_ratio=aspect_ratio,
            fps=fps,
            backend=backend.kind,
            identity=backend.identity,
            unlimited=backend.unlimited,
            title=title or request.class_name,
            notebook=Path(notebook).name,
            session=self.session_id,
            owner=this_process(),
            created_at=time.time(),
        )

    def _count_in(
        self,
        render: Render,
        record: JobRecord,
        rehearsal: Rehearsal | None,
        allow: Callable[[Render, Guess], None],
        note: str,
    ) -> Guess:
        """Estimate a render and have the budget allow it; once more after its rehearsal."""
        assert render.request is not None
        assert render.backend is not None
        cost = self._guess(render.request, render.backend, record.reuse_key, rehearsal)
        render.advance(estimate=cost.estimate, note=note)
        if not render.backend.unlimited:
            self.purse.withdraw(render.render_id)
            allow(render, cost)
            render.advance(budget=self.purse.budget(), note=note)
        return cost

    def _note(self, record: JobRecord, rehearsal: Rehearsal) -> None:
        """Keep with the job what its rehearsal has shown; a journal that cannot is no reason."""
        with contextlib.suppress(KodiscError):
            self.journal.keep_rehearsal(record, rehearsal)

    def _rehearse(self, render: Render, rehearse: Callable[[], Rehearsal]) -> Rehearsal:
        """Play the scene before it is sent; a render that is stopped here was never counted."""
        render.advance(Phase.REHEARSING)
        try:
            rehearsal = rehearse()
        except BaseException:
            self.purse.withdraw(render.render_id)
            raise
        render.advance(
            length_s=rehearsal.seconds if rehearsal.is_whole else None,
            unrehearsed=rehearsal.why,
        )
        return rehearsal

    def _claim(self, record: JobRecord, *, force: bool) -> bool:
        """Write the intent; ``False`` when another cell or kernel was first."""
        begin(record.render_id)
        mine = False
        try:
            mine = self.journal.claim(record, force=force) is record
        finally:
            if not mine:
                over(record.render_id)
                self.purse.withdraw(record.render_id)
        return mine

    def _send(
        self, record: JobRecord, render: Render, cost: Guess, *, guard: bool, cancel: Event
    ) -> None:
        assert render.backend is not None
        assert render.request is not None
        sending = Sending(
            journal=self.journal,
            turns=self._turns,
            balances=self._balances,
            backend=render.backend,
            request=render.request,
            record=record,
            render=render,
            guess=cost,
            guard=guard and cost.ground in _GUARDING,
            cancel=cancel,
            accepted=partial(self._accepted, render),
            refused=lambda uncertain: self.purse.withdraw(record.render_id, uncertain=uncertain),
        )
        sending.run()

    def _accepted(self, render: Render, record: JobRecord, submission: Submission) -> None:
        render.advance(Phase.QUEUED, job=submission.job, retry=None, uncertain=submission.uncertain)
        self._follower.follow(render, record)

    def _take(self, record: JobRecord, backend: Backend) -> Render:
        """A handle on a job that the journal knows."""
        if record.step is not Step.COMPLETED and record.identity != backend.identity:
            raise KodiscError(
                f"Job {record.job_id} is on another backend ({record.backend}).",
                job_id=record.job_id,
                hint=f"Ask for it with --backend {record.backend}.",
            )
        render = Render(_state_of(record, backend.address), request=None, backend=backend)
        taken = self._reuse.take(record, render, None, notebook="")
        self.purse.take_over(record.render_id, taken)
        return taken

    def _adopt(self, job: Job, backend: Backend) -> JobRecord:
        """A row for a job that was started elsewhere; it is not reused, its code being unknown."""
        record = replace(
            self._intent(RenderRequest("", "(unknown scene)"), backend, "", ""),
            reuse_key=f"{ADOPTED}{backend.identity}:{job.job_id}",
            step=Step.ACCEPTED,
            job_id=job.job_id,
            phase=str(job.status),
            accepted_at=time.time(),
            note="Started elsewhere: scene and settings are not known here.",
        )
        return self.journal.claim(record)

    def _guess(
        self,
        request: RenderRequest,
        backend: Backend,
        key: str,
        rehearsal: Rehearsal | None = None,
    ) -> Guess:
        quality = str(effective(request)[0])
        own = self.journal.settled_scene(backend.identity, quality, request.class_name)
        own = [row for row in own if row.reuse_key == key] or own
        similar = self.journal.settled(backend.identity, quality)
        planned = None
        if rehearsal is not None and rehearsal.is_whole and rehearsal.frames and rehearsal.seconds:
            planned = Planned(rehearsal.seconds, rehearsal.frames)
        pasts = _pasts(similar, self.journal.frames() if planned else {})
        guessed = guess(_pasts(own), pasts, request.class_name, quality, planned)
        if backend.unlimited:
            free = guessed.estimate._replace(credits=0, ground="no credits are taken here")
            return Guess(free, EstimateBasis.FREE)
        return guessed


_GUARDING: Final = frozenset({EstimateBasis.OWN, EstimateBasis.FRAMES, EstimateBasis.MEDIAN})
"""Estimates that refuse a render which the balance cannot cover."""


def _first_state(record: JobRecord, request: RenderRequest, backend: Backend) -> RenderState:
    return RenderState(
        render_id=record.render_id,
        phase=Phase.CHECKING,
        scene=record.scene,
        quality=record.quality,
        aspect_ratio=record.aspect_ratio,
        fps=request.fps,
        backend=backend.kind,
        address=backend.address,
        unlimited=backend.unlimited,
        began_at=record.created_at,
        phase_at=record.created_at,
    )


def _state_of(record: JobRecord, address: str) -> RenderState:
    return RenderState(
        render_id=record.render_id,
        phase=Phase.CHECKING,
        scene=record.scene,
        quality=record.quality,
        aspect_ratio=record.aspect_ratio,
        fps=record.fps,
        backend=record.backend,
        unlimited=record.unlimited,
        began_at=record.created_at,
        phase_at=time.time(),
        balance_before=record.balance_before,
        uncertain=record.uncertain_attempts,
        address=address,
        note=record.note,
    )


def _pasts(records: Sequence[JobRecord], frames: Mapping[str, int] | None = None) -> list[Past]:
    counted = frames or {}
    return [
        Past(row.credits, row.duration_ms, counted.get(row.render_id))
        for row in records
        if row.credits is not None
    ]
