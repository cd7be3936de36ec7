"""Of many things asked for in quick succession, the newest is done soon, and shown last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

AT_ONCE: Final = 2
"""The first is begun at once, and shown while a slider still moves; a second may overtake it."""

QUIET_S: Final = 0.05
"""Seconds without a newer one after which the newest is begun beside one that is under way."""


class Newest:
    """Does what it is asked in threads of its own, and skips what is out of date.

    ``show`` is called with the result, never with an older one after a newer one.
    """

    def __init__(
        self, show: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show = show
        self._clock = clock
        self._changed = threading.Condition()
        self._showing = threading.Lock()
        self._work: Callable[[], str] | None = None
        self._asked_at = 0.0
        self._number = 0
        self._shown = 0
        self._threads = 0
        self._busy = 0

    def ask(self, work: Callable[[], str]) -> None:
        """Do this, unless something newer is asked for before it was begun."""
        with self._changed:
            self._number += 1
            self._work, self._asked_at = work, self._clock()
            if self._threads < AT_ONCE:
                self._threads += 1
                threading.Thread(target=self._serve, name="kodisc-preview", daemon=True).start()
            self._changed.notify_all()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing left to do or to show."""
        with self._changed:
            return self._threads == 0

    def drop(self) -> None:
        """Show nothing of what was asked for so far."""
        with self._changed:
            self._work = None
            self._shown = self._number
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                while self._work is not None and (wait_s := self._wait_s()) > 0:
                    self._changed.wait(wait_s)
                if self._work is None:
                    self._threads -= 1
                    return
                number, work, self._work = self._number, self._work, None
                self._busy += 1
            try:
                self._do(number, work)
            except Exception as problem:  # said as a thread's end is said; what follows is done
                where = (type(problem), problem, problem.__traceback__, threading.current_thread())
                threading.excepthook(threading.ExceptHookArgs(where))

    def _do(self, number: int, work: Callable[[], str]) -> None:
        try:
            result = work()
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()
        self._offer(number, result)

    def _wait_s(self) -> float:
        """Seconds until the newest may be begun."""
        return 0.0 if self._busy == 0 else self._asked_at + QUIET_S - self._clock()

    def _offer(self, number: int, result: str) -> None:
        with self._showing:
            with self._changed:
                newer, self._shown = number > self._shown, max(number, self._shown)
            if newer:
                self._show(result)
