"""One HTTP exchange with the API: bytes out, and what is known of them afterwards.

Nothing is raised for what the network does: an exchange ends in an :class:`Answer`, in
:class:`NoAnswer` or :class:`Interrupted`. So no exception of a library, which could hold the
request and with it the key, ever gets into the chain of one of ours.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

import requests

from kodisc_jupyter.api.auth import Key
from kodisc_jupyter.api.exchange.http_session import Limits, chunks, content_length, new_session
from kodisc_jupyter.api.exchange.network_errors import (
    ANSWER_LIMIT_BYTES,
    BROKEN,
    CutOffError,
    TooLargeError,
    TooSlowError,
    misconfiguration_of,
    reason_of,
)
from kodisc_jupyter.api.exchange.outcome import Answer, Interrupted, NoAnswer, Outcome
from kodisc_jupyter.api.exchange.retry import read_retry_after


class Transport:
    """Exchanges with one API host, under one key."""

    def __init__(
        self,
        key: Key,
        base_url: str,
        limits: Limits,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._base_url = base_url
        self._limits = limits
        self._monotonic = monotonic
        self._wall = wall
        self._polls = new_session(key, base_url)

    def close(self) -> None:
        """Close the kept connections."""
        self._polls.close()

    def get(self, path: str) -> Outcome:
        """``GET`` on a kept connection."""
        return self._exchange(self._polls, "GET", self._base_url + path, None)

    def get_beside(self, path: str) -> Outcome:
        """``GET`` of an address of the same server that is not the API's."""
        parts = urlsplit(self._base_url)  # urljoin does not know Unix sockets
        return self._exchange(self._polls, "GET", f"{parts.scheme}://{parts.netloc}{path}", None)

    def post(self, path: str, payload: bytes, headers: Mapping[str, str] | None = None) -> Outcome:
        """``POST`` on a connection of its own: a kept one may have died without our knowing."""
        with new_session(self._key, self._base_url) as session:
            session.headers.update(headers or {})
            return self._exchange(session, "POST", self._base_url + path, Outgoing(payload))

    def _exchange(
        self, session: requests.Session, method: str, url: str, outgoing: Outgoing | None
    ) -> Outcome:
        deadline = self._monotonic() + self._limits.total_s
        headers = {"Accept": "application/json"}
        if outgoing is not None:
            headers["Content-Type"] = "application/json"
        try:
            with session.request(
                method,
                url,
                data=outgoing,
                headers=headers,
                timeout=(self._limits.connect_s, self._limits.read_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._read(response, deadline)
        except KeyboardInterrupt:
            return Interrupted(sent=outgoing is not None and outgoing.left)
        except BROKEN as error:
            misconfigured, variable = misconfiguration_of(error, self._base_url)
            return NoAnswer(
                sent=outgoing is not None and outgoing.left,
                reason=self._key.redact(reason_of(error, self._limits)),
                misconfigured=misconfigured,
                variable=variable,
            )

    def _read(self, response: requests.Response, deadline: float) -> Answer:
        body, broken, too_large = b"", "", False
        try:
            body = b"".join(self._chunks(response, deadline))
        except BROKEN as error:
            too_large = isinstance(error, TooLargeError)
            broken = self._key.redact(reason_of(error, self._limits))
        return Answer(
            status=response.status_code,
            body=body,
            retry_after_s=read_retry_after(
                response.headers.get("Retry-After"),
                date=response.headers.get("Date"),
                now=self._wall(),
            ),
            location=response.headers.get("Location", ""),
            broken=broken,
            too_large=too_large,
        )

    def _chunks(self, response: requests.Response, deadline: float) -> Iterator[bytes]:
        length = content_length(response)
        if length is not None and length > ANSWER_LIMIT_BYTES:
            raise TooLargeError
        size = 0
        for chunk in chunks(response):
            size += len(chunk)
            if size > ANSWER_LIMIT_BYTES:
                raise TooLargeError
            yield chunk
            if self._monotonic() > deadline:
                raise TooSlowError
        if length is not None and size < length and "Content-Encoding" not in response.headers:
            raise CutOffError


class Outgoing:
    """The body of a ``POST``, which remembers whether any of it was handed to the network.

    It is read only after the connection stands, TLS included, and the headers have gone out: as
    long as ``left`` is False, the server cannot have got the request.
    """

    def __init__(self, payload: bytes) -> None:
        self._stream = io.BytesIO(payload)
        self._size = len(payload)
        self.left = False

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        """What makes requests stream it; requests itself never calls this."""
        yield self.read()

    def read(self, size: int = -1) -> bytes:
        """The next bytes to be sent."""
        self.left = True
        return self._stream.read(size)
