"""Waiting for a job: polls, apart from retries, and never a reason to submit again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Event
from typing import Final

from kodisc_jupyter.api.credits import credits_of
from kodisc_jupyter.api.errors import (
    NO_REASON,
    JobNotFoundError,
    KodiscError,
    NetworkError,
    RenderFailedError,
    ServerError,
    WaitTimeoutError,
)
from kodisc_jupyter.api.exchange.retry import RETRY_AFTER_CAP_S, Waits
from kodisc_jupyter.api.models import Job, JobStatus

FIRST_POLL_S: Final = 1.0
SECOND_POLL_S: Final = 1.3
POLL_CAP_S: Final = 5.0
"""The vendor says to poll "every few seconds"."""
POLL_GROWTH: Final = 1.3
OUTAGE_S: Final = 60.0
"""Polls that fail for this long mean that the job is lost from sight."""
BELIEVED_AFTER: Final = 4
"""So many denials of a job (404) in a row are believed; a single one may be a hiccup."""


def poll_delay_s(
    polls: int,
    *,
    first: float = FIRST_POLL_S,
    second: float = SECOND_POLL_S,
    growth: float = POLL_GROWTH,
    cap: float = POLL_CAP_S,
) -> float:
    """Seconds until the next poll of a job that was polled ``polls`` times."""
    if polls == 0:
        return first
    grown: float = second * growth ** min(polls - 1, 50)
    return min(cap, grown)


def wait_for(
    job_id: str,
    poll: Callable[[], Job],
    *,
    timeout: float | None,
    poll_s: float | None,
    on_poll: Callable[[Job], None] | None,
    waits: Waits,
    cancel: Event | None,
) -> Job:
    """Ask with ``poll()`` until the job is completed. Raises what ``Client.wait`` documents."""
    monotonic = waits.monotonic
    began = monotonic()
    failing_since: float | None = None
    denials = 0
    for polls in count():
        pause = poll_s or poll_delay_s(polls)
        try:
            job = poll()
        except JobNotFoundError:
            denials += 1
            if denials >= BELIEVED_AFTER:
                raise
        except (NetworkError, ServerError) as error:
            now = monotonic()
            failing_since = now if failing_since is None else failing_since
            if not error.transient:
                raise
            if now - failing_since >= OUTAGE_S:
                lost = error
                break
            pause = max(pause, min(asked_wait_s(error) or 0.0, RETRY_AFTER_CAP_S))
        else:
            failing_since, denials = None, 0
            if on_poll is not None:
                on_poll(job)
            if job.status is JobStatus.FAILED:
                raise failed_job(job, "The render failed", _cost(job))
            if job.status is JobStatus.COMPLETED:
                return job
        left = None if timeout is None else began + timeout - monotonic()
        if (left is not None and left <= 0) or (cancel is not None and cancel.is_set()):
            raise WaitTimeoutError(
                f"Job {job_id} was not done after {monotonic() - began:.0f} s.",
                job_id=job_id,
                hint=come_back(job_id),
            )
        waits.nap(pause if left is None else min(pause, left), cancel)
    lost.message = f"Nothing has been heard of job {job_id} for {OUTAGE_S:.0f} s: {lost.message}"
    lost.hint = f"It was not submitted again. {come_back(job_id)}"
    raise lost


def come_back(job_id: str) -> str:
    """How to see more of a job whose waiting ended."""
    return f"The job goes on; wait for it again with its job ID, {job_id}."


def failed_job(job: Job, what: str, cost: str) -> RenderFailedError:
    """The error of a job that ended as failed: what happened, the last line of why, the cost."""
    lines = (job.error or "").strip().splitlines()
    reason = (lines[-1] if lines else NO_REASON).rstrip(".")
    return RenderFailedError(
        f"{what}: {reason}. {cost}", job_id=job.job_id, error=job.error, job=job
    )


def _cost(job: Job) -> str:
    if job.credits_cost is None:
        return "The job does not say what it cost."
    return f"You were charged {credits_of(job.credits_cost)}."


def asked_wait_s(error: KodiscError) -> float | None:
    """How long the server itself asks to wait, in seconds."""
    return error.retry_after_s if isinstance(error, ServerError) else None
