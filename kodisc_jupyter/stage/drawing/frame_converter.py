"""Pictures as the encoder takes them: RGBA to YUV, only where something has changed.

Converting is a quarter of a small scene's render. FFmpeg's own way with threads takes more of the
processor, and the next scene has use for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

_GRID: Final = 16
"""Changed parts begin and end on multiples of so many pixels: what is converted is even then."""

_NEAR: Final = 2
"""A colour is made of its own rows and so many above and below."""

_MARGIN: Final = 16
"""Rows above and below a part that are converted with it, and not taken."""

_MOST: Final = 0.8
"""The largest share of a picture that is worth converting by itself."""


class _Part(NamedTuple):
    """A rectangle of a picture in pixels: from ``top`` and ``left``, up to the others."""

    top: int
    bottom: int
    left: int
    right: int


class FrameConverter:
    """Converts the pictures of one video, one after the other."""

    def __init__(self, pixel_format: str) -> None:
        """To this format of FFmpeg's, for example ``yuv420p``."""
        from av.video.reformatter import VideoReformatter

        self._format = pixel_format
        self._whole, self._partly = VideoReformatter(), VideoReformatter()
        self._last: Any = None
        self._frame: Any = None

    def convert(self, pixels: Any) -> Any:
        """The frame of an RGBA picture, rows by columns by 4 bytes, which nobody changes later."""
        part = self._changed(pixels)
        self._last = pixels
        if part is None:
            self._frame = self._reformat(self._whole, pixels)
        else:
            self._frame = self._with(part, pixels)
        return self._frame

    def _changed(self, pixels: Any) -> _Part | None:
        """Where the picture differs from the last one; ``None`` where all of it is converted."""
        height, width = pixels.shape[:2]
        last = self._last
        if last is None or last.shape != pixels.shape:
            return None
        if self._format != "yuv420p" or height % 2 or width % 2:
            return None
        import numpy as np

        now, before = (each.reshape(height, -1).view(np.uint64) for each in (pixels, last))
        differs = now != before  # two pixels at a time
        rows: Any = np.flatnonzero(differs.any(axis=1))
        if not len(rows):
            return _Part(0, 0, 0, 0)
        top, bottom = _on_grid(rows[0] - _NEAR, rows[-1] + 1 + _NEAR, height)
        columns: Any = 2 * np.flatnonzero(differs[top:bottom].any(axis=0))
        left, right = _on_grid(columns[0], columns[-1] + 2, width)
        if (bottom - top) * (right - left) > _MOST * height * width:
            return None
        return _Part(top, bottom, left, right)

    def _with(self, part: _Part, pixels: Any) -> Any:
        """The last frame, with this part of the picture in it."""
        import av

        frame: Any = av.VideoFrame(self._frame.width, self._frame.height, self._format)
        for old, new in zip(self._frame.planes, frame.planes, strict=True):
            new.update(old)
        top, bottom, left, right = part
        if bottom > top:
            above = max(0, top - _MARGIN)
            below = min(len(pixels), bottom + _MARGIN)
            made = self._reformat(self._partly, pixels[above:below, left:right])
            for number, (new, converted) in enumerate(zip(frame.planes, made.planes, strict=True)):
                of = 1 if number == 0 else 2  # a colour stands for two rows and two columns
                _rows(new)[top // of : bottom // of, left // of : right // of] = _rows(converted)[
                    (top - above) // of : (bottom - above) // of, : (right - left) // of
                ]
        return frame

    def _reformat(self, reformatter: Any, pixels: Any) -> Any:
        read, one_thread = _as_pyav_can()
        return reformatter.reformat(read(pixels, format="rgba"), format=self._format, **one_thread)


@cache
def _as_pyav_can() -> tuple[Callable[..., Any], dict[str, int]]:
    """How a picture is read, without a copy if possible, and how FFmpeg is told to use one thread.

    Manim 0.19 comes with a PyAV that has to copy, and that uses one thread by itself.
    """
    import av
    import numpy as np

    small: Any = np.zeros((2, 2, 4), np.uint8)
    try:
        read: Callable[..., Any] = av.VideoFrame.from_numpy_buffer
        read(small, format="rgba")
    except (AttributeError, ValueError):
        read = _copy
    try:
        read(small, format="rgba").reformat(format="yuv420p", threads=1)
    except TypeError:
        return read, {}
    return read, {"threads": 1}


def _copy(pixels: Any, format: str) -> Any:  # noqa: A002  as PyAV names it
    import av
    import numpy as np

    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=format)


def _on_grid(first: int, end: int, most: int) -> tuple[int, int]:
    """The same stretch, or more, on the grid."""
    return max(0, int(first) // _GRID * _GRID), min(most, -(-int(end) // _GRID) * _GRID)


def _rows(plane: Any) -> Any:
    """A plane's bytes, row by row, with what FFmpeg has behind each row."""
    import numpy as np

    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
