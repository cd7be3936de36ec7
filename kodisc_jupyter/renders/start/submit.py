"""Sending one render: every step is in the journal before the next one happens."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event, Lock, Thread
from typing import Any, Final

from kodisc_jupyter.api.client import Submission
from kodisc_jupyter.api.errors import (
    BudgetExceededError,
    KodiscError,
    NetworkError,
    SubmissionCancelledError,
    SubmissionInterruptedError,
)
from kodisc_jupyter.api.exchange.retry import Retrying
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.file import JournalError
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord, Step
from kodisc_jupyter.renders.render import Render
from kodisc_jupyter.renders.start.budget import fits_balance
from kodisc_jupyter.renders.start.estimator import Guess
from kodisc_jupyter.renders.state import Phase, Retry
from kodisc_jupyter.renders.watch.balance import Balances
from kodisc_jupyter.renders.watch.pacing import RateLimiter

INTERRUPT_GRACE_S: Final = 5.0
"""After Ctrl-C, how long a request that is on its way may still bring its job ID home."""

FRESH: Final = {"X-Kodisc-Fresh": "1"}
"""Asks the server on this machine to draw everything anew: what ``--force`` means there."""

_CHUNK_S: Final = 0.5

_in_flight: set[str] = set()
_in_flight_lock = Lock()


def begin(render_id: str) -> None:
    """This process is about to submit a render; said before its intent can be seen by others."""
    with _in_flight_lock:
        _in_flight.add(render_id)


def over(render_id: str) -> None:
    """This process is done with submitting a render, one way or the other."""
    with _in_flight_lock:
        _in_flight.discard(render_id)


def is_in_flight(render_id: str) -> bool:
    """Whether this very process is submitting that render now."""
    with _in_flight_lock:
        return render_id in _in_flight


@dataclass
class Sending:
    """One submission under way, in a thread of its own.

    The thread is why Ctrl-C cannot lose a paid render: the waiting is interrupted, the answer that
    carries the job ID is still read and written down.
    """

    journal: Journal
    rate_limiter: RateLimiter
    balances: Balances
    backend: Backend
    request: RenderRequest
    record: JobRecord
    render: Render
    guess: Guess
    guard: bool
    """Whether an estimate above the balance refuses the render."""
    force: bool
    """Whether nothing that was kept of earlier renders may be used."""
    cancel: Event
    accepted: Callable[[JobRecord, Submission], None]
    """Called in the thread once the job ID is in the journal."""
    refused: Callable[[bool], None]
    """Called in the thread when there is no job; whether there may be one that is not known."""
    _done: Event = field(default_factory=Event, init=False)
    _error: BaseException | None = field(default=None, init=False)
    _posting: bool = field(default=False, init=False)
    _attempts: int = field(default=0, init=False)

    def run(self) -> None:
        """Submit, and return once the job is accepted. :func:`begin` was called before.

        Raises:
            KodiscError: what :meth:`Client.submit` raises, or the balance guard.
            SubmissionInterruptedError: Ctrl-C; the message says what became of the request.
        """
        try:
            Thread(target=self._work, name="kodisc-submit", daemon=True).start()
            while not self._done.wait(_CHUNK_S):
                pass
        except KeyboardInterrupt:
            self.cancel.set()
            self._done.wait(INTERRUPT_GRACE_S)
            raise self._interrupted() from None
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            self._submit()
        except BaseException as error:
            self._error = error
            self._write_down_failure(error)
        finally:
            over(self.record.render_id)
            self._done.set()

    def _submit(self) -> None:
        self.render.advance(Phase.SUBMITTING)
        balance = self.balances.ask(self.backend)
        if balance is not None:
            self.journal.update(self.record, "balance", balance_before=balance)
            self.render.advance(balance_before=balance)
        if self.guard and not fits_balance(balance, self.guess):
            raise BudgetExceededError(
                money.over_balance(self.request.class_name, self.guess.estimate),
                hint="%kodisc shows your balance. Choose a lower quality, or buy credits; --force "
                "sends it all the same, and it is paid for like any other render.",
            )
        submission = self.backend.client.submit(
            self.request,
            on_retry=self._retrying,
            on_attempt=self._attempt,
            cancel=self.cancel,
            headers=FRESH if self.backend.kind == "local" and self.force else None,
        )
        record = self._write_down(submission)
        self.accepted(record, submission)

    def _attempt(self, number: int) -> None:
        self.rate_limiter.acquire()
        if self.cancel.is_set():
            raise SubmissionCancelledError("The render was called off before it was sent again.")
        if number == 1:
            self.journal.update(self.record, "posting", durable=True, step=Step.POSTING)
            self._posting = True
        self._attempts = number
        self.render.advance(Phase.SUBMITTING, retry=None)

    def _retrying(self, retrying: Retrying) -> None:
        at = time.time() + retrying.delay_s
        self.render.advance(
            Phase.RETRYING,
            retry=Retry(retrying.attempt, retrying.attempts, at, retrying.reason),
        )

    def _write_down(self, submission: Submission) -> JobRecord:
        """The job ID, before anything else happens. A broken journal does not lose the job."""
        job = submission.job
        known: dict[str, Any] = {
            "step": Step.ACCEPTED,
            "job_id": job.job_id,
            "phase": str(job.status),
            "attempts": submission.attempts,
            "uncertain_attempts": submission.uncertain,
            "accepted_at": time.time(),
        }
        try:
            try:
                self.journal.update(self.record, "accepted", durable=True, **known)
            except JournalError:  # a damaged file is set aside by now, and a new one started
                self.journal.update(self.record, "accepted", durable=True, **known)
        except JournalError as error:
            warnings.warn(
                f"Job {job.job_id} was accepted, but the journal could not be written: {error} "
                "Keep this job ID: it is the way back to the render.",
                RuntimeWarning,
                stacklevel=2,
            )
        return replace(self.record, **known)

    def _write_down_failure(self, error: BaseException) -> None:
        uncertain = getattr(error, "uncertain", 0)
        if not isinstance(error, KodiscError) and self._posting:
            uncertain = max(1, uncertain)  # a bug of ours: assume the worst
        unsent = isinstance(error, NetworkError) and error.delivered is False
        if uncertain:
            step = Step.UNCERTAIN
        elif unsent or not self._posting:
            step = Step.NOT_SENT
        else:
            step = Step.REFUSED
        balance = self.balances.ask(self.backend) if uncertain else None
        if balance is not None and isinstance(error, KodiscError):
            change = money.since(self.render.state.balance_before, balance)
            error.message = f"{error.message} {change[0].upper()}{change[1:]}."
        with contextlib.suppress(KodiscError):  # the error itself is on its way to the user
            self.journal.update(
                self.record,
                str(step),
                step=step,
                attempts=self._attempts,
                uncertain_attempts=uncertain,
                ended_at=time.time(),
                balance_after=balance,
                note=str(error)[:300],
            )
        self.refused(bool(uncertain))

    def _interrupted(self) -> SubmissionInterruptedError:
        job_id = self.render.state.job_id
        uncertain = getattr(self._error, "uncertain", 0)
        if job_id is not None:
            text = (
                f"Interrupted, but job {job_id} was accepted already and goes on. "
                f"Come back to it with: %kodisc show {job_id}"
            )
            if self.backend.kind == "local":
                text += f" To end it: %kodisc cancel {job_id}"
        elif not self._done.is_set():
            uncertain = 1
            text = "Interrupted while the request was on its way; %kodisc jobs shows what becomes "
            text += "of it, and running the cell again picks it up."
        elif uncertain:
            text = "Interrupted; the request may have arrived. %kodisc jobs lists it as uncertain."
        else:
            text = "Interrupted before the render was accepted; nothing was charged."
        return SubmissionInterruptedError(text, attempts=self._attempts, uncertain=uncertain)
