"""From an accepted request to the task that a render process gets."""

from __future__ import annotations

from typing import Any

from kodisc_jupyter.api.models import (
    DEFAULT_ASPECT_RATIO,
    DEFAULT_QUALITY,
    PRESETS,
    AspectRatio,
    Quality,
    frame_size,
)
from kodisc_jupyter.stage.task import Limits, RenderTask


def task_of(job_id: str, body: dict[str, Any], limits: Limits, *, owner: str) -> RenderTask:
    """The task of a request body that broke none of :mod:`kodisc_jupyter.api.rules`.

    ``owner`` is whose it is: what may be used again stays among the renders of one owner.
    """
    quality = quality_of(body)
    aspect_ratio = AspectRatio(body.get("aspectRatio", DEFAULT_ASPECT_RATIO))
    width, height = frame_size(quality, aspect_ratio)
    fps = int(body.get("fps", PRESETS[quality][2]))  # 30.0 is an integer in JSON
    return RenderTask(job_id, body["code"], body["className"], width, height, fps, owner, limits)


def quality_of(body: dict[str, Any]) -> Quality:
    """The quality that a request asks for."""
    return Quality(body.get("quality", DEFAULT_QUALITY))
