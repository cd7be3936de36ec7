"""The Kodisc v2 API as a client: submit a render, ask for a job or the account, download files."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn
from urllib.parse import quote

from kodisc_jupyter.api.address import BASE_URL, checked_base_url
from kodisc_jupyter.api.auth import Key, require_key
from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError, ServerError
from kodisc_jupyter.api.exchange import answers, submission
from kodisc_jupyter.api.exchange.answers import RequestContext
from kodisc_jupyter.api.exchange.download import FileKind, download
from kodisc_jupyter.api.exchange.http_session import Limits
from kodisc_jupyter.api.exchange.outcome import Answer
from kodisc_jupyter.api.exchange.request import encode
from kodisc_jupyter.api.exchange.retry import Retrying, Waits
from kodisc_jupyter.api.exchange.retrying_transport import RetryingTransport
from kodisc_jupyter.api.exchange.submission import Attempts, Submission, refusal
from kodisc_jupyter.api.exchange.transport import Transport
from kodisc_jupyter.api.models import Account, Balance, Job, RenderRequest
from kodisc_jupyter.api.waiting import come_back, wait_for

__all__ = ["Client", "Submission"]

BASE_URL_VARIABLE: Final = "KODISC_BASE_URL"


class Client:
    """One API host, one key. Safe to use from several threads.

    Args:
        api_key: the key, as text or as :func:`kodisc_jupyter.api.auth.find_key` gave it; else it
            is looked up.
        base_url: else ``KODISC_BASE_URL``, else the vendor's.
        connect_timeout_s: seconds to wait for a connection.
        read_timeout_s: seconds to wait between two arrivals of bytes; an answer has to be complete
            within four times as long.
        resubmit_uncertain: send a render again after an attempt that may have arrived, which the
            API page documents as safe; else :class:`SubmissionUncertainError` is raised.
        sleep: waits the given seconds; for tests.
        monotonic: a clock in seconds that never jumps; for tests.
        luck: a random number in [0, 1); for tests.

    Raises:
        AuthenticationError: there is no key, or one that cannot be sent.
        KodiscError: the base URL is not one that a key may be sent to.
    """

    base_url: str

    def __init__(
        self,
        api_key: str | Key | None = None,
        *,
        base_url: str | None = None,
        connect_timeout_s: float = Limits.connect_s,
        read_timeout_s: float = Limits.read_s,
        resubmit_uncertain: bool = True,
        sleep: Callable[[float], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        luck: Callable[[], float] = random.random,
    ) -> None:
        key = require_key(api_key)
        self.base_url = checked_base_url(
            base_url or os.environ.get(BASE_URL_VARIABLE, "").strip() or BASE_URL
        )
        self.resubmit_uncertain = resubmit_uncertain
        self._key = key
        self._limits = Limits(connect_timeout_s, read_timeout_s)
        self._waits = Waits(sleep, luck, monotonic)
        self._transport = Transport(key, self.base_url, self._limits, monotonic=monotonic)
        self._retrying = RetryingTransport(self._transport, self._waits)

    def __repr__(self) -> str:
        return f"Client(base_url={self.base_url!r}, key from {self._key.source})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a kept variable would take the key with it."""
        raise TypeError("A client holds a key, so it cannot be pickled.")

    def __enter__(self) -> Client:  # noqa: PYI034 (typing has Self from 3.11 on)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def beside(self, path: str) -> dict[str, Any]:
        """``GET`` what a server of one's own offers beside the API; empty if it does not."""
        outcome = self._transport.get_beside(path)
        if not isinstance(outcome, Answer) or outcome.status != 200:
            return {}
        body, _ = answers.read_json(outcome)
        return body if isinstance(body, dict) else {}

    def close(self) -> None:
        """Close the kept connections; the client can still be used."""
        self._transport.close()

    def submit(
        self,
        request: RenderRequest,
        *,
        on_retry: Callable[[Retrying], None] | None = None,
        on_attempt: Callable[[int], None] | None = None,
        cancel: threading.Event | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Submission:
        """``POST /render``: have a scene rendered. This is the call that costs credits.

        Args:
            request: what to render; checked by the API's rules before anything is sent.
            on_retry: told of each wait before another attempt.
            on_attempt: told of each request before it goes out, counted from 1.
            cancel: when set, a wait ends at once and nothing more is sent.
            headers: for a server of one's own, which may know more than the API.

        Raises:
            InvalidRequestError: a rule is broken (found here, or by the server as a 400).
            AuthenticationError: the key was refused.
            InsufficientCreditsError: the balance is below the reserve.
            SubmissionUncertainError: a job may have been made, and it was not sent again.
            SubmissionCancelledError: ``cancel`` was set.
            SubmissionInterruptedError: Ctrl-C (a ``KeyboardInterrupt``).
            ServerError, NetworkError: all attempts failed.
        """
        payload = encode(request)
        log = Attempts()
        outcome = submission.submit(
            lambda: self._transport.post("/render", payload, headers),
            lambda attempt, again: self._retrying.repeat(
                attempt, again, on_retry=on_retry, cancel=cancel
            ),
            log,
            on_attempt=on_attempt,
            resubmit_uncertain=self.resubmit_uncertain,
        )
        if log.job is not None:
            return Submission(log.job, log.attempts, log.uncertain, tuple(log.reasons))
        about = self._about("POST /render", doubt=log.uncertain > 0)
        short = isinstance(outcome, Answer) and outcome.status == 402
        balance = self._balance() if short else None
        raise log.mark(refusal(outcome, log, about, self.resubmit_uncertain, balance))

    def enqueue_render(self, request: RenderRequest) -> Job:
        """:meth:`submit`, for the job alone."""
        return self.submit(request).job

    def get_render(
        self, job_id: str, *, attempts: int | None = None, cancel: threading.Event | None = None
    ) -> Job:
        """``GET /render/{jobId}``: a job as it is now. ``attempts=1`` asks once, with no retry.

        Raises:
            JobNotFoundError, AuthenticationError, ServerError, NetworkError: as the names say;
                each carries ``job_id``, and none of them means that the job failed.
        """
        if not job_id or job_id in {".", ".."}:
            raise JobNotFoundError(f"{job_id!r} is not a job ID; nothing was sent.", job_id=job_id)
        about = self._about("GET /render/{jobId}", job_id)
        path = f"/render/{quote(job_id, safe='')}"
        body = self._retrying.get(path, about, attempts=attempts, cancel=cancel)
        job = Job.from_json(body, job_id=job_id)
        if job.job_id != job_id:
            raise ServerError(
                f"The server answered for another job, {job.job_id!r:.100}.",
                job_id=job_id,
                transient=False,
                hint=f"Job {job_id} goes on.",
            )
        return job

    def get_me(self, *, attempts: int | None = None) -> Account:
        """``GET /me``: the account, the key's display prefix, and the balance in credits.

        Raises:
            AuthenticationError, ServerError, NetworkError: as the names say.
        """
        body = self._retrying.get("/me", self._about("GET /me"), attempts=attempts)
        return Account.from_json(body)

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        poll_s: float | None = None,
        on_poll: Callable[[Job], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Job:
        """Poll a job until it is completed. It never submits anything.

        Args:
            job_id: the job.
            timeout: seconds to wait; ``None`` waits as long as it takes.
            poll_s: seconds between two polls; default 1 at first, growing to 5.
            on_poll: told of each answer.
            cancel: when set, the waiting ends as if the time were over.

        Raises:
            RenderFailedError: the job failed; carries the ``job``.
            WaitTimeoutError: the time is over; the job goes on.
            NetworkError, ServerError: the API could not be asked for a minute; the job goes on.
            JobNotFoundError: the API said several times in a row that there is no such job.
            AuthenticationError: the API refused the key; not retried.
            KeyboardInterrupt: Ctrl-C; the job goes on.
        """
        try:
            return wait_for(
                job_id,
                lambda: self.get_render(job_id, attempts=1),
                timeout=timeout,
                poll_s=poll_s,
                on_poll=on_poll,
                waits=self._waits,
                cancel=cancel,
            )
        except KeyboardInterrupt:
            pass  # raised anew below, without what was under way in its chain
        raise KeyboardInterrupt(f"Stopped waiting. {come_back(job_id)}")

    def download(
        self,
        url: str,
        path: str | os.PathLike[str],
        *,
        max_bytes: int | None = None,
        kind: FileKind | None = None,
        cancel: threading.Event | None = None,
    ) -> Path:
        """Fetch a file of a job to ``path``, which appears only when it is complete.

        The key is not sent. ``kind`` is what it must be, else it is not kept. See
        :func:`kodisc_jupyter.api.exchange.download.download`.
        """
        return download(
            url,
            Path(path),
            limits=self._limits,
            max_bytes=max_bytes,
            pause=lambda seconds: self._waits.pause(seconds, cancel),
            jitter=self._waits.jitter,
            kind=kind,
            monotonic=self._waits.monotonic,
            own=self.base_url,
        )

    def _about(
        self, endpoint: str, job_id: str | None = None, *, doubt: bool = False
    ) -> RequestContext:
        return RequestContext(self.base_url, self._key, endpoint, job_id, doubt)

    def _balance(self) -> Balance | None:
        try:
            return self.get_me(attempts=1).credits
        except KodiscError:
            return None
