"""What is noted while a scene is rehearsed: lengths, sections, words, and how it is laid out."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from typing import Any

from kodisc_jupyter.stage.rehearsal.layout import LayoutNotes
from kodisc_jupyter.stage.stepping.scene_notes import SceneNotes
from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher


class RehearsalWatcher(Watcher):
    """Takes notes; ``measure`` also draws a frame of each animation, to see how long that takes."""

    def __init__(self, *, measure: bool) -> None:
        self.drawing: dict[int, float] = defaultdict(float)
        """Seconds that drawing would take, by the line that plays it."""
        self._measure = measure
        self._stepping: Stepping | None = None
        self._notes = SceneNotes()
        self._drawn_s: float | None = None
        self._layout: LayoutNotes | None = None

    def began(self, stepping: Stepping) -> None:
        """Remember whose notes these are."""
        self._stepping = stepping
        self._layout = LayoutNotes(stepping.renderer.camera.pixel_height)

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """The next frame is this animation's first."""
        self._drawn_s = None
        self._notes.animation_began(stepping, animation)

    def frame(self, stepping: Stepping, repeat: int) -> None:  # noqa: ARG002
        """Draw the first frame of an animation, where that is to be measured."""
        if self._measure and self._drawn_s is None:
            before = time.perf_counter()
            stepping.draw()
            self._drawn_s = time.perf_counter() - before

    def animation_ended(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """Note the words that are on screen."""
        if self._drawn_s is not None and animation.line is not None:
            drawn = 1 if animation.frozen else animation.frames
            self.drawing[animation.line] += self._drawn_s * drawn
        self._look(stepping, last=False)
        self._notes.animation_ended(stepping, animation)

    def ended(self, stepping: Stepping) -> None:
        """What is so at the end stays so."""
        self._look(stepping, last=True)

    def _look(self, stepping: Stepping, *, last: bool) -> None:
        record = stepping.record
        if self._layout is None or not record.animations or record.animations[-1].skipped:
            return
        with contextlib.suppress(Exception):  # a mobject of somebody's own may be anything
            self._layout.look(
                stepping.scene,
                line=record.animations[-1].line,
                now_s=record.frames / record.fps,
                last=last,
            )

    def to_json(self) -> dict[str, Any]:
        """The notes as the report has them; of a scene that was not made, nothing."""
        if self._stepping is None:
            return {}
        notes = self._notes.to_json(self._stepping.record)
        return {**notes, "layout": self._layout.found if self._layout else []}
