"""How far a render on this machine is: the render server tells, beside the API."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.renders.state import Pace

if TYPE_CHECKING:
    from kodisc_jupyter.api.client import Client
    from kodisc_jupyter.renders.state import RenderState

PREVIEW_LIMIT: Final = 60_000
"""Characters of a picture; a longer one is not shown."""

_FRAMES_LIMIT: Final = 100_000_000
_JPEG: Final = b"\xff\xd8\xff"


def read(client: Client, job_id: str, known: RenderState, now: float) -> dict[str, Any]:
    """What the server says ``now`` (seconds, epoch), as fields of a render's state.

    It never goes back: a server that does not answer, or says less, changes nothing.
    """
    answer = client.beside(f"/local/jobs/{job_id}/progress")
    percent, frames = (
        _whole(answer.get("percent"), 100),
        _whole(answer.get("frames"), _FRAMES_LIMIT),
    )
    progress, pace = known.progress, known.pace
    if percent is not None and (progress is None or percent > progress):
        pace = pace._replace(at=now) if pace else Pace(now, percent, now)
        progress = percent
    return {
        "drawn": max(frames or 0, known.drawn),
        "progress": progress,
        "pace": pace,
        "preview": _picture(answer.get("preview")) or known.preview,
    }


def _whole(number: Any, most: int) -> int | None:
    """A number from 0 to ``most``; ``None`` for anything else."""
    is_one = isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= most
    return number if is_one else None


def _picture(data: Any) -> str:
    """A JPEG's ``data:`` address; empty for anything else."""
    if not isinstance(data, str) or len(data) > PREVIEW_LIMIT:
        return ""
    try:
        if not base64.b64decode(data, validate=True).startswith(_JPEG):
            return ""
    except (binascii.Error, ValueError):
        return ""
    return f"data:image/jpeg;base64,{data}"
