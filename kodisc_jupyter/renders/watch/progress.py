"""How far a render on this machine is: the render server tells, beside the API."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kodisc_jupyter.api.client import Client

PREVIEW_LIMIT: Final = 60_000
"""Characters of a picture; a longer one is not shown."""

_JPEG: Final = b"\xff\xd8\xff"


def read(client: Client, job_id: str, progress: int | None, preview: str) -> dict[str, Any]:
    """What the server says now, as fields of a render's state.

    ``progress`` and ``preview`` are what was known before.

    It never goes back: a server that does not answer, or says less, changes nothing.
    """
    said = client.beside(f"/local/jobs/{job_id}/progress")
    percent = said.get("percent")
    if isinstance(percent, int) and not isinstance(percent, bool) and 0 <= percent <= 100:
        progress = max(percent, progress or 0)
    return {"progress": progress, "preview": _picture(said.get("preview")) or preview}


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
