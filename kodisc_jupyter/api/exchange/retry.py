"""When to try again, and how long to wait before: the API page's "1 s, 2 s, 4 s …, up to 5"."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

ATTEMPTS: Final = 5
FIRST_WAIT_S: Final = 1.0
JITTER_S: Final = 1.0
"""At most this much is added to a wait, so that many kernels do not come back together."""
RETRY_AFTER_CAP_S: Final = 120.0

T = TypeVar("T")


@dataclass(frozen=True)
class Retrying:
    """A wait of ``delay_s`` seconds before attempt number ``attempt`` of ``attempts``."""

    attempt: int
    attempts: int
    delay_s: float
    reason: str

    def __str__(self) -> str:
        return (
            f"retrying in {self.delay_s:.0f} s ({self.attempt} of {self.attempts}): {self.reason}"
        )


def delay_s(failures: int, *, retry_after_s: float | None, jitter: float) -> float:
    """Seconds to wait after the ``failures``-th failed attempt in a row (from 1).

    ``jitter`` is a random number in [0, 1). It only ever adds: neither the documented wait nor the
    server's ``Retry-After`` (obeyed up to :data:`RETRY_AFTER_CAP_S`) is undercut.
    """
    wait = FIRST_WAIT_S * float(2 ** (failures - 1))
    if retry_after_s is not None:
        wait = max(wait, min(retry_after_s, RETRY_AFTER_CAP_S))
    return wait + jitter * min(JITTER_S, wait / 4)


def read_retry_after(value: str | None, *, date: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, or ``None`` where it cannot be read.

    A date is compared with the answer's own ``Date`` header where there is one, so that a wrong
    or jumping clock on this machine does not matter; else with ``now`` (seconds since the epoch).
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until = _epoch(text)
    if until is None:
        return None
    sent = _epoch(date or "")
    return max(0.0, until - (now if sent is None else sent))


def repeat(
    attempt: Callable[[int], T],
    *,
    attempts: int,
    again: Callable[[T], bool],
    wait_s: Callable[[int, T], float],
    reason: Callable[[T], str],
    pause: Callable[[float], None],
    on_retry: Callable[[Retrying], None] | None,
) -> T:
    """Call ``attempt(1)``, ``attempt(2)`` … while ``again(outcome)``, and give the last outcome.

    ``pause(seconds)`` does the waiting and may raise to end it all.
    """
    number = 1
    while True:
        outcome = attempt(number)
        if number == attempts or not again(outcome):
            return outcome
        wait = wait_s(number, outcome)
        number += 1
        if on_retry is not None:
            on_retry(Retrying(number, attempts, wait, reason(outcome)))
        pause(wait)


class CancelledError(Exception):
    """``cancel`` was set during a wait."""


@dataclass(frozen=True)
class Waits:
    """How a client waits; ``monotonic`` is its clock. Tests give all three.

    ``jitter`` gives random numbers in [0, 1).
    """

    sleep: Callable[[float], None] | None = None
    jitter: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic

    def nap(self, seconds: float, cancel: threading.Event | None) -> None:
        """Sleep, but not past ``cancel`` being set."""
        if self.sleep is not None:
            self.sleep(seconds)
        elif cancel is None:
            time.sleep(seconds)
        else:
            cancel.wait(seconds)

    def pause(self, seconds: float, cancel: threading.Event | None) -> None:
        """Wait before another attempt.

        Raises:
            CancelledError: ``cancel`` is set.
        """
        if cancel is None or not cancel.is_set():
            self.nap(seconds, cancel)
        if cancel is not None and cancel.is_set():
            raise CancelledError


def _epoch(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
