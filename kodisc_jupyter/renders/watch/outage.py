"""An outage: what failed polls in a row mean, and when to try again. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass

from kodisc_jupyter.api.errors import (
    AuthenticationError,
    JobNotFoundError,
    KodiscError,
    ServerError,
)
from kodisc_jupyter.api.waiting import BELIEVED_AFTER, asked_wait_s
from kodisc_jupyter.renders.state import Trouble
from kodisc_jupyter.renders.watch import pacing


@dataclass
class Outage:
    """Tries that failed in a row: since when (monotonic seconds), how many, and the last ones."""

    since: float
    failures: int = 0
    until: float = 0.0
    kind: type[KodiscError] = KodiscError
    alike: int = 0
    """How many of the last ones failed in the same way."""

    def add(self, error: KodiscError) -> None:
        """Count one more failure."""
        self.failures += 1
        self.alike = self.alike + 1 if type(error) is self.kind else 1
        self.kind = type(error)


def is_gone(error: KodiscError, outage: Outage, *, watched_s: float) -> bool:
    """Whether the server has denied often enough to know the job."""
    return (
        isinstance(error, JobNotFoundError)
        and outage.alike >= BELIEVED_AFTER
        and watched_s >= pacing.YOUNG_S
    )


def delay_s(error: KodiscError, outage: Outage, now: float) -> float:
    """Seconds until the next try."""
    if isinstance(error, AuthenticationError) and outage.alike >= BELIEVED_AFTER:
        return pacing.REFUSED_KEY_S
    return pacing.outage_delay_s(outage.failures, now - outage.since, asked_wait_s(error))


def trouble_of(error: KodiscError, outage: Outage, now: float) -> Trouble | None:
    """Why a job is lost, once that is to be believed."""
    if isinstance(error, AuthenticationError) and outage.alike >= BELIEVED_AFTER:
        return Trouble.KEY_REFUSED
    if isinstance(error, (AuthenticationError, JobNotFoundError)):
        return None
    if now - outage.since < pacing.LOST_AFTER_S:
        return None
    return Trouble.UNREACHABLE if is_unreachable(error) else Trouble.UNREADABLE


def is_unreachable(error: KodiscError) -> bool:
    """Whether the server may answer later; else it has answered, and nobody can read it."""
    return not isinstance(error, ServerError) or error.transient


def lost_note(trouble: Trouble, error: KodiscError) -> str:
    """What a panel says of a job that is out of sight."""
    why = error.message.rstrip(".")
    return {
        Trouble.KEY_REFUSED: "The key was refused while watching; the job goes on and its cost "
        "does not change. Type %kodisc login, then %kodisc show with the job ID.",
        Trouble.UNREADABLE: f"{why}. The job is kept, and is asked for again.",
        Trouble.UNREACHABLE: f"{why}; the job goes on, and watching resumes by itself.",
    }[trouble]
