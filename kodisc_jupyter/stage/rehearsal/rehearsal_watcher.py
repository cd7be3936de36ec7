"""What is noted while a scene is rehearsed: lengths, sections, words, and how it is laid out."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from kodisc_jupyter.stage.rehearsal.layout import LayoutNotes
from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher

TEXT_LIMIT: Final = 500
"""Characters kept of one text."""

TEXTS_KEPT: Final = 200


class RehearsalWatcher(Watcher):
    """Takes notes; ``measure`` also draws a frame of each animation, to see how long that takes."""

    def __init__(self, *, measure: bool) -> None:
        self.drawing: dict[int, float] = defaultdict(float)
        """Seconds that drawing would take, by the line that plays it."""
        self._measure = measure
        self._stepping: Stepping | None = None
        self._texts: dict[str, None] = {}
        self._drawn_s: float | None = None
        self._layout: LayoutNotes | None = None

    def began(self, stepping: Stepping) -> None:
        """Remember whose notes these are."""
        self._stepping = stepping
        self._layout = LayoutNotes(stepping.renderer.camera.pixel_height)

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:  # noqa: ARG002
        """The next frame is this animation's first."""
        self._drawn_s = None

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
        for text in _words(stepping.scene):
            if len(self._texts) >= TEXTS_KEPT:
                return
            self._texts.setdefault(text[:TEXT_LIMIT])

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
        record = self._stepping.record
        return {
            "seconds": round(record.frames / record.fps, 3),
            "frames": record.frames,
            "animations": [
                {
                    "start": round(each.start_s, 3),
                    "seconds": round(each.seconds, 3),
                    "line": each.line,
                    "what": ", ".join(each.animations)[:200],
                }
                for each in record.animations
            ],
            "sections": [
                {"name": each.name, "start": round(each.start_s, 3)}
                for each in record.sections
                if not each.skipped
            ],
            "captions": [
                {"start": cue.start_s, "end": cue.end_s, "text": cue.text[:TEXT_LIMIT]}
                for cue in record.subcaptions
            ],
            "texts": list(self._texts),
            "layout": self._layout.found if self._layout else [],
        }


def _words(scene: Any) -> Iterator[str]:
    """The texts on screen, as they were given: of Text, Paragraph, MarkupText, Tex and MathTex."""
    for mobject in scene.mobjects:
        with contextlib.suppress(Exception):  # a mobject of somebody's own may be anything
            yield from _texts_of(mobject)


def _texts_of(mobject: Any) -> Iterator[str]:
    text = getattr(mobject, "original_text", None) or getattr(mobject, "tex_string", None)
    if isinstance(text, str):
        if text.strip():
            yield text.strip()
        return
    for each in mobject.submobjects:
        yield from _texts_of(each)
