"""Sending in order, from any thread, while no lock is held."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class Outbox:
    """What is to be sent, in order. One thread at a time sends, and never under a lock.

    So a send that takes long, or that itself leads to another one, holds up nobody: what is put
    in meanwhile goes out after it, by the same thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: deque[Callable[[], None]] = deque()
        self._sending = False

    def put(self, send: Callable[[], None]) -> None:
        """Have ``send`` called after all that was put in before, by the next :meth:`empty`."""
        with self._lock:
            self._ready.append(send)

    def clear(self) -> None:
        """Drop what has not been sent yet."""
        with self._lock:
            self._ready.clear()

    def empty(self) -> None:
        """Send what is ready, unless another call is doing that already. Hold no lock here."""
        while True:
            with self._lock:
                if self._sending or not self._ready:
                    return
                self._sending = True
                send = self._ready.popleft()
            try:
                send()
            finally:
                with self._lock:
                    self._sending = False
