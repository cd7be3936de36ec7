"""Why an exchange broke: what requests and the layers below it raise, in words for a person."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3

from kodisc_jupyter.api.exchange.http_session import Limits

ANSWER_LIMIT_BYTES: Final = 5_000_000
"""No answer of the API is near this; more is not read."""

BROKEN: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
"""What requests and the layers below it raise when an exchange breaks."""


class TooLargeError(OSError):
    """The answer is larger than :data:`ANSWER_LIMIT_BYTES`."""


class TooSlowError(OSError):
    """The answer took longer than ``Limits.total_s``."""


class CutOffError(OSError):
    """The connection was closed before the announced end of the body."""


def reason_of(error: BaseException, limits: Limits) -> str:
    """Why an exchange broke, in a few words for a person, from the chain of causes."""
    causes = list(_causes(error))

    def any_of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if any_of(TooLargeError):
        return f"the answer is larger than {ANSWER_LIMIT_BYTES // 1_000_000} MB"
    if any_of(TooSlowError):
        return f"the answer was not complete after {limits.total_s:g} s"
    if any_of(*_PROXY_ERRORS):
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
    if _lacks_certificates(error):
        return "the file of certificates is not there"
    if any_of(ssl.SSLCertVerificationError):
        return "the server's certificate could not be verified"
    if any_of(requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError):
        return "no secure connection could be made"
    if any_of(
        CutOffError,
        ConnectionError,
        http.client.HTTPException,
        urllib3.exceptions.ProtocolError,
        requests.exceptions.ChunkedEncodingError,
    ):
        return "the connection was cut off"
    return f"the connection failed ({type(causes[-1]).__name__}: {causes[-1]!s:.200})"


_PROXY_ERRORS: Final = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""In the order in which requests looks for a file of certificates."""


def misconfiguration_of(error: BaseException, url: str) -> tuple[bool, str]:
    """Whether a setting of this machine broke the exchange, and the variable that it is in."""
    causes = list(_causes(error))
    # what a proxy that is there says of the way behind it will pass
    beyond = any("Tunnel connection failed: 5" in str(cause) for cause in causes)
    if any(isinstance(cause, _PROXY_ERRORS) for cause in causes) and not beyond:
        scheme = urlsplit(url).scheme
        return True, _first_set(
            name for base in (scheme, "all") for name in (f"{base}_proxy", f"{base}_PROXY".upper())
        )
    unverified = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
    if unverified or _lacks_certificates(error):
        return True, _first_set(_CA_VARIABLES)
    return False, ""


def _lacks_certificates(error: BaseException) -> bool:
    """Whether the file of certificates that requests was told of is not there."""
    return type(error) is OSError and "CA certificate bundle" in str(error)


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
