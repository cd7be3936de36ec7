"""Large outputs leave a kernel one after another, as fast as a Jupyter server passes them on.

The server counts what a kernel sends to its page: what exceeds ``iopub_data_rate_limit`` (1 MB/s)
over ``rate_limit_window`` (3 s) is dropped, and the kernel never hears of it. Thirty videos that
are ready together would come to that.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Final

from kodisc_jupyter.notebook.display.sending.outbox import Outbox
from kodisc_jupyter.notebook.display.sending.throttle import Later, call_later

WINDOW_S: Final = 3.2
"""A little longer than the server's own window."""

WINDOW_BYTES: Final = 2_600_000
"""Below the server's 3 MB: other outputs want to pass too."""

SMALL_BYTES: Final = 50_000
"""Below this an output passes at once."""


class OutputRateLimiter:
    """Sends large outputs in order; a newer one under the same key takes the older one's place.

    ``clock`` is monotonic, in seconds. May be used from several threads.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, later: Later = call_later
    ) -> None:
        self._clock = clock
        self._later = later
        self._lock = threading.Lock()
        self._outbox = Outbox()
        self._waiting: dict[Hashable, tuple[int, Callable[[], None]]] = {}
        self._sent: deque[tuple[float, int]] = deque()
        self._asked = False

    def offer(self, key: Hashable, size: int, send: Callable[[], None]) -> None:
        """Call ``send`` as soon as ``size`` bytes may pass: now, or later on another thread."""
        with self._lock:
            if size < SMALL_BYTES and key not in self._waiting:
                self._pass(size, send)
            else:
                self._waiting[key] = (size, send)
                self._drain()
        self._outbox.empty()

    def _drain(self) -> None:
        if self._asked:
            return
        while self._waiting:
            key = next(iter(self._waiting))
            size, send = self._waiting[key]
            due = self._due(size)
            if due > 0:
                self._asked = True
                self._later(due, self._resume)
                return
            del self._waiting[key]
            self._pass(size, send)

    def _resume(self) -> None:
        with self._lock:
            self._asked = False
            self._drain()
        self._outbox.empty()

    def _due(self, size: int) -> float:
        """Seconds until ``size`` bytes fit into the window; 0 when they do, or nothing is in it."""
        now = self._clock()
        while self._sent and self._sent[0][0] <= now - WINDOW_S:
            self._sent.popleft()
        over = sum(sent for _, sent in self._sent) + size - WINDOW_BYTES
        due = 0.0
        for at, sent in self._sent:
            if over <= 0:
                break
            over -= sent
            due = at + WINDOW_S - now
        return due

    def _pass(self, size: int, send: Callable[[], None]) -> None:
        """Put it into the outbox, under the lock: so the order is kept."""
        self._sent.append((self._clock(), size))
        self._outbox.put(send)


KERNEL_OUTLET: Final = OutputRateLimiter()
"""The one outlet of this kernel."""
