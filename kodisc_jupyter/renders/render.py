"""One render in this kernel: what a cell or a program holds in its hand."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Condition, RLock
from typing import Any, Final

from kodisc_jupyter.api.errors import (
    AuthenticationError,
    KodiscError,
    NetworkError,
    RenderFailedError,
    ServerError,
    WaitTimeoutError,
)
from kodisc_jupyter.api.models import CANCELLED, Job, RenderRequest
from kodisc_jupyter.api.waiting import failed_job
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.state import ENDED, OUTAGE_LIMIT_S, Phase, RenderState, Trouble

Subscriber = Callable[[RenderState], None]

_CHUNK_S: Final = 0.5
"""Waiting is done in pieces: on Windows a longer wait cannot be interrupted with Ctrl-C."""

_log = logging.getLogger(__name__)


class Render:
    """A render that was started, attached to or shown again.

    It goes on whether or not anybody looks; forgetting the object stops nothing.
    """

    def __init__(
        self, state: RenderState, *, request: RenderRequest | None, backend: Backend | None
    ) -> None:
        self.request = request
        self.backend = backend
        self._state = state
        self._problem: KodiscError | None = None
        self._changed = Condition()
        self._delivering = RLock()  # one change at a time reaches the subscribers, in order
        self._subscribers: dict[object, Subscriber] = {}
        self.on_detach: Callable[[], None] | None = None
        """What stops the watching; set by whoever watches."""
        self.on_display: Callable[[], str] | None = None
        """The HTML that a notebook shows of it, or ``""``; set by whoever shows it."""

    def __repr__(self) -> str:
        state = self._state
        about = f" job {state.job_id}" if state.job_id else ""
        return f"<Render {state.scene} {state.quality}{about}: {state.phase}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        """For Jupyter: the video, wherever a cell ends with this render."""
        html = self.on_display() if self.on_display is not None else ""
        return {"text/plain": repr(self), **({"text/html": html} if html else {})}

    def _mime_(self) -> tuple[str, str]:
        """For marimo: the panel or the video, wherever a cell ends with this render."""
        html = self.on_display() if self.on_display is not None else ""
        return ("text/html", html) if html else ("text/plain", repr(self))

    @property
    def render_id(self) -> str:
        """This render's own ID, given by this machine."""
        return self._state.render_id

    @property
    def state(self) -> RenderState:
        """Everything that is known now."""
        return self._state

    @property
    def job(self) -> Job | None:
        """The job as the API last described it; ``None`` before it was accepted."""
        return self._state.job

    @property
    def video(self) -> Path | None:
        """The video on this machine, once it was fetched."""
        return self._state.media.video if self._state.media else None

    def wait(self, timeout: float | None = None, *, outage_limit: float = OUTAGE_LIMIT_S) -> Job:
        """Wait until the render has ended, its video is here, and its subscribers know.

        Ctrl-C stops only the waiting.

        Args:
            timeout: seconds; ``None`` waits as long as it takes.
            outage_limit: seconds for which the API may be out of reach.

        Raises:
            RenderFailedError: the job failed.
            JobNotFoundError: the server no longer knows the job.
            WaitTimeoutError: the time is up; the job goes on.
            AuthenticationError: the key is refused now; the job goes on.
            NetworkError: the API was out of reach for ``outage_limit``; the job goes on.
            ServerError: the server's answers cannot be understood; the job is kept.
            KodiscError: it is no longer watched here, after :meth:`cancel_watch`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        lost_at: float | None = None
        with self._changed:
            while self._state.phase not in ENDED:
                lost_at = (lost_at or time.monotonic()) if self._state.trouble else None
                hopeless = given_up(
                    self._state,
                    0.0 if lost_at is None else time.monotonic() - lost_at,
                    outage_limit,
                )
                if hopeless is not None:
                    raise hopeless
                left = _CHUNK_S if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise WaitTimeoutError(
                        f"{self._state.scene} was not finished within {timeout:g} s; "
                        "the job goes on.",
                        job_id=self._state.job_id,
                        hint=_come_back(self._state.job_id),
                    )
                self._changed.wait(min(left, _CHUNK_S))
            state, problem = self._state, self._problem
        with self._delivering:
            pass  # the end has been shown, too: a notebook run unattended may close after this
        if state.phase is Phase.DETACHED:
            raise KodiscError(
                f"{state.scene} is no longer watched here; the job goes on.",
                job_id=state.job_id,
                hint=_come_back(state.job_id),
            )
        if problem is not None:
            raise problem
        assert state.job is not None
        return state.job

    def cancel_watch(self) -> None:
        """Stop watching. The job itself goes on, and costs what it costs."""
        if self.on_detach is not None:
            self.on_detach()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Have ``subscriber`` called with the state now, and again at every change.

        It may be called from another thread. The answer ends the subscription.
        """
        token = object()
        with self._delivering:
            self._subscribers[token] = subscriber
            _tell(subscriber, self._state)

        def unsubscribe() -> None:
            self._subscribers.pop(token, None)

        return unsubscribe

    def advance(self, phase: Phase | None = None, **changes: Any) -> None:
        """Take in what has become known; tell the subscribers if anything changed."""
        with self._delivering:
            before = self._state
            if before.phase in ENDED:
                return
            after = before._replace(**changes)
            if phase is not None and phase is not before.phase:
                after = after._replace(phase=phase, phase_at=time.time())
                if phase in ENDED:
                    after = after._replace(ended_at=after.phase_at)
                if phase is not Phase.LOST:
                    after = after._replace(trouble=None)
            if after == before:
                return
            with self._changed:
                self._state = after
                self._changed.notify_all()
            for subscriber in list(self._subscribers.values()):
                _tell(subscriber, after)
            if after.phase in ENDED:
                self._subscribers.clear()  # nothing more comes; panels can go

    def fail(self, problem: KodiscError, **changes: Any) -> None:
        """End as failed; ``problem`` is what :meth:`wait` raises."""
        with self._changed:
            self._problem = problem
        self.advance(Phase.FAILED, **changes)


def failure(state: RenderState, job: Job) -> RenderFailedError:
    """The error of a job that ended as failed, with its cost as the API reports it."""
    if job.error == CANCELLED:
        return RenderFailedError(
            f"{state.scene} was cancelled; nothing was charged.",
            job_id=job.job_id,
            error=job.error,
            job=job,
        )
    charged = money.charged(state._replace(cost=job.credits_cost))
    return failed_job(job, f"{state.scene} failed to render", charged)


def given_up(state: RenderState, lost_s: float, outage_limit: float) -> KodiscError | None:
    """Why it is no use to wait any longer for a job that is out of sight; ``None`` while it is.

    ``lost_s`` is for how many seconds it has been so; an outage passes, so it has a limit, while
    a refused key or an answer that makes no sense will be the same tomorrow.
    """
    if state.trouble is Trouble.KEY_REFUSED:
        return AuthenticationError(
            f"The key was refused while {state.scene} was open. The job goes on, and its cost does "
            "not change.",
            job_id=state.job_id,
            hint="Give a key that is accepted (%kodisc login, or KODISC_KEY), then: "
            f"%kodisc show {state.job_id}",
        )
    if state.trouble is Trouble.UNREADABLE:
        return ServerError(
            f"{state.scene}: {state.note}",
            job_id=state.job_id,
            transient=False,
            hint=_come_back(state.job_id),
        )
    if state.trouble is Trouble.UNREACHABLE and lost_s >= outage_limit:
        return NetworkError(
            f"Nothing has been heard of {state.scene} for {outage_limit:g} s, so the wait is over. "
            f"{state.note}",
            job_id=state.job_id,
            hint=_come_back(state.job_id),
        )
    return None


def _come_back(job_id: str | None) -> str:
    return f"Come back to it with: %kodisc show {job_id}" if job_id else ""


def _tell(subscriber: Subscriber, state: RenderState) -> None:
    try:
        subscriber(state)
    except Exception:  # a panel's trouble is not the render's
        _log.exception("A subscriber of render %s failed", state.render_id)
