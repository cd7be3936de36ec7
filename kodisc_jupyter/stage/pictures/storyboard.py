"""A storyboard: a small picture of what stands when each animation has ended.

All of it together stays within :data:`BYTES_LIMIT`, so that a notebook can keep it: the more there
are, the smaller they are, and of hundreds every second, fourth, … is taken.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kodisc_jupyter.stage.opaque_image import opaque_image
from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher

PICTURES_LIMIT: Final = 48
"""The most pictures of a storyboard."""

BYTES_LIMIT: Final = 200_000
"""Bytes of all small pictures; base64 adds a third."""

SHEET_BYTES_LIMIT: Final = 70_000
"""Bytes of the one picture that holds all of them, for pages that take no HTML (LaTeX)."""

LONG_SIDE_PX: Final = 480
_SMALLEST_PX: Final = 96

_SAMPLE: Final = 6
"""So many pictures tell how large all of them may be."""

FEW_COLOURS: Final = 4_096
"""A picture of at most so many colours is flat enough for a palette."""

_SHEET_COLUMNS: Final = 4
_SHEET_TILE_PX: Final = 240
_LABEL_PX: Final = 18


@dataclass(frozen=True)
class Tile:
    """One picture: RGB of at most :data:`LONG_SIDE_PX`, and the animation it stands for."""

    animation: SteppedAnimation
    picture: Any


class Storyboard(Watcher):
    """Draws what stands when an animation has ended, for at most :data:`PICTURES_LIMIT`."""

    def __init__(self) -> None:
        self._tiles: list[Tile] = []
        self._every = 1
        self._new = 0
        self._waiting: SteppedAnimation | None = None

    def animation_ended(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """Draw it, unless nothing of it is in the video or it shows nothing new."""
        if animation.frames == 0:
            return
        if animation.is_wait:
            picture = self._draw(stepping)
            if self._tiles and self._tiles[-1].picture.tobytes() == picture.tobytes():
                return
            self._add(animation, picture)
        else:
            self._add(animation, None, stepping)

    def _add(
        self, animation: SteppedAnimation, picture: Any, stepping: Stepping | None = None
    ) -> None:
        self._new += 1
        if (self._new - 1) % self._every:
            self._waiting = animation
            return
        self._waiting = None
        if picture is None:
            picture = self._draw(stepping)
        self._tiles.append(Tile(animation, picture))
        if len(self._tiles) > PICTURES_LIMIT:
            del self._tiles[1::2]
            self._every *= 2

    def _draw(self, stepping: Any) -> Any:
        from PIL import Image

        stepping.renderer.update_frame(stepping.scene)
        picture = opaque_image(stepping.draw())
        picture.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return picture.convert("RGB")

    def ended(self, stepping: Stepping) -> None:
        """The last animation is always among them."""
        if self._waiting is not None:
            last, self._waiting = self._waiting, None
            self._tiles[PICTURES_LIMIT - 1 :] = [Tile(last, self._draw(stepping))]

    def to_json(self) -> dict[str, Any]:
        """The pictures with their times, lines and animations; how many there might be."""
        encoded, size = within(BYTES_LIMIT, [each.picture for each in self._tiles])
        return {
            "of": self._new,
            "pictures": [
                {
                    "start": round(tile.animation.start_s, 3),
                    "end": round(tile.animation.start_s + tile.animation.seconds, 3),
                    "line": tile.animation.line,
                    "what": ", ".join(tile.animation.animations)[:200],
                    "width": size[0],
                    "height": size[1],
                    "kind": kind,
                    "data": base64.b64encode(content).decode("ascii"),
                }
                for tile, (kind, content) in zip(self._tiles, encoded, strict=True)
            ],
            "sheet": base64.b64encode(sheet(self._tiles)).decode("ascii"),
        }


def within(limit: int, pictures: Sequence[Any]) -> tuple[list[tuple[str, bytes]], tuple[int, int]]:
    """All pictures encoded, as large as ``limit`` bytes for all of them allow; and their size."""
    if not pictures:
        return [], (0, 0)
    sample = pictures[:: math.ceil(len(pictures) / _SAMPLE)]
    share = limit * len(sample) // len(pictures)
    side = _side(sample, LONG_SIDE_PX, share)
    while True:
        scaled = [_scale(picture, side) for picture in pictures]
        encoded = [encode(picture) for picture in scaled]
        if side <= _SMALLEST_PX or sum(len(content) for _, content in encoded) <= limit:
            return encoded, scaled[0].size
        side = max(_SMALLEST_PX, side * 7 // 8)


def _side(sample: Sequence[Any], side: int, limit: int) -> int:
    """The long side with which these pictures have ``limit`` bytes; found in few steps."""
    while side > _SMALLEST_PX:
        total = sum(len(encode(_scale(picture, side))[1]) for picture in sample)
        if total <= limit:
            return side
        side = min(side - 16, int(side * math.sqrt(limit / total)))
    return _SMALLEST_PX


def encode(picture: Any) -> tuple[str, bytes]:
    """A small picture as a PNG with a palette where it is flat, else as a JPEG."""
    from PIL import Image

    made = io.BytesIO()
    picture.save(made, "JPEG", quality=80)
    best = "image/jpeg", made.getvalue()
    if picture.getcolors(FEW_COLOURS) is not None:
        made = io.BytesIO()
        flat = picture.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        flat.save(made, "PNG")
        if len(made.getvalue()) <= len(best[1]):
            best = "image/png", made.getvalue()
    return best


def sheet(tiles: Sequence[Tile]) -> bytes:
    """All pictures on one, with their times and lines, as a JPEG."""
    if not tiles:
        return b""
    small = [_scale(tile.picture, _SHEET_TILE_PX) for tile in tiles]
    width, height = small[0].size
    columns = min(_SHEET_COLUMNS, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    from PIL import Image, ImageDraw

    whole = Image.new("RGB", (columns * (width + 8), rows * (height + _LABEL_PX + 8)), "white")
    brush = ImageDraw.Draw(whole)
    for number, (tile, picture) in enumerate(zip(tiles, small, strict=True)):
        row, column = divmod(number, columns)
        left, top = column * (width + 8) + 4, row * (height + _LABEL_PX + 8) + 4
        whole.paste(picture, (left, top))
        end_s = tile.animation.start_s + tile.animation.seconds
        brush.text((left, top + height + 3), f"{number + 1}   {end_s:.1f} s", fill="black")
    while True:
        made = io.BytesIO()
        whole.save(made, "JPEG", quality=78, optimize=True)
        if len(made.getvalue()) <= SHEET_BYTES_LIMIT:
            return made.getvalue()
        whole = _scale(whole, int(max(whole.size) * 0.85))


def _scale(picture: Any, side: int) -> Any:
    """The picture with its long side ``side`` pixels, or as it is if that is shorter."""
    from PIL import Image

    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return smaller
