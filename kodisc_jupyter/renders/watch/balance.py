"""The balance, asked for once: not knowing it is no reason to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import Balance
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.watch.pacing import RateLimiter


class Balances:
    """Asks for balances, one request at a time; what ends together shares one answer."""

    def __init__(
        self, rate_limiter: RateLimiter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._lock = Lock()
        self._asked: tuple[object, float, Balance] | None = None

    def ask(self, backend: Backend) -> Balance | None:
        """The balance as it was after this call began.

        ``None`` where it cannot be had, or where no credits are taken.
        """
        if backend.unlimited:
            return None
        began = self._clock()
        with self._lock:
            if self._asked is not None:
                client, at, balance = self._asked
                if client is backend.client and at >= began:
                    return balance
            self._rate_limiter.acquire()
            at = self._clock()
            try:
                balance = backend.client.get_me(attempts=1).credits
            except KodiscError:
                return None
            self._asked = backend.client, at, balance
            return balance
