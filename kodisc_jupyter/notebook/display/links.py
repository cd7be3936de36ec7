"""Which addresses may become a player, a picture or a link in a notebook. All others stay text.

The same two rules stand in ``js/src/links.js``; ``js/test/links.json`` holds examples for both.
"""

from __future__ import annotations

import base64
import re
from typing import Final, TypeGuard

_REST: Final = r"(?:[/?#](?:(?![\\\"<>`])[!-~\u00a1-\u1fff\u2c00-\ud7ff\uf900-\ufffd])*)?"
_ABSOLUTE: Final = (
    r"(?i:https)://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?" + _REST + "|"
    r"(?i:http)://(?:(?i:localhost)|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?" + _REST
)
_OURS: Final = (
    r"data:(?:video/mp4|image/jpeg|image/png|text/vtt);base64,[A-Za-z0-9+/]+={0,2}|"
    r"(?!\.\.?(?:/|\Z))[A-Za-z0-9_.~%-]+(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9_.~%-]+)*"
)


def safe_url(url: str | None) -> str | None:
    """The address itself when it may be shown as a player or a link, else ``None``.

    Allowed: ``https:``, ``http:`` on loopback (neither with a user name in it), and what this
    package makes itself: base64 ``data:`` of a video, picture or captions, and relative paths
    that only go down. Everything else, ``javascript:`` first of all, is refused.
    """
    if not url:
        return None
    # Compiled (and kept by re) at the first video, not at import: the first panel waits for that.
    return url if re.fullmatch(_ABSOLUTE, url) or re.fullmatch(_OURS, url) else None


def is_embedded(url: str | None) -> TypeGuard[str]:
    """Whether the address carries its file within itself."""
    return url is not None and url.startswith("data:")


def data_url(content: bytes, media_type: str) -> str:
    """``content`` as a ``data:`` address, e.g. for ``video/mp4``."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
