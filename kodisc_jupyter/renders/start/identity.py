"""What counts as the same render: pure functions of the request."""

from __future__ import annotations

import hashlib
import json

from kodisc_jupyter.api.models import (
    DEFAULT_ASPECT_RATIO,
    DEFAULT_QUALITY,
    PRESETS,
    AspectRatio,
    Quality,
    RenderRequest,
)


def effective(request: RenderRequest) -> tuple[Quality, AspectRatio, int]:
    """Quality, aspect ratio and frames per second that the API will use for ``request``."""
    quality = request.quality or DEFAULT_QUALITY
    return (
        quality,
        request.aspect_ratio or DEFAULT_ASPECT_RATIO,
        request.fps if request.fps is not None else PRESETS[quality][2],
    )


def code_sha256(code: str) -> str:
    """The hash that stands for a scene's code in the journal."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def reuse_key(request: RenderRequest, identity: str) -> str:
    """Two requests with the same key are the same render.

    Source, scene, quality, aspect ratio, frames per second and backend count; metadata and webhook
    do not change the video and so do not.
    """
    quality, aspect_ratio, fps = effective(request)
    parts = [
        code_sha256(request.code),
        request.class_name,
        str(quality),
        str(aspect_ratio),
        fps,
        identity,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
