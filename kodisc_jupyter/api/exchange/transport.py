"""One HTTP exchange with the API: bytes out, and what is known of them afterwards.

Nothing is raised for what the network does: an exchange ends in an :class:`Answer`, in
:class:`NoAnswer` or :class:`Interrupted`. So no exception of a library, which could hold the
request and with it the key, ever gets into the chain of one of ours.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from kodisc_jupyter.api.address import UNIX, socket_path
from kodisc_jupyter.api.auth import Key
from kodisc_jupyter.api.exchange.connections import PATIENCE, Adapter, UnixAdapter
from kodisc_jupyter.api.exchange.retry import read_retry_after

ANSWER_LIMIT_BYTES: Final = 5_000_000
"""No answer of the API is near this; more is not read."""

CHUNK_BYTES: Final = 65_536

BROKEN: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
"""What requests and the layers below it raise when an exchange breaks."""


@dataclass(frozen=True)
class Answer:
    """A status came back. ``broken`` says why the body could not be read whole, if so."""

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after_s: float | None = None
    location: str = ""
    broken: str = ""
    too_large: bool = False


@dataclass(frozen=True)
class NoAnswer:
    """No status came back. ``sent`` is whether any of the request's body had left.

    ``misconfigured`` says that something on this machine is set wrongly, so that trying again is
    no use; ``variable`` is the environment variable that sets it, if one does.
    """

    sent: bool
    reason: str
    misconfigured: bool = False
    variable: str = ""


@dataclass(frozen=True)
class Interrupted:
    """Ctrl-C during the exchange. ``sent`` is whether any of the request's body had left."""

    sent: bool


Outcome = Answer | NoAnswer | Interrupted


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, and seconds between two arrivals of bytes."""

    connect_s: float = 10.0
    read_s: float = 30.0

    @property
    def total_s(self) -> float:
        """Seconds for an answer in all."""
        return PATIENCE * self.read_s


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host is this machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


class Bearer(AuthBase):
    """Sets the ``Authorization`` header; being an auth object, it keeps ``~/.netrc`` out."""

    def __init__(self, key: Key | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Called by requests for each request it prepares."""
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key.value}"
        return request


def new_session(key: Key | None, url: str) -> requests.Session:
    """A session that never retries, keeps no cookies, and bypasses proxies on this machine."""
    session = requests.Session()
    session.mount("https://", Adapter())
    session.mount("http://", Adapter())
    session.mount(f"{UNIX}://", UnixAdapter())
    session.auth = Bearer(key)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "kodisc-jupyter"
    # A compressed answer could be far larger than the limit on what is read.
    session.headers["Accept-Encoding"] = "identity"
    session.trust_env = not is_loopback(urlsplit(url).hostname) and socket_path(url) is None
    return session


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
            too_large = isinstance(error, _TooLargeError)
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
            raise _TooLargeError
        size = 0
        for chunk in chunks(response):
            size += len(chunk)
            if size > ANSWER_LIMIT_BYTES:
                raise _TooLargeError
            yield chunk
            if self._monotonic() > deadline:
                raise _TooSlowError
        if length is not None and size < length and "Content-Encoding" not in response.headers:
            raise _CutOffError


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


class _TooLargeError(OSError):
    """The answer is larger than :data:`ANSWER_LIMIT_BYTES`."""


class _TooSlowError(OSError):
    """The answer took longer than ``Limits.total_s``."""


class _CutOffError(OSError):
    """The connection was closed before the announced end of the body."""


def chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, at most :data:`CHUNK_BYTES` at a time."""
    raw: Any = response.raw
    # read1 gives what one arrival brought, so a deadline is looked at in between; urllib3 1.26
    # has no read1, and there small reads must do.
    read1 = getattr(raw, "read1", None)
    while True:
        if read1 is not None:
            chunk = read1(CHUNK_BYTES, decode_content=True)
        else:
            chunk = raw.read(1024, decode_content=True)
        if not chunk:
            return
        yield chunk


def content_length(response: requests.Response) -> int | None:
    """The announced size of the body in bytes, or ``None``."""
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def reason_of(error: BaseException, limits: Limits) -> str:
    """Why an exchange broke, in a few words for a person, from the chain of causes."""
    causes = list(_causes(error))

    def any_of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if any_of(_TooLargeError):
        return f"the answer is larger than {ANSWER_LIMIT_BYTES // 1_000_000} MB"
    if any_of(_TooSlowError):
        return f"the answer was not complete after {limits.total_s:g} s"
    if any_of(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return "the proxy could not be used"
    if any_of(socket.gaierror):
        return "the server's name was not found"
    if any_of(ConnectionRefusedError):
        return "the connection was refused"
    if any_of(urllib3.exceptions.NewConnectionError):
        return "no connection could be made"
    if any_of(requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {limits.connect_s:g} s"
    if any_of(requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        return f"no answer within {limits.read_s:g} s"
    if type(error) is OSError and "CA certificate bundle" in str(error):
        return "the file of certificates is not there"
    if any_of(ssl.SSLCertVerificationError):
        return "the server's certificate could not be verified"
    if any_of(requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError):
        return "no secure connection could be made"
    if any_of(
        _CutOffError,
        ConnectionError,
        http.client.HTTPException,
        urllib3.exceptions.ProtocolError,
        requests.exceptions.ChunkedEncodingError,
    ):
        return "the connection was cut off"
    return f"the connection failed ({type(causes[-1]).__name__}: {causes[-1]!s:.200})"


_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""In the order in which requests looks for a file of certificates."""


def misconfiguration_of(error: BaseException, url: str) -> tuple[bool, str]:
    """Whether a setting of this machine broke the exchange, and the variable that it is in."""
    causes = list(_causes(error))
    # what a proxy that is there says of the way behind it will pass
    beyond = any("Tunnel connection failed: 5" in str(cause) for cause in causes)
    proxy_errors = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
    if any(isinstance(cause, proxy_errors) for cause in causes) and not beyond:
        scheme = urlsplit(url).scheme
        return True, _first_set(
            name for base in (scheme, "all") for name in (f"{base}_proxy", f"{base}_PROXY".upper())
        )
    unusable = type(error) is OSError and "CA certificate bundle" in str(error)
    if unusable or any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return True, _first_set(_CA_VARIABLES)
    return False, ""


def _first_set(names: Iterable[str]) -> str:
    return next((name for name in names if os.environ.get(name)), "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what is behind it: libraries keep that in args, ``reason`` or the chain."""
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        cause = queue.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            queue += [getattr(cause, "reason", None), *cause.args]
            queue += [cause.__cause__, cause.__context__]
