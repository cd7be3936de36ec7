"""The HTTP sessions that requests go out with, and how a body is read from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from kodisc_jupyter.api.address import UNIX, is_loopback, socket_path
from kodisc_jupyter.api.auth import Key
from kodisc_jupyter.api.exchange.connections import PATIENCE, Adapter, UnixAdapter

CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, and seconds between two arrivals of bytes."""

    connect_s: float = 10.0
    read_s: float = 30.0

    @property
    def total_s(self) -> float:
        """Seconds for an answer in all."""
        return PATIENCE * self.read_s


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
