"""The fields of an answer, checked one by one: what makes no sense counts as left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from kodisc_jupyter.api.errors import ServerError

MOST_CREDITS: Final = 10**12
MOST_MS: Final = 366 * 24 * 3600 * 1000
"""Beyond these, a number of credits or of milliseconds makes no sense, and counts as unknown."""


def timestamp(text: str | None) -> datetime | None:
    """Read an ISO 8601 timestamp; ``None`` where it is missing or is not one."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def unreadable(what: str, job_id: str | None) -> ServerError:
    """The error of an answer that lacks what is needed."""
    return ServerError(
        f"The server's answer {what}; this version cannot read it.", job_id=job_id, transient=False
    )


def object_(body: Any, job_id: str | None) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ServerError: it is none.
    """
    if not isinstance(body, dict):
        raise unreadable("is not a JSON object", job_id)
    return body


def text(value: Any) -> str | None:
    """A text, else ``None``."""
    return value if isinstance(value, str) else None


def number(value: Any, least: int = -MOST_CREDITS, most: int = MOST_CREDITS) -> int | float | None:
    """A number within what makes sense, else ``None``: so nothing overflows, and NaN is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if least <= value <= most else None


def milliseconds(value: Any) -> int | None:
    """A time in whole milliseconds, else ``None``."""
    time = number(value, least=0, most=MOST_MS)
    return None if time is None else int(time)
