"""One error class per thing a caller can react to; all derive from :class:`KodiscError`.

Every message says what happened, whether it cost anything, and what to do now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

NO_REASON: Final = "the server gave no reason"
"""Said of a job that failed without a word."""


class KodiscError(Exception):
    """Anything that went wrong with a Kodisc render.

    ``job_id`` names the job it is about, if there is one. ``status`` is the HTTP status, ``error``
    and ``detail`` the server's own ``error`` and ``message`` (data, not to be trusted), ``hint``
    what to do now. For a submission, ``attempts`` counts the requests made, and ``uncertain`` those
    of them that may have arrived without an answer: if it is above 0, a job may have been made.
    ``frames`` are the lines a notebook shows in place of a traceback; empty means the message.
    """

    hint: str = ""
    attempts: int = 0
    uncertain: int = 0
    frames: Sequence[str] = ()

    def __init__(
        self,
        message: str,
        *,
        job_id: str | None = None,
        status: int | None = None,
        error: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.job_id = job_id
        self.status = status
        self.error = error
        self.detail = detail
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """The lines IPython shows in place of a traceback: the frames, else the message."""
        return list(self.frames) or [f"{type(self).__name__}: {self}"]


class InvalidRequestError(KodiscError):
    """The API refused the request (400); nothing was charged. ``field`` names what it is about."""

    def __init__(self, message: str, *, field: str | None = None, **about: Any) -> None:
        super().__init__(message, **about)
        self.field = field


class AuthenticationError(KodiscError):
    """The key is missing, malformed, revoked or unknown (401); nothing was charged."""


class InsufficientCreditsError(KodiscError):
    """Not enough credits to reserve (402); no job was made. ``balance`` is what is there."""

    def __init__(self, message: str, *, balance: Any = None, **about: Any) -> None:
        super().__init__(message, **about)
        self.balance = balance


class JobNotFoundError(KodiscError):
    """The job does not exist or belongs to somebody else (404); permanent for that job ID."""


class ServerError(KodiscError):
    """Kodisc's own trouble: a 5xx, or an answer that cannot be read.

    ``transient`` says whether the same request may go through later; ``retry_after_s`` is the
    server's own ``Retry-After`` in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        transient: bool = True,
        retry_after_s: float | None = None,
        **about: Any,
    ) -> None:
        super().__init__(message, **about)
        self.transient = transient
        self.retry_after_s = retry_after_s


class NetworkError(KodiscError):
    """The API could not be reached. ``delivered`` is False when the request surely never left.

    ``transient`` says whether it may be reached later, with nothing changed on this machine.
    """

    def __init__(
        self,
        message: str,
        *,
        delivered: bool | None = None,
        transient: bool = True,
        **about: Any,
    ) -> None:
        super().__init__(message, **about)
        self.delivered = delivered
        self.transient = transient


class SubmissionUncertainError(KodiscError):
    """A submission may or may not have made a job; it was not sent again."""


class SubmissionCancelledError(KodiscError):
    """The submission was called off while it waited to try again."""


class SubmissionInterruptedError(KeyboardInterrupt):
    """Ctrl-C while a render was being submitted; the counts are as in :class:`KodiscError`.

    ``job`` is the job, if the submission was accepted in the very moment of the interrupt.
    """

    def __init__(
        self, message: str, *, attempts: int, uncertain: int, job: Any | None = None
    ) -> None:
        super().__init__(message)
        self.job = job
        self.attempts = attempts
        self.uncertain = uncertain

    def _render_traceback_(self) -> list[str]:
        """The lines IPython shows in place of a traceback: just the message."""
        return [f"KeyboardInterrupt: {self}"]


class WebhookSignatureError(KodiscError):
    """A webhook was not signed with this secret, or too long ago; do not act on it."""


class SceneCheckError(KodiscError):
    """A free check found a mistake; nothing was sent. ``diagnostics`` lists all that was found."""

    def __init__(self, message: str, *, diagnostics: tuple[Any, ...] = (), **about: Any) -> None:
        super().__init__(message, **about)
        self.diagnostics = diagnostics


class RenderFailedError(KodiscError):
    """The job ended as ``failed``; ``job`` is its last answer."""

    def __init__(self, message: str, *, job: Any = None, **about: Any) -> None:
        super().__init__(message, **about)
        self.job = job


class BudgetExceededError(KodiscError):
    """Refused before sending: ``max_credits`` or the balance guard would be exceeded."""


class WaitTimeoutError(KodiscError):
    """The waiting timed out; the job goes on."""
