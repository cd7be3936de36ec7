"""Stills: single frames of a scene, pixel by pixel what the encoder of its video would be given.

The last frame is known only when the scene has ended. So the state of each animation's last frame
is noted, which is quick, and the one that was the last is drawn from its state.
"""

from __future__ import annotations

import base64
import contextlib
import io
import math
import sys
from typing import Any, Final

from kodisc_jupyter.stage.drawing.frame_states import FrameState, FrameStates
from kodisc_jupyter.stage.drawing.mobject_states import NotCoveredError
from kodisc_jupyter.stage.drawing.painter import Painter
from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher
from kodisc_jupyter.stage.task import FramesWanted
from kodisc_jupyter.stage.video import can_be_stepped

ROUNDING_S: Final = 1e-6
"""A time that was computed may be short of its frame by so much."""

_COMPRESSION: Final = 3
"""zlib's level: a third of the time of its default, for files a tenth larger."""


def frame_at(seconds: float, fps: float) -> int:
    """The number of the frame that a video shows at this time; the first one is 0."""
    return math.floor(min((seconds + ROUNDING_S) * fps, sys.maxsize))


class Stills(Watcher):
    """Draws the frames that are wanted while a scene is stepped."""

    def __init__(self, wanted: FramesWanted, code: str) -> None:
        """``code`` is the scene's: some of it can only be drawn at once, not from noted states."""
        self._wanted = wanted
        self._code = code
        self._drawn: dict[float, tuple[int, Any]] = {}
        self._noted: tuple[int, FrameState | Any] | None = None
        self._last: tuple[int, Any] | None = None
        self._keyed = True
        self._statics: Any = None
        self._expected: int | None = None
        self._seen = 0

    def began(self, stepping: Stepping) -> None:
        """Take the camera."""
        self._fps = stepping.record.fps
        self._states = FrameStates(stepping.renderer.camera, stepping.camera_class)
        self._keyed = can_be_stepped(type(stepping.scene), self._code)

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """Note what stands still, or draw it where its state would not cover it."""
        self._seen, self._statics = 0, None
        if self._keyed and stepping.renderer.camera is stepping.camera:
            with contextlib.suppress(NotCoveredError):
                self._statics = self._states.of_statics(stepping.statics)
        begins = stepping.record.frames
        ends = begins + animation.run_time_s * self._fps + 1
        soon = any(begins <= frame_at(at, self._fps) <= ends for at in self._wanted.at_s)
        if not animation.skipped and (soon or self._statics is None):
            stepping.draw_statics()

    def frame(self, stepping: Stepping, repeat: int) -> None:
        """Draw a frame that is wanted; note one that may be the last."""
        first = stepping.record.frames
        self._seen += 1
        if self._seen == 1:
            self._expected = self._frames_of(stepping.scene) if self._keyed else None
        for at in self._wanted.at_s:
            number = frame_at(at, self._fps)
            if first <= number < first + repeat:
                self._drawn[at] = number, stepping.draw()
        if repeat > 1 or self._expected is None or self._seen >= self._expected:
            self._noted = first + repeat - 1, self._note(stepping)

    @staticmethod
    def _frames_of(scene: Any) -> int | None:
        """How many frames the animation at hand has; ``None`` where nobody knows before."""
        if scene.stop_condition is None:
            with contextlib.suppress(Exception):  # another Manim's progress bar has no length
                return len(scene.time_progression)
        return None

    def _note(self, stepping: Stepping) -> Any:
        """The frame's state, or its picture where its state would not cover it."""
        if self._statics is not None:
            with contextlib.suppress(NotCoveredError):
                return self._states.of_frame(self._statics, stepping.movings)
        return stepping.draw()

    def ended(self, stepping: Stepping) -> None:
        """Draw the last frame, for itself and for times at the very end of the video."""
        record = stepping.record
        end_s = record.frames / self._fps + ROUNDING_S
        late = [at for at in self._wanted.at_s if at not in self._drawn and at <= end_s]
        if not (late or self._wanted.last):
            return
        if self._noted is None or self._noted[0] != record.frames - 1:
            stepping.renderer.update_frame(stepping.scene)
            self._noted = record.frames - 1, stepping.draw()
        number, frame = self._noted
        pixels = Painter(stepping).paint(frame) if isinstance(frame, FrameState) else frame
        self._last = number, pixels
        self._drawn.update(dict.fromkeys(late, self._last))

    def to_json(self) -> list[dict[str, Any]]:
        """The pictures in the order in which they were asked for; those that were drawn."""
        stills: list[tuple[float | None, int, Any]] = [
            (at, *self._drawn[at]) for at in self._wanted.at_s if at in self._drawn
        ]
        if self._wanted.last and self._last is not None:
            stills.append((None, *self._last))
        return [
            {
                "at": at,
                "time": round(number / self._fps, 6),
                "width": int(pixels.shape[1]),
                "height": int(pixels.shape[0]),
                "png": base64.b64encode(png_of(pixels)).decode("ascii"),
            }
            for at, number, pixels in stills
        ]


def png_of(pixels: Any) -> bytes:
    """A picture as a PNG, every pixel kept: ``pixels`` is height × width × RGBA, 0 to 255."""
    from PIL import Image

    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG", compress_level=_COMPRESSION)
    return made.getvalue()
