"""The same render, before or now: shown again, attached to, or cleared up after a dead kernel."""

from __future__ import annotations

import contextlib
import time
from threading import Event
from typing import Final

from kodisc_jupyter.api.errors import (
    JobNotFoundError,
    KodiscError,
    SubmissionCancelledError,
    SubmissionUncertainError,
)
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.process import is_alive, this_process
from kodisc_jupyter.renders.journal.record import SUBMITTING, JobRecord, Step
from kodisc_jupyter.renders.media.store import Fetched, MediaStore
from kodisc_jupyter.renders.media.stored_video import fetch_again, find
from kodisc_jupyter.renders.render import Render, Subscriber
from kodisc_jupyter.renders.start.submit import is_in_flight
from kodisc_jupyter.renders.state import ENDED, Phase
from kodisc_jupyter.renders.watch.balance import Balances
from kodisc_jupyter.renders.watch.lookup import look_up
from kodisc_jupyter.renders.watch.outlines import find_outline
from kodisc_jupyter.renders.watch.pacing import YOUNG_S, RateLimiter
from kodisc_jupyter.renders.watch.tracker import JobTracker, not_kept

OTHERS_SUBMISSION_S: Final = 180.0
"""How long another kernel's submission of the same render is waited for: its five attempts."""
STRANGER_S: Final = 600.0
"""A submission of a process that cannot be asked after (another machine) is over by then."""

_LOOK_S: Final = 0.05


class Reuse:
    """Finds the same render in the journal, for one kernel."""

    def __init__(
        self,
        journal: Journal,
        store: MediaStore,
        tracker: JobTracker,
        rate_limiter: RateLimiter,
        balances: Balances,
        *,
        session_id: str,
        others_submission_s: float = OTHERS_SUBMISSION_S,
    ) -> None:
        self._journal = journal
        self._store = store
        self._tracker = tracker
        self._rate_limiter = rate_limiter
        self._balances = balances
        self._session_id = session_id
        self._others_submission_s = others_submission_s

    def find_or_attach(
        self, wanted: JobRecord, render: Render, on_state: Subscriber | None, cancel: Event
    ) -> Render | None:
        """The same render if it is there or under way; ``None`` when it may be sent."""
        deadline = time.monotonic() + self._others_submission_s
        while True:
            same = self._journal.same(wanted) or self._denied(wanted)
            if same is None:
                return None
            if same.step not in SUBMITTING:
                if same.job_id is None:
                    raise _of_a_later_version(same)
                try:
                    return self.resume(same, render, on_state, notebook=wanted.notebook)
                except JobNotFoundError:
                    if wanted.unlimited:  # our own server lost it, and nothing was paid
                        continue
                    raise
            if not self._is_under_way(same):
                self.give_up_on(same, render.backend)
                continue
            render.advance(
                Phase.SUBMITTING,
                note="Another cell or kernel is submitting the same render; waiting for its job.",
            )
            if time.monotonic() > deadline:
                raise SubmissionUncertainError(
                    "Another kernel has been submitting the same render for "
                    f"{self._others_submission_s:g} s. Nothing was sent from here.",
                    hint="Look at %kodisc jobs, then run the cell again.",
                )
            if cancel.wait(_LOOK_S):
                raise SubmissionCancelledError("The render was called off; nothing was sent.")

    def resume(
        self, record: JobRecord, render: Render, on_state: Subscriber | None, *, notebook: str
    ) -> Render:
        """The handle of a render that has a job, however far it has come.

        Raises:
            JobNotFoundError: the server does not know the job.
            KodiscError: its video is gone, see :func:`fetch_again`.
        """
        assert record.job_id is not None
        live = self._tracker.live(record.identity, record.job_id)
        if live is not None and live.state.phase not in ENDED:
            if render.backend is not None:
                self._tracker.use(live, render.backend)
            if on_state is not None:
                live.subscribe(on_state)
            return live
        if record.step is Step.COMPLETED:
            return self._show_again(record, render, notebook)
        return self._attach(record, render)

    def _denied(self, wanted: JobRecord) -> JobRecord | None:
        """The same render whose job the server denied to know: it is asked for once more."""
        past = None if wanted.unlimited else self._journal.in_doubt(wanted)
        return past if past is not None and past.step is Step.UNKNOWN else None

    def resubmit_warning(self, wanted: JobRecord, backend: Backend) -> str:
        """What must be said before the same render is sent once more; empty if nothing.

        Raises:
            SubmissionUncertainError: it may have been sent, and ``resubmit_uncertain`` is off.
        """
        if backend.unlimited:
            return ""
        past = self._journal.in_doubt(wanted)
        if past is None:
            return ""
        warning = (
            f"An earlier submission of this render ({_when(past.created_at)}) never got an answer "
            "and may have made a job; %kodisc jobs lists it as uncertain."
        )
        if not backend.client.resubmit_uncertain:
            raise SubmissionUncertainError(
                f"{warning} It was not sent again, because resubmit_uncertain is off.",
                hint="%kodisc jobs shows whether the balance fell. If it fell, the job was made, "
                "and --force would pay twice. If it did not fall, --force sends it.",
            )
        return warning

    def clear_up(self, backend: Backend | None) -> None:
        """Find the submissions of dead kernels, and say what is known of them from now on."""
        for record in self._journal.open_records():
            if record.step in SUBMITTING and not self._is_under_way(record):
                self.give_up_on(record, backend)
        blank = [
            record
            for record in self._journal.uncertain_records()
            if record.balance_after is None and backend and record.identity == backend.identity
        ]
        balance = self._balances.ask(backend) if backend and blank else None
        if balance is not None:
            for record in blank:
                self._journal.update(record, "balanced", balance_after=balance)

    def give_up_on(self, dead: JobRecord, backend: Backend | None) -> None:
        """A process died while it submitted."""
        if dead.step is Step.INTENT:
            self._journal.mark(
                dead, Step.INTENT, Step.NOT_SENT, note="The kernel ended before it was sent."
            )
            return
        balance = None
        if backend is not None and backend.identity == dead.identity:
            balance = self._balances.ask(backend)
        self._journal.mark(
            dead,
            Step.POSTING,
            Step.UNCERTAIN,
            uncertain_attempts=1,
            balance_after=balance,
            note="The kernel ended while it was being sent; the answer never came.",
        )

    def _is_under_way(self, record: JobRecord) -> bool:
        """Whether the process that is submitting still lives, and still is submitting."""
        if record.owner == this_process():
            return is_in_flight(record.render_id)
        alive = is_alive(record.owner)
        return time.time() - record.created_at < STRANGER_S if alive is None else alive

    def _show_again(self, record: JobRecord, render: Render, notebook: str) -> Render:
        assert record.job_id is not None
        note = f"Rendered before, on {_when(record.created_at)}."
        media = find(record, self._store)
        if media is None:
            render.advance(Phase.FETCHING, job=record.job(), note="Fetching the video once more.")
            fetched = fetch_again(record, self._store, render.backend)
            media = fetched.media
            if fetched.problem is not None:
                note = f"{note} {not_kept(fetched.problem)}"
        if media.video != record.video:  # also when a kernel died before it could write that down
            self._tracker.keep(record, Fetched(media))
        self._tracker.protect(record.job_id)
        with contextlib.suppress(KodiscError):  # a full disk is no reason not to show it
            self._journal.note_showing(record, self._session_id, notebook, time.time())
        render.advance(
            Phase.COMPLETED,
            job=record.job(),
            media=media,
            outline=find_outline(self._journal, record),
            reused=True,
            cost=0,
            note=note,
        )
        return render

    def _attach(self, record: JobRecord, render: Render) -> Render:
        """Watch a job that is open already, for no further credits."""
        assert record.job_id is not None
        assert render.backend is not None
        job = record.job()
        try:
            self._rate_limiter.acquire()
            job = look_up(render.backend, record.job_id)
        except JobNotFoundError:
            young = time.time() - (record.accepted_at or 0) <= YOUNG_S
            if record.step is Step.UNKNOWN or not young:
                self._journal.update(record, "unknown", step=Step.UNKNOWN, ended_at=time.time())
                raise _not_known(record) from None
        except KodiscError:
            pass  # the watcher says so if it lasts
        else:
            with contextlib.suppress(KodiscError):  # another kernel may have sent the same since
                self._journal.mark(record, Step.UNKNOWN, Step.ACCEPTED, ended_at=None)
        note = "This render was already running"
        note += "." if record.unlimited else "; you pay once."
        render.advance(balance_before=record.balance_before, note=record.note or note)
        if job is not None and job.is_terminal:
            self._tracker.settle(render, record, job)
        else:
            render.advance(Phase.QUEUED, job=job)
            self._tracker.follow(render, record)
        return render


def _not_known(past: JobRecord) -> JobNotFoundError:
    return JobNotFoundError(
        f"{past.scene} was sent before as job {past.job_id}, which the server does not know for "
        "this key. Nothing was sent now.",
        job_id=past.job_id,
        hint="If it was made with another key, log in with that one. Ask once more with: "
        f"%kodisc show {past.job_id}",
    )


def _of_a_later_version(past: JobRecord) -> SubmissionUncertainError:
    return SubmissionUncertainError(
        f"A later version of kodisc-jupyter has sent {past.scene} already, and says of it "
        f"{str(past.step)!r:.40}, which this version does not know. Nothing was sent now.",
        hint="Update with: pip install -U kodisc-jupyter",
    )


def _when(epoch_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch_s))
