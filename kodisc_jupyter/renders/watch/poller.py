"""One thread that polls every open job of this kernel."""

from __future__ import annotations

import heapq
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Condition, Thread

from kodisc_jupyter.api.errors import (
    AuthenticationError,
    JobNotFoundError,
    KodiscError,
    NetworkError,
    ServerError,
)
from kodisc_jupyter.api.models import Job
from kodisc_jupyter.renders.start.backend import Backend
from kodisc_jupyter.renders.watch.pacing import (
    LOST_AFTER_S,
    REFUSED_KEY_S,
    YOUNG_S,
    RateLimiter,
    outage_delay_s,
    poll_delay_s,
)

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Watch:
    """One job being watched. The callbacks come from the watcher's thread.

    ``seen`` gets every answer, ``lost`` a sentence once the API cannot be reached for a while,
    ``gone`` the error when the server no longer knows the job.
    """

    job_id: str
    backend: Backend
    seen: Callable[[Job], None]
    lost: Callable[[str], None]
    gone: Callable[[KodiscError], None]
    began: float = 0.0
    polls: int = 0
    trouble: _Trouble | None = None
    is_lost: bool = False
    active: bool = True
    ticket: int = 0


@dataclass
class _Trouble:
    """An outage: since when (monotonic seconds), and how many tries failed."""

    since: float
    failures: int = 0
    until: float = 0.0
    reason: str = ""


@dataclass(order=True)
class _Due:
    """A planned poll; it stands only while its ticket is the watch's latest."""

    at: float
    ticket: int
    watch: Watch = field(compare=False)

    @property
    def stands(self) -> bool:
        return self.watch.active and self.ticket == self.watch.ticket


class Poller:
    """Polls all watched jobs from one daemon thread, fairly and at a bounded rate.

    The thread starts with the first job and ends with the last. An outage belongs to a backend: one
    job at a time probes it, so that a hundred open jobs do not queue up behind a dead connection.
    """

    def __init__(self, turns: RateLimiter, clock: Callable[[], float] = time.monotonic) -> None:
        self._turns = turns
        self._clock = clock
        self._changed = Condition()
        self._due: list[_Due] = []
        self._tickets = count(1)
        self._watches: set[Watch] = set()
        self._outages: dict[str, _Trouble] = {}
        self._thread: Thread | None = None
        self._pid = os.getpid()

    def watch(self, watch: Watch) -> None:
        """Poll a job from now on, until it ends or :meth:`forget` is called."""
        with self._changed:
            if os.getpid() != self._pid:
                return  # a forked child: the parent watches
            watch.began = self._clock()
            self._watches.add(watch)
            self._plan(watch, poll_delay_s(watch.backend.kind, 0))
            if self._thread is None:
                self._thread = Thread(target=self._run, name="kodisc-watcher", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self, watch: Watch) -> None:
        """Stop polling a job; it goes on at the server."""
        with self._changed:
            self._drop(watch)
            self._changed.notify()

    def check_now(self, watch: Watch) -> None:
        """Poll a job next, even in an outage."""
        with self._changed:
            if watch.active:
                outage = self._outages.get(watch.backend.identity)
                if outage is not None:
                    outage.until = self._clock()
                self._plan(watch, 0)
                self._changed.notify()

    def close(self) -> None:
        """Stop polling everything."""
        with self._changed:
            for watch in list(self._watches):
                self._drop(watch)
            self._changed.notify()

    def _plan(self, watch: Watch, delay_s: float) -> None:
        self._plan_at(watch, self._clock() + delay_s)

    def _plan_at(self, watch: Watch, at: float) -> None:
        watch.ticket = next(self._tickets)
        heapq.heappush(self._due, _Due(at, watch.ticket, watch))

    def _drop(self, watch: Watch) -> None:
        watch.active = False
        self._watches.discard(watch)

    def _run(self) -> None:
        while True:
            watch = self._next()
            if watch is None:
                return
            self._turns.take(spaced=True)
            if not watch.active:
                continue
            try:
                self._poll(watch)
            except Exception:  # a subscriber's or our own bug must not stop the other renders
                _log.exception("Polling job %s went wrong", watch.job_id)
                with self._changed:
                    if watch.active:
                        self._plan(watch, REFUSED_KEY_S)

    def _next(self) -> Watch | None:
        """Wait for the next job to poll; ``None`` when nothing is watched."""
        with self._changed:
            while self._watches:
                delay = self._sift()
                if delay <= 0:
                    return heapq.heappop(self._due).watch
                self._changed.wait(delay)
            self._thread = None
            self._due.clear()
            return None

    def _sift(self) -> float:
        """Seconds until the first job is due, after skipping dropped ones and sleeping backends."""
        while self._due:
            first = self._due[0]
            if not first.stands:
                heapq.heappop(self._due)
                continue
            outage = self._outages.get(first.watch.backend.identity)
            if outage is not None and first.at < outage.until:
                heapq.heappop(self._due)
                self._plan_at(first.watch, outage.until)
                continue
            return first.at - self._clock()
        return 3600.0

    def _poll(self, watch: Watch) -> None:
        watch.polls += 1
        try:
            job = watch.backend.client.get_render(watch.job_id, attempts=1)
        except JobNotFoundError as error:
            if self._clock() - watch.began < YOUNG_S:
                self._failed(watch, error)
                return
            with self._changed:
                self._drop(watch)
            watch.gone(error)
        except KodiscError as error:
            self._failed(watch, error)
        else:
            self._answered(watch, job)

    def _answered(self, watch: Watch, job: Job) -> None:
        watch.trouble = None
        watch.is_lost = False
        with self._changed:
            self._outages.pop(watch.backend.identity, None)
            if job.is_terminal:
                self._drop(watch)
            elif watch.active:
                self._plan(watch, poll_delay_s(watch.backend.kind, watch.polls))
        watch.seen(job)

    def _failed(self, watch: Watch, error: KodiscError) -> None:
        now = self._clock()
        identity = watch.backend.identity
        backend_wide = isinstance(error, NetworkError) or _retry_after_s(error) is not None
        with self._changed:
            if backend_wide:
                trouble = self._outages.setdefault(identity, _Trouble(now))
            else:
                trouble = watch.trouble = watch.trouble or _Trouble(now)
            trouble.failures += 1
            trouble.reason = error.message
            outage_s = now - trouble.since
            delay = outage_delay_s(trouble.failures, outage_s, _retry_after_s(error))
            if isinstance(error, AuthenticationError):
                delay = REFUSED_KEY_S
            trouble.until = now + delay
            if watch.active:
                self._plan(watch, delay)
            lost = []
            if outage_s >= LOST_AFTER_S or isinstance(error, AuthenticationError):
                mates = self._watches if backend_wide else {watch}
                lost = [
                    mate
                    for mate in mates
                    if mate.backend.identity == identity and mate.active and not mate.is_lost
                ]
                for mate in lost:
                    mate.is_lost = True
        for mate in lost:
            mate.lost(_lost_note(error))
        if backend_wide or isinstance(error, AuthenticationError):
            self._find_again(watch.backend, trouble)

    def _find_again(self, backend: Backend, trouble: _Trouble) -> None:
        """Our own server may have been restarted on another port, with another key."""
        if backend.refresh is None or trouble.failures < 2:
            return
        try:
            found = backend.refresh()
        except KodiscError as error:
            _log.info("The render server was not found again: %s", error)
            return
        with self._changed:
            for watch in self._watches:
                if watch.backend.identity == backend.identity:
                    watch.backend = found
            self._changed.notify()


def _retry_after_s(error: KodiscError) -> float | None:
    return error.retry_after_s if isinstance(error, ServerError) else None


def _lost_note(error: KodiscError) -> str:
    if isinstance(error, AuthenticationError):
        return (
            "The key was refused while watching; the job goes on and its cost does not change. "
            "Type %kodisc login, then %kodisc show with the job ID."
        )
    return (
        f"The API cannot be reached ({error.message.rstrip('.')}); the job goes on, and watching "
        "resumes by itself."
    )
