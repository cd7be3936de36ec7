"""Where the API is, and what a person calls the server there."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import unquote, urlsplit

from kodisc_jupyter.api.errors import KodiscError

BASE_URL: Final = "https://kodisc.com/api/v2"
"""The vendor's own."""


UNIX: Final = "http+unix"
"""The scheme of a server behind a Unix socket: ``http+unix://%2Frun%2Fkodisc.sock/api/v2``."""


def socket_path(url: str) -> str | None:
    """The Unix socket that a URL leads to; ``None`` for any other URL."""
    if not url.startswith(f"{UNIX}://"):
        return None
    path = unquote(urlsplit(url).netloc)
    return path if path.startswith("/") and "\0" not in path else None


def place(url: str) -> str:
    """Where a URL leads, as a person writes it: host and port, or the path of a Unix socket."""
    return socket_path(url) or urlsplit(url).netloc


def server_name(base_url: str) -> str:
    """``Kodisc`` for the vendor's server; another one, a class server say, by its address."""
    vendors = urlsplit(base_url).hostname == urlsplit(BASE_URL).hostname
    return "Kodisc" if vendors else place(base_url) or base_url


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host is this machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def checked_base_url(url: str) -> str:
    """The URL without a trailing slash.

    Raises:
        KodiscError: it is not ``https://`` (or ``http://`` on loopback, or ``http+unix://`` with a
            Unix socket), or has more in it than a host and a path.
    """
    problem = ""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        problem = "is not a URL"
    else:
        if parts.scheme == UNIX and socket_path(url.strip()) is None:
            problem = "does not hold the path of a Unix socket, with %2F for each /"
        elif parts.scheme not in {"http", "https", UNIX} or not host:
            problem = "is not an https:// URL"
        elif parts.scheme == "http" and not is_loopback(host):
            problem = "is not https://, and the key would go out in the clear"
        elif "@" in parts.netloc or parts.query or parts.fragment:
            problem = "has more in it than a host and a path"
    if problem:
        raise KodiscError(
            f"The base URL {problem}; nothing was sent.",
            hint=f"Kodisc's own is {BASE_URL}.",
        )
    return url.strip().rstrip("/")
