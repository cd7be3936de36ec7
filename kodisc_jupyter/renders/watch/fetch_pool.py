"""A few daemon threads that fetch videos, so that a large one does not hold up the polling."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import Final

SIZE: Final = 3
IDLE_S: Final = 2.0

_log = logging.getLogger(__name__)


class FetchPool:
    """Runs tasks in at most :data:`SIZE` threads, started on demand and gone when idle.

    Not a ``ThreadPoolExecutor``: the interpreter waits for those at exit.
    """

    def __init__(self) -> None:
        self._tasks: deque[Callable[[], None]] = deque()
        self._changed = Condition()
        self._threads = 0
        self._idle = 0

    def do(self, task: Callable[[], None]) -> None:
        """Run ``task`` soon; it catches its own errors."""
        with self._changed:
            self._tasks.append(task)
            if self._idle >= len(self._tasks):
                self._changed.notify()
            elif self._threads < SIZE:
                self._threads += 1
                Thread(target=self._work, name="kodisc-fetch", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._tasks, IDLE_S)
                self._idle -= 1
                if not self._tasks:
                    self._threads -= 1
                    return
                task = self._tasks.popleft()
            try:
                task()
            except Exception:  # the thread must live on for the other renders
                _log.exception("A render could not be finished")
