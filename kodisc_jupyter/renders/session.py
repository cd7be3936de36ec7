"""All renders of one kernel: started once, paid once, found again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, RLock
from typing import Final

from kodisc_jupyter.api.client import Submission
from kodisc_jupyter.api.errors import (
    JobNotFoundError,
    KodiscError,
    SubmissionCancelledError,
    SubmissionUncertainError,
)
from kodisc_jupyter.api.models import (
    Balance,
    Credits,
    RenderRequest,
)
from kodisc_jupyter.renders.backends import Backend
from kodisc_jupyter.renders.budget import Ground, Guess, Past, guess
from kodisc_jupyter.renders.follow import Follower
from kodisc_jupyter.renders.identity import code_sha256, effective, reuse_key
from kodisc_jupyter.renders.journal import Journal
from kodisc_jupyter.renders.kept import fetch_again, find
from kodisc_jupyter.renders.media import Fetched, MediaStore, media_limit_bytes
from kodisc_jupyter.renders.owner import is_alive, this_process
from kodisc_jupyter.renders.pacing import Turns
from kodisc_jupyter.renders.purse import Purse
from kodisc_jupyter.renders.record import SUBMITTING, JobRecord, Step
from kodisc_jupyter.renders.render import Render, Subscriber
from kodisc_jupyter.renders.state import ENDED, Estimate, Phase, RenderState
from kodisc_jupyter.renders.submission import Sending, is_in_flight

OTHERS_SUBMISSION_S: Final = 180.0
"""How long another kernel's submission of the same render is waited for: its five attempts."""
STRANGER_S: Final = 600.0
"""A submission of a process that cannot be asked after (another machine) is over by then."""

_LOOK_S: Final = 0.05


class RenderSession:
    """One per kernel. ``home`` is ``KODISC_HOME``; ``max_credits`` the session's budget.

    Everything may be called from any thread. ``trace`` is for tests, see :class:`Journal`.
    """

    def __init__(
        self,
        *,
        home: Path,
        max_credits: Credits | None = None,
        media_limit: int | None = None,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.home = home
        self.session_id = uuid.uuid4().hex[:12]
        self.journal = Journal(home / "journal.sqlite", trace=trace)
        self.store = MediaStore(home / "media", limit_bytes=media_limit or media_limit_bytes())
        self.purse = Purse(max_credits)
        self._turns = Turns()
        self._follower = Follower(
            self.journal,
            self.store,
            self._turns,
            changed=self.purse.look_again,
            protected=self._protected,
        )
        self._live: dict[tuple[str, str], Render] = {}
        self._shown: set[str] = set()
        self._lock = RLock()

    @property
    def max_credits(self) -> Credits | None:
        """The session's budget in credits; may be changed at any time."""
        return self.purse.limit

    @max_credits.setter
    def max_credits(self, limit: Credits | None) -> None:
        self.purse.limit = limit
        self.purse.look_again()

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
        while True:
            if not force:
                there = self._there(record, render, on_state, cancel)
                if there is not None:
                    return there
            note = "" if force else self._past_trouble(record, backend)
            cost = self._guess(request, backend)
            render.advance(estimate=cost.estimate, note=note)
            if not backend.unlimited:
                self.purse.allow(
                    render, cost, cell_limit=max_credits, alongside=alongside, cancel=cancel
                )
                render.advance(budget=self.purse.budget(), note=note)
            try:
                claimed = self.journal.claim(record, force=force)
            except BaseException:
                self.purse.withdraw(render.render_id)
                raise
            if claimed is record:
                break
            self.purse.withdraw(render.render_id)  # another kernel was first: look what it does
        self._send(record, render, cost, guard=not force, cancel=cancel)
        return render

    def estimate(self, request: RenderRequest, backend: Backend) -> Estimate:
        """What a render may cost and take, with the ground of the guess; no request is made."""
        return self._guess(request, backend).estimate

    def open_renders(self) -> list[Render]:
        """The renders this kernel is watching."""
        with self._lock:
            return [one for one in self._live.values() if one.state.phase not in ENDED]

    def close(self) -> None:
        """Stop watching; the jobs go on."""
        self._follower.close()
        self.journal.close()

    # One render

    def _intent(
        self, request: RenderRequest, backend: Backend, notebook: str, title: str
    ) -> JobRecord:
        quality, aspect_ratio, fps = effective(request)
        return JobRecord(
            render_id=uuid.uuid4().hex,
            reuse_key=reuse_key(request, backend.identity),
            code_sha256=code_sha256(request.code),
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

    def _send(
        self, record: JobRecord, render: Render, cost: Guess, *, guard: bool, cancel: Event
    ) -> None:
        assert render.backend is not None
        assert render.request is not None
        render.advance(Phase.SUBMITTING)
        sending = Sending(
            journal=self.journal,
            turns=self._turns,
            backend=render.backend,
            request=render.request,
            record=record,
            render=render,
            guess=cost,
            guard=guard and cost.ground in {Ground.OWN, Ground.MEDIAN},
            cancel=cancel,
            accepted=lambda row, submission: self._accepted(render, row, submission),
        )
        try:
            sending.run()
        except KodiscError as error:
            self.purse.withdraw(record.render_id, uncertain=bool(error.uncertain))
            raise

    def _accepted(self, render: Render, record: JobRecord, submission: Submission) -> None:
        note = render.state.note
        if submission.uncertain:
            note = (
                f"Accepted at attempt {submission.attempts}; {submission.uncertain} earlier may "
                f"have arrived too ({'; '.join(submission.reasons)}). Compare the balance. {note}"
            ).strip()
        render.advance(Phase.QUEUED, job=submission.job, retry=None, note=note)
        self._follow(render, record)

    def _follow(self, render: Render, record: JobRecord) -> None:
        assert record.job_id is not None
        with self._lock:
            self._live[record.identity, record.job_id] = render
            self._shown.add(record.job_id)
        self.purse.take_over(record.render_id, render)
        self._follower.follow(render, record)

    def _protected(self) -> set[str]:
        with self._lock:
            return set(self._shown)

    # The same render, before or now

    def _there(
        self, record: JobRecord, render: Render, on_state: Subscriber | None, cancel: Event
    ) -> Render | None:
        """The same render if it is there or under way; ``None`` when it may be sent."""
        deadline = time.monotonic() + OTHERS_SUBMISSION_S
        while True:
            found = self.journal.same(record.reuse_key)
            if found is None:
                return None
            if found.step is Step.COMPLETED:
                return self._show_again(found, render, record)
            if found.step is Step.ACCEPTED:
                return self._attach(found, render, on_state)
            if not self._is_under_way(found):
                self._give_up_on(found, render.backend)
                continue
            render.advance(
                Phase.SUBMITTING,
                note="Another cell or kernel is submitting the same render; waiting for its job.",
            )
            if time.monotonic() > deadline:
                raise SubmissionUncertainError(
                    "Another kernel has been submitting the same render for "
                    f"{OTHERS_SUBMISSION_S:g} s. Nothing was sent from here.",
                    hint="Look at %kodisc jobs, then run the cell again.",
                )
            if cancel.wait(_LOOK_S):
                raise SubmissionCancelledError("The render was called off; nothing was sent.")

    def _is_under_way(self, found: JobRecord) -> bool:
        """Whether the process that is submitting still lives, and still is submitting."""
        assert found.step in SUBMITTING
        if found.owner == this_process():
            return is_in_flight(found.render_id)
        alive = is_alive(found.owner)
        return time.time() - found.created_at < STRANGER_S if alive is None else alive

    def _give_up_on(self, dead: JobRecord, backend: Backend | None) -> None:
        """A process died while it submitted: say what is known of its render from now on."""
        if dead.step is Step.INTENT:
            self.journal.mark(
                dead, Step.INTENT, Step.NOT_SENT, note="The kernel ended before it was sent."
            )
            return
        balance = None
        if backend is not None and backend.identity == dead.identity and not dead.unlimited:
            time.sleep(self._turns.wait_s())
            balance = _balance(backend)
        self.journal.mark(
            dead,
            Step.POSTING,
            Step.UNCERTAIN,
            uncertain_attempts=1,
            balance_after=balance,
            note="The kernel ended while it was being sent; the answer never came.",
        )

    def _past_trouble(self, record: JobRecord, backend: Backend) -> str:
        """What must be said, or refused, before the same render is sent once more."""
        if backend.unlimited:
            return ""
        past = self.journal.in_doubt(record.reuse_key)
        if past is None:
            return ""
        if past.step is Step.UNKNOWN:
            raise JobNotFoundError(
                f"{record.scene} was sent before as job {past.job_id}, which the server does not "
                "know (any more). Nothing was sent now.",
                job_id=past.job_id,
                hint="If it was made with another key, log in with that one. --force renders anew.",
            )
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(past.created_at))
        said = (
            f"An earlier submission of this render ({when}) never got an answer and may have made "
            "a job; %kodisc jobs lists it as uncertain"
        )
        if not backend.client.resubmit_uncertain:
            raise SubmissionUncertainError(
                f"{said}. It was not sent again, because resubmit_uncertain is off.",
                hint="Compare the balances listed there; --force sends it once more.",
            )
        return f"{said}."

    def _show_again(self, found: JobRecord, render: Render, record: JobRecord) -> Render:
        media = find(found, self.store)
        if media is None:
            render.advance(Phase.FETCHING, job=found.job(), note="Fetching the video once more.")
            media = fetch_again(found, self.store, render.backend)
            self._follower.keep(found, Fetched(media))
        with self._lock:
            self._shown.add(found.job_id or "")
        self.journal.shown_again(found, self.session_id, record.notebook, time.time())
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.created_at))
        render.advance(
            Phase.COMPLETED,
            job=found.job(),
            media=media,
            reused=True,
            cost=0,
            note=f"0 credits, reused: rendered on {when}.",
        )
        return render

    def _attach(self, found: JobRecord, render: Render, on_state: Subscriber | None) -> Render:
        """Watch a job that is open already, for no further credits."""
        assert found.job_id is not None
        assert render.backend is not None
        with self._lock:
            live = self._live.get((found.identity, found.job_id))
        if live is not None and live.state.phase not in ENDED:
            if on_state is not None:
                live.subscribe(on_state)
            return live
        note = f"Attached to job {found.job_id}, which was open already: it is paid once."
        job = found.job()
        try:
            time.sleep(self._turns.wait_s())
            job = render.backend.client.get_render(found.job_id, attempts=1)
        except JobNotFoundError:
            self.journal.update(found, "unknown", step=Step.UNKNOWN, ended_at=time.time())
            if not render.backend.unlimited:
                raise JobNotFoundError(
                    f"{found.scene} is open as job {found.job_id}, but the server does not know "
                    "that job for this key. Nothing was sent now.",
                    job_id=found.job_id,
                    hint="If it was made with another key, log in with that one. "
                    "--force renders anew.",
                ) from None
            raise
        except KodiscError:
            pass  # the watcher says so if it lasts
        render.advance(Phase.QUEUED, job=job, note=note, balance_before=found.balance_before)
        if job is not None and job.is_terminal:
            self._follower.settle(render, found, job)
        else:
            self._follow(render, found)
        return render

    def _guess(self, request: RenderRequest, backend: Backend) -> Guess:
        quality = str(effective(request)[0])
        own = self.journal.settled_scene(backend.identity, quality, request.class_name)
        code = code_sha256(request.code)
        own = [row for row in own if row.code_sha256 == code] or own
        similar = self.journal.settled(backend.identity, quality)
        guessed = guess(_pasts(own), _pasts(similar), request.class_name, quality)
        if backend.unlimited:
            free = replace(guessed.estimate, credits=0, ground="no credits are taken here")
            return Guess(free, Ground.FREE)
        return guessed


def _first_state(record: JobRecord, request: RenderRequest, backend: Backend) -> RenderState:
    return RenderState(
        render_id=record.render_id,
        phase=Phase.CHECKING,
        scene=record.scene,
        quality=record.quality,
        aspect_ratio=record.aspect_ratio,
        fps=request.fps,
        backend=backend.kind,
        unlimited=backend.unlimited,
        began_at=record.created_at,
        phase_at=record.created_at,
    )


def _pasts(records: Sequence[JobRecord]) -> list[Past]:
    return [Past(row.credits, row.duration_ms) for row in records if row.credits is not None]


def _balance(backend: Backend) -> Balance | None:
    try:
        return backend.client.get_me(attempts=1).credits
    except KodiscError:
        return None
