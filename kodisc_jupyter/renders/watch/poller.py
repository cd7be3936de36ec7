"""One thread that polls every open job of this kernel."""

from __future__ import annotations

import heapq
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Condition, Thread, Timer

from kodisc_jupyter.api.errors import AuthenticationError, KodiscError, NetworkError
from kodisc_jupyter.api.models import Job
from kodisc_jupyter.api.waiting import asked_wait_s
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.state import Trouble
from kodisc_jupyter.renders.watch import pacing
from kodisc_jupyter.renders.watch.outage import (
    Outage,
    delay_s,
    is_gone,
    is_unreachable,
    lost_note,
    trouble_of,
)
from kodisc_jupyter.renders.watch.pacing import REFUSED_KEY_S, RateLimiter, poll_delay_s

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Watch:
    """One job being watched. The callbacks come from the watcher's thread.

    ``seen`` gets every answer, ``lost`` the trouble and a sentence once nothing is heard of the
    job for a while, ``gone`` the error when the server no longer knows it.
    """

    job_id: str
    backend: Backend
    seen: Callable[[Job], None]
    lost: Callable[[Trouble, str], None]
    gone: Callable[[KodiscError], None]
    began: float = 0.0
    polls: int = 0
    outage: Outage | None = None
    told: Trouble | None = None
    active: bool = True
    ticket: int = 0


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

    def __init__(
        self, rate_limiter: RateLimiter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._changed = Condition()
        self._due: list[_Due] = []
        self._tickets = count(1)
        self._watches: set[Watch] = set()
        self._outages: dict[str, Outage] = {}
        self._thread: Thread | None = None
        self._pid = os.getpid()

    def watch(self, watch: Watch) -> None:
        """Poll a job from now on, until it ends or :meth:`forget` is called."""
        with self._changed:
            if os.getpid() != self._pid:
                return  # a forked child: the parent watches
            watch.began = self._clock()
            watch.active = True
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
            self._rate_limiter.acquire(spaced=True)
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
        except KodiscError as error:
            self._failed(watch, error)
        else:
            self._answered(watch, job)

    def _answered(self, watch: Watch, job: Job) -> None:
        watch.outage = None
        watch.told = None
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
        backend_wide = isinstance(error, NetworkError) or asked_wait_s(error) is not None
        with self._changed:
            if backend_wide:
                outage = self._outages.setdefault(identity, Outage(now))
            else:
                outage = watch.outage = watch.outage or Outage(now)
            outage.add(error)
            gone = is_gone(error, outage, watched_s=now - watch.began) and watch.active
            if gone:
                self._drop(watch)
            delay = delay_s(error, outage, now)
            outage.until = now + delay
            if watch.active:
                self._plan(watch, delay)
        if gone:
            watch.gone(error)
        self._tell(watch, outage, error)
        if outage.failures == 1 and is_unreachable(error):  # the next poll may hang for long
            timer = Timer(pacing.LOST_AFTER_S, self._tell, (watch, outage, error))
            timer.daemon = True
            timer.start()
        if backend_wide or isinstance(error, AuthenticationError):
            self._find_again(watch.backend, outage)

    def _tell(self, watch: Watch, outage: Outage, error: KodiscError) -> None:
        """Tell an outage that lasts to each job that it is about, once."""
        identity = watch.backend.identity
        trouble = trouble_of(error, outage, self._clock())
        if trouble is None:
            return
        with self._changed:
            if self._outages.get(identity) is outage:
                mates = {mate for mate in self._watches if mate.backend.identity == identity}
            else:
                mates = {watch} if watch.outage is outage else set()
            lost = [mate for mate in mates if mate.active and mate.told is not trouble]
            for mate in lost:
                mate.told = trouble
        for mate in lost:
            mate.lost(trouble, lost_note(trouble, error))

    def _find_again(self, backend: Backend, outage: Outage) -> None:
        """Our own server may have been restarted on another port, with another key."""
        if backend.refresh is None or outage.failures < 2:
            return
        try:
            again = backend.refresh()
        except KodiscError as error:
            _log.info("The render server was not found again: %s", error)
            return
        with self._changed:
            for watch in self._watches:
                if watch.backend.identity == backend.identity:
                    watch.backend = again
            self._changed.notify()
