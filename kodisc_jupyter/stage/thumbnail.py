"""The picture that stands for a video: its last settled frame."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage.opaque_image import opaque_image

SEEN: Final = 4.0
"""The least variance of brightness (in 255ths, squared) of a frame with something to see in it."""

_STEP: Final = 12
"""Every so many pixels, both ways, are enough to tell most frames apart."""


class Thumbnail:
    """Chooses a frame while a scene is rendered; later ones are preferred.

    A frame is settled when the video stands still there, and at the scene's end: then no text is
    half written. Where nothing settled has anything to see, the frame with most in it is taken:
    the largest spread of brightness.
    """

    def __init__(self) -> None:
        self._settled: Any = None
        self._fullest: Any = None
        self._most = -1.0
        self._last: Any = None
        self._last_few: Any = None
        self._last_settled = False

    @property
    def frame(self) -> Any:
        """The chosen frame's pixels; ``None`` before there was any."""
        return self._fullest if self._settled is None else self._settled

    @property
    def is_settled(self) -> bool:
        """Whether a settled frame with something to see was found."""
        return self._settled is not None

    @property
    def has_something_to_see(self) -> bool:
        """Whether any of the frames, settled or not, has something to see in it."""
        return self._most >= SEEN

    def look(self, pixels: Any, repeat: int = 1) -> None:
        """Take in the next frame of the video, which it shows ``repeat`` times."""
        import numpy as np

        if not isinstance(pixels, np.ndarray):
            return
        few: np.ndarray = pixels[::_STEP, ::_STEP, :3].astype(np.float32).ravel()
        settled = repeat > 1 or (
            self._last is not None
            and np.array_equal(few, self._last_few)
            and np.array_equal(pixels, self._last)
        )
        self._last, self._last_few, self._last_settled = pixels, few, settled
        self._judge(pixels, few, settled=settled)

    def end(self, draw: Callable[[], Any]) -> None:
        """The scene is over; ``draw`` makes a picture of how it ended, if the video shows none."""
        import numpy as np

        if self._last is None or self._last_settled:
            return
        with contextlib.suppress(Exception):  # the video is there, whatever a picture more needs
            pixels = draw()
            few: np.ndarray = pixels[::_STEP, ::_STEP, :3].astype(np.float32).ravel()
            self._judge(pixels, few, settled=True)

    def save(self, path: Path) -> None:
        """Write the chosen frame as a JPEG; nothing where there was none."""
        if self.frame is not None:
            opaque_image(self.frame).save(path, quality=88)

    def _judge(self, pixels: Any, few: Any, *, settled: bool) -> None:
        mean = float(few.sum()) / few.size
        spread = float(few.dot(few)) / few.size - mean * mean
        if spread >= self._most:
            self._most, self._fullest = spread, pixels
        if settled and spread >= SEEN:
            self._settled = pixels
