"""When to ask again: pure functions of numbers, and one clocked limit for all requests."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final

BURST: Final = 10
BURST_S: Final = 1.05
"""A kernel makes at most 10 requests in a second, with some room for delays on their way."""

SPACING_S: Final = 0.12
"""Between a poll and the request before it: 8 in a second, which leaves some for a person."""

FIRST_POLL_S: Final = {"local": 0.12, "cloud": 1.0}
POLL_CAP_S: Final = {"local": 0.5, "cloud": 4.0}
"""The vendor says to poll "every few seconds"; our own server is on loopback."""
_GROWTH: Final = {"local": 1.15, "cloud": 1.3}

LOST_AFTER_S: Final = 60.0
"""An outage this long is shown."""
OUTAGE_CAP_S: Final = 10.0
LOST_CAP_S: Final = 30.0
REFUSED_KEY_S: Final = 60.0
"""Between polls with a key that was refused: it may be a hiccup, and the job goes on."""
YOUNG_S: Final = 5.0
"""A 404 this soon after the 202 may only mean that the job has not reached every server."""


def poll_delay_s(kind: str, polls: int) -> float:
    """Seconds until the next poll of a job that was polled ``polls`` times."""
    growth: float = _GROWTH[kind] ** min(polls, 50)
    return min(POLL_CAP_S[kind], FIRST_POLL_S[kind] * growth)


def outage_delay_s(failures: int, outage_s: float, retry_after_s: float | None) -> float:
    """Seconds until the next try after ``failures`` (at least 1) in a row; obeys the server."""
    cap = LOST_CAP_S if outage_s >= LOST_AFTER_S else OUTAGE_CAP_S
    delay = min(cap, 0.5 * 2.0 ** min(failures - 1, 10))
    return delay if retry_after_s is None else max(delay, retry_after_s)


class Turns:
    """Lets requests go: never more than :data:`BURST` within :data:`BURST_S`.

    What a person waits for (a submission, a balance) goes at once while there is room. Polls also
    keep :data:`SPACING_S` apart from whatever went before, so that there nearly always is.
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

    def take(self, *, spaced: bool = False) -> float:
        """Wait for the next turn, a poll's if ``spaced``; when it was, by the clock."""
        while True:
            with self._lock:
                now = self._clock()
                due = self._taken[0] + BURST_S
                if spaced:
                    due = max(due, self._taken[-1] + SPACING_S)
                if now >= due:
                    self._taken.append(now)
                    return now
            self._sleep(due - now)
