"""The picture beside a video in the notebook: small enough to be carried, always."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_WIDTHS: Final = (854, 640, 480, 320)
"""Pixels; a code host shows the picture 480 wide."""


def small_poster(picture: Path, limit: int) -> bytes | None:
    """The picture as a JPEG of at most ``limit`` bytes.

    ``None`` when it cannot be read, or is larger and neither Pillow nor PyAV is installed.
    """
    try:
        content = picture.read_bytes()
    except OSError:
        return None
    if len(content) <= limit:
        return content or None
    for shrink in (_with_pillow, _with_av):
        try:
            return _smallest(shrink, content, limit)
        except ImportError:
            continue
        except Exception:  # whatever a library says of a picture that is none
            return None
    return None


def _smallest(shrink: Callable[[bytes, int], bytes], content: bytes, limit: int) -> bytes | None:
    for width in _WIDTHS:
        smaller = shrink(content, width)
        if len(smaller) <= limit:
            return smaller
    return None


def _with_pillow(content: bytes, width: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        rgb = image.convert("RGB")
    rgb.thumbnail((width, width * 2))
    made = io.BytesIO()
    rgb.save(made, "JPEG", quality=78, optimize=True)
    return made.getvalue()


def _with_av(content: bytes, width: int) -> bytes:
    import av

    with av.open(io.BytesIO(content)) as source:
        frame = next(source.decode(video=0))
    wide = min(width, frame.width) // 2 * 2
    high = round(frame.height * wide / frame.width / 2) * 2
    codec: Any = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt = wide, high, "yuvj420p"
    codec.time_base = frame.time_base
    codec.options = {"qmin": "5", "qmax": "5"}
    made = [*codec.encode(frame.reformat(wide, high, format="yuvj420p")), *codec.encode(None)]
    return b"".join(bytes(packet) for packet in made)
