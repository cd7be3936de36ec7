"""At most so many messages a second; the newest always arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from kodisc_jupyter.notebook.display.sending.outbox import Outbox

Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls a function once after so many seconds, on whatever thread; what it returns cancels that."""

GAP_S: Final = 0.5
"""Two messages a second."""

T = TypeVar("T")


def call_later(delay_s: float, fn: Callable[[], None]) -> Callable[[], None]:
    """Call ``fn`` after ``delay_s`` seconds from a daemon thread, unless cancelled before."""
    timer = threading.Timer(delay_s, fn)
    timer.daemon = True
    timer.start()
    return timer.cancel


class Throttle(Generic[T]):
    """Passes values on to ``send``, at least ``gap_s`` seconds apart; between, the newest waits.

    ``clock`` is monotonic, in seconds; ``sent_at`` is when something was shown by other means.
    May be used from several threads: values arrive in order.
    """

    def __init__(
        self,
        send: Callable[[T], None],
        *,
        clock: Callable[[], float],
        later: Later = call_later,
        gap_s: float = GAP_S,
        sent_at: float | None = None,
    ) -> None:
        self._send = send
        self._clock = clock
        self._later = later
        self._gap_s = gap_s
        self._lock = threading.Lock()
        self._outbox = Outbox()
        self._sent_at = sent_at
        self._waiting: list[T] = []
        self._cancel: Callable[[], None] | None = None

    def offer(self, value: T, *, at_once: bool = False, patient: bool = False) -> None:
        """Send ``value`` now, or as soon as the gap allows, unless a newer one comes first.

        ``patient``: not before a whole gap from now.
        """
        with self._lock:
            self._waiting = [value]
            if at_once or not self._hold(self._gap_s if patient else 0.0):
                self._pass(value)
        self._outbox.empty()

    def close(self) -> None:
        """Nothing more is wanted: what waits is dropped."""
        with self._lock:
            self._waiting = []
            self._outbox.clear()
            if self._cancel:
                self._cancel()
                self._cancel = None

    def _flush(self) -> None:
        with self._lock:
            self._cancel = None
            if self._waiting and not self._hold():
                self._pass(self._waiting[-1])
        self._outbox.empty()

    def _hold(self, least_s: float = 0.0) -> bool:
        """Whether it is too early; then asks to be called when it is not."""
        gap_s = 0.0 if self._sent_at is None else self._sent_at + self._gap_s - self._clock()
        due = max(least_s, gap_s)
        if due <= 0:
            return False
        if not self._cancel:
            self._cancel = self._later(due, self._flush)
        return True

    def _pass(self, value: T) -> None:
        """Put it into the outbox, under the lock: so the order is kept."""
        self._waiting = []
        self._sent_at = self._clock()
        self._outbox.put(partial(self._send, value))
