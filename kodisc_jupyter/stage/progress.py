"""How far a render is, as files in its folder: written by the render, read by the server.

``drawn`` has one byte for each frame that is ready, whichever process made it; ``total`` says how
many there will be, as soon as that is known; ``preview.jpg`` is the newest picture.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.atomic_file import atomic_file
from kodisc_jupyter.stage.opaque_image import opaque_image

FOLDER: Final = ".kodisc"
PREVIEW: Final = "preview.jpg"
PREVIEW_LIMIT_BYTES: Final = 40_000
PREVIEW_EVERY_S: Final = 0.5

_PREVIEW_WIDTH: Final = 480
_JPEG: Final = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Progress:
    """Frames that are ready, and how many there will be; ``None`` while that is not known."""

    drawn: int
    total: int | None

    @property
    def percent(self) -> int | None:
        """Whole percent, 99 at most: only a finished render is finished."""
        if not self.total:
            return None
        return max(0, min(99, 100 * self.drawn // self.total))


class ProgressWriter:
    """Writes it, from the process that renders and from its copies; never stops a render."""

    def __init__(self, work: Path) -> None:
        """In the render's own folder."""
        self.folder = work / FOLDER
        self._drawn = -1
        with contextlib.suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._drawn = os.open(self.folder / "drawn", flags, 0o600)

    def add(self, frames: int) -> None:
        """More frames are ready."""
        with contextlib.suppress(OSError):
            os.write(self._drawn, b"." * frames)

    def set_total(self, frames: int) -> None:
        """All frames that there will be."""
        with contextlib.suppress(OSError), atomic_file(self.folder / "total") as part:
            part.write_text(str(frames), encoding="ascii")

    def show(self, pixels: Any) -> None:
        """The newest picture, unless the last one is only just there."""
        path = self.folder / PREVIEW
        with contextlib.suppress(OSError):
            if path.exists() and time.time() - path.stat().st_mtime < PREVIEW_EVERY_S:
                return
            data = small_jpeg(pixels)
            with atomic_file(path) as part:
                part.write_bytes(data)


def small_jpeg(pixels: Any) -> bytes:
    """A picture as a small JPEG, within the limit."""
    from PIL import Image

    height, width = pixels.shape[:2]
    image = opaque_image(pixels)
    image.thumbnail((_PREVIEW_WIDTH, _PREVIEW_WIDTH * height // width), Image.Resampling.BOX)
    for quality in (75, 50, 25, 5):
        target = io.BytesIO()
        image.save(target, "JPEG", quality=quality)
        if target.tell() <= PREVIEW_LIMIT_BYTES:
            break
    return target.getvalue()


def read(folder: int) -> Progress | None:
    """How far a render is, by its open :data:`FOLDER`; ``None`` where it does not say."""
    try:
        descriptor = _open(folder, "drawn")
    except OSError:
        return None
    drawn = os.fstat(descriptor).st_size
    os.close(descriptor)
    total = None
    with contextlib.suppress(OSError, ValueError):
        total = int(_read(folder, "total", 12))
    return Progress(drawn, total)


def read_preview(folder: int) -> bytes | None:
    """The newest picture. The folder is the scene's own: what is no small JPEG is none."""
    try:
        data = _read(folder, PREVIEW, PREVIEW_LIMIT_BYTES + 1)
    except OSError:
        return None
    if len(data) > PREVIEW_LIMIT_BYTES or not data.startswith(_JPEG):
        return None
    return data


def _open(folder: int, name: str) -> int:
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)


def _read(folder: int, name: str, limit: int) -> bytes:
    with os.fdopen(_open(folder, name), "rb") as file:
        return file.read(limit)
