"""When to ask again: pure functions of numbers, and one clocked limit for all requests."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final

from kodisc_jupyter.api import waiting
from kodisc_jupyter.api.exchange.retry import RETRY_AFTER_CAP_S

BURST: Final = 10
BURST_S: Final = 1.05
"""A kernel makes at most 10 requests in a second, with some room for delays on their way."""

POLLS_BURST: Final = 8
"""So many of them may be polls, which leaves some for what a person waits for."""
SPACING_S: Final = 0.06
"""Between a poll and the request before it."""

FIRST_POLL_S: Final = {"local": 0.13, "cloud": waiting.FIRST_POLL_S}
"""No render is done sooner."""
NEXT_POLL_S: Final = {"local": 0.06, "cloud": waiting.SECOND_POLL_S}
POLL_CAP_S: Final = {"local": 0.5, "cloud": 4.0}
"""A person looks at a panel, so it asks a little oftener than a program that waits; our own server
is on loopback."""
_GROWTH: Final = {"local": 1.2, "cloud": waiting.POLL_GROWTH}

LOST_AFTER_S: Final = 12.0
"""An outage this long is told."""
LONG_OUTAGE_S: Final = 60.0
"""An outage this long is probed less often, and nobody waits for what it hides."""
FIRST_OUTAGE_S: Final = 0.5
"""The first try comes this long after a failure; each later one waits twice as long."""
OUTAGE_CAP_S: Final = 10.0
LOST_CAP_S: Final = 30.0
REFUSED_KEY_S: Final = 60.0
"""Between polls with a key that is known to be refused: another may be typed, the job goes on."""
YOUNG_S: Final = 5.0
"""A 404 this soon after the 202 may only mean that the job has not reached every server."""


def poll_delay_s(kind: str, polls: int) -> float:
    """Seconds until the next poll of a job that was polled ``polls`` times."""
    return waiting.poll_delay_s(
        polls,
        first=FIRST_POLL_S[kind],
        second=NEXT_POLL_S[kind],
        growth=_GROWTH[kind],
        cap=POLL_CAP_S[kind],
    )


def outage_delay_s(failures: int, outage_s: float, retry_after_s: float | None) -> float:
    """Seconds until the next try after ``failures`` (at least 1) in a row.

    The server's own wish is obeyed, up to :data:`RETRY_AFTER_CAP_S`: else it could end all asking.
    """
    cap = LOST_CAP_S if outage_s >= LONG_OUTAGE_S else OUTAGE_CAP_S
    delay = min(cap, FIRST_OUTAGE_S * 2.0 ** min(failures - 1, 10))
    return delay if retry_after_s is None else max(delay, min(retry_after_s, RETRY_AFTER_CAP_S))


class RateLimiter:
    """Lets requests go: never more than :data:`BURST` within :data:`BURST_S`.

    What a person waits for (a submission, a balance) goes at once while there is room. Polls leave
    it some: they are :data:`POLLS_BURST` at most, and :data:`SPACING_S` apart.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._taken: deque[float] = deque([-math.inf] * BURST, maxlen=BURST)
        self._lock = Lock()

    def acquire(self, *, spaced: bool = False) -> float:
        """Block until a request may go out, a poll if ``spaced``; return the clock's time."""
        while True:
            with self._lock:
                now = self._clock()
                due = self._taken[0] + BURST_S
                if spaced:
                    due = max(due, self._taken[-POLLS_BURST] + BURST_S, self._taken[-1] + SPACING_S)
                if now >= due:
                    self._taken.append(now)
                    return now
            self._sleep(due - now)
