"""Pillow's image of a picture that Manim drew."""

from __future__ import annotations

from typing import Any


def opaque_image(pixels: Any) -> Any:
    """An image of rows by columns by 3 or 4 bytes, without its transparency.

    Four bytes stay where they are, since copying them takes longer than all the rest: the image is
    of the array, and of Pillow's mode RGBX.
    """
    from PIL import Image

    if pixels.shape[2] == 3:
        return Image.fromarray(pixels)
    height, width = pixels.shape[:2]
    return Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
