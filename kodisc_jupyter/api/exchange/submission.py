"""A submission, attempt by attempt: what was sent, and what may have come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kodisc_jupyter.api.errors import (
    KodiscError,
    SubmissionCancelledError,
    SubmissionInterruptedError,
    SubmissionUncertainError,
)
from kodisc_jupyter.api.exchange import answers
from kodisc_jupyter.api.exchange.answers import Delivery, RequestContext
from kodisc_jupyter.api.exchange.outcome import Answer, Interrupted, Outcome
from kodisc_jupyter.api.exchange.retry import CancelledError
from kodisc_jupyter.api.models import Balance, Job, JobStatus

_LOOK: Final = "Before you send it again, look at %kodisc jobs: it shows whether the balance fell."


@dataclass(frozen=True)
class Submission:
    """An accepted render: the queued job, and what it took to get it accepted.

    ``attempts`` counts the requests made, the accepted one included; ``uncertain`` those of them
    that may have arrived without an answer; ``reasons`` says why each failed attempt failed.
    """

    job: Job
    attempts: int
    uncertain: int
    reasons: tuple[str, ...]


class Attempts:
    """What has been seen of one submission so far."""

    def __init__(self) -> None:
        self.attempts = 0
        self.job: Job | None = None
        self.reasons: list[str] = []
        self._uncertain = 0
        self._is_open = False

    @property
    def uncertain(self) -> int:
        """Attempts that may have arrived without an answer; one that is still open may have."""
        return self._uncertain + self._is_open

    def open(self, number: int) -> None:
        """An attempt begins."""
        self.attempts, self._is_open = number, True

    def close(self, outcome: Outcome) -> None:
        """An attempt ended in ``outcome``."""
        self.job = job_of(outcome)
        if self.job is None:
            self.reasons.append(answers.reason(outcome))
            self._uncertain += answers.delivery(outcome) is Delivery.UNCERTAIN
        self._is_open = False

    def needs_telling(self, outcome: Outcome) -> bool:
        """Whether the error's own words do not yet say all about what may have been made."""
        return self.uncertain > 0 or answers.is_transient(outcome)

    def summary(self) -> str:
        """What is known about jobs and charges, as a sentence."""
        if self.job is not None:
            return f"Job {self.job.job_id} was made and goes on."
        if self.attempts == 0:
            return "Nothing was sent; nothing was charged."
        times = self.attempts
        if self.uncertain == 0:
            failed = "" if times == 1 else f"All {times} attempts failed. "
            return f"{failed}No job was made and nothing was charged."
        if times == 1:
            return f"It may have started a job. {_LOOK}"
        which = "any of them" if self.uncertain == times else f"{self.uncertain} of them"
        return f"All {times} attempts failed, but {which} may have started a job. {_LOOK}"

    def mark(self, error: KodiscError) -> KodiscError:
        """Write the counts on an error."""
        error.attempts, error.uncertain = self.attempts, self.uncertain
        return error


def submit(
    post: Callable[[], Outcome],
    repeat: Callable[[Callable[[int], Outcome], Callable[[Outcome], bool]], Outcome],
    log: Attempts,
    *,
    on_attempt: Callable[[int], None] | None,
    resubmit_uncertain: bool,
) -> Outcome:
    """Have ``repeat`` call ``post`` until the render is accepted or refused; ``log`` knows all.

    Raises:
        SubmissionCancelledError: called off while it waited.
        SubmissionInterruptedError: Ctrl-C (a ``KeyboardInterrupt``).
    """

    def attempt(number: int) -> Outcome:
        if on_attempt is not None:
            on_attempt(number)
        log.open(number)
        outcome = post()
        log.close(outcome)
        return outcome

    def again(outcome: Outcome) -> bool:
        uncertain = answers.delivery(outcome) is Delivery.UNCERTAIN
        return answers.is_transient(outcome) and (resubmit_uncertain or not uncertain)

    outcome: Outcome | None = None
    cancelled = False
    try:
        outcome = repeat(attempt, again)
    except CancelledError:
        cancelled = True
    except KodiscError as error:  # from a callback, which calls the rest off
        log.mark(error)
        raise
    except KeyboardInterrupt:
        pass
    # Raised out here, without what was under way in their chain.
    if cancelled:
        raise log.mark(SubmissionCancelledError("The render was called off.", hint=log.summary()))
    if outcome is None or isinstance(outcome, Interrupted):
        raise SubmissionInterruptedError(
            f"Interrupted while the render was being submitted. {log.summary()}",
            attempts=log.attempts,
            uncertain=log.uncertain,
            job=log.job,
        )
    return outcome


def refusal(
    outcome: Outcome,
    log: Attempts,
    about: RequestContext,
    resubmit_uncertain: bool,
    balance: Balance | None,
) -> KodiscError:
    """The error for a submission that was not accepted."""
    assert not isinstance(outcome, Interrupted)
    if answers.is_success(outcome):
        return SubmissionUncertainError(
            f"The render was accepted, but {answers.reason(outcome)}: a job was probably made, "
            "and its ID is not known.",
            hint=f"It was not sent again, so that you do not pay twice. {_LOOK}",
        )
    uncertain = answers.delivery(outcome) is Delivery.UNCERTAIN
    if uncertain and not resubmit_uncertain:
        return SubmissionUncertainError(
            f"The render may or may not have been accepted: {answers.reason(outcome)}.",
            status=outcome.status if isinstance(outcome, Answer) else None,
            hint=f"It was not sent again, because resubmit_uncertain is off. {_LOOK}",
        )
    error = answers.problem(outcome, about, balance=balance)
    if log.needs_telling(outcome):
        error.message = f"{error.message} {log.summary()}"
    return error


def job_of(outcome: Outcome) -> Job | None:
    """The job of an accepted submission. With a ``jobId`` there is one, whatever else is odd."""
    if not isinstance(outcome, Answer) or not answers.is_success(outcome):
        return None
    job_id = answers.job_id_of(outcome)
    return None if job_id is None else Job(job_id, JobStatus.QUEUED)
