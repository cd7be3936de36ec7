"""Exchanges that are repeated as the API page asks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kodisc_jupyter.api.exchange import answers, retry
from kodisc_jupyter.api.exchange.answers import RequestContext
from kodisc_jupyter.api.exchange.outcome import Answer, Interrupted, Outcome
from kodisc_jupyter.api.exchange.retry import ATTEMPTS, Retrying, Waits
from kodisc_jupyter.api.exchange.transport import Transport
from kodisc_jupyter.api.models import Json


class RetryingTransport:
    """A transport whose exchanges are repeated; ``waits`` says how it waits in between."""

    def __init__(self, transport: Transport, waits: Waits) -> None:
        self._transport = transport
        self._waits = waits

    def get(
        self,
        path: str,
        about: RequestContext,
        *,
        attempts: int | None = None,
        cancel: threading.Event | None = None,
    ) -> Json:
        """``GET`` an address of the API, and read the answer.

        Raises:
            KodiscError: the error that ``about`` and the last outcome amount to.
            KeyboardInterrupt: Ctrl-C.
        """
        outcome = self.repeat(
            lambda _: self._transport.get(path),
            lambda outcome: answers.is_transient(outcome) or answers.is_cut_off(outcome),
            attempts=attempts or ATTEMPTS,
            cancel=cancel,
        )
        if isinstance(outcome, Interrupted):
            raise KeyboardInterrupt(f"Interrupted during {about.endpoint}; nothing is lost.")
        if isinstance(outcome, Answer) and answers.is_success(outcome):
            return answers.body_of(outcome, about)
        raise answers.problem(outcome, about, balance=None)

    def repeat(
        self,
        attempt: Callable[[int], Outcome],
        again: Callable[[Outcome], bool],
        *,
        attempts: int = ATTEMPTS,
        on_retry: Callable[[Retrying], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Outcome:
        """The last outcome of ``attempt(1)``, ``attempt(2)`` … while ``again(outcome)``."""
        return retry.repeat(
            attempt,
            attempts=attempts,
            again=again,
            wait_s=lambda failures, outcome: retry.delay_s(
                failures, retry_after_s=answers.retry_after_s(outcome), jitter=self._waits.jitter()
            ),
            reason=answers.reason,
            pause=lambda seconds: self._waits.pause(seconds, cancel),
            on_retry=on_retry,
        )
