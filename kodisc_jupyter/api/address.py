"""Where the API is, and what a person calls the server there."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

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
