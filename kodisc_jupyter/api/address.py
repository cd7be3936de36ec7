"""Where the API is, and what a person calls the server there."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

BASE_URL: Final = "https://kodisc.com/api/v2"
"""The vendor's own."""


def server_name(base_url: str) -> str:
    """``Kodisc`` for the vendor's server; another one, a class server say, by its address."""
    place = urlsplit(base_url)
    return "Kodisc" if place.hostname == urlsplit(BASE_URL).hostname else place.netloc or base_url
