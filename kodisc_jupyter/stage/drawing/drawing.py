"""Draw a scene's frames: only those that are not there yet, on every core that is free.

The scene is stepped, and each frame's state is noted. A few frames are a segment; one that was
drawn before is taken as it is. The others are drawn from their noted states, in copies of this
process while it goes on stepping, and by itself when it has nothing left to step.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import traceback
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage.drawing import copies
from kodisc_jupyter.stage.drawing.drawing_queue import DrawingQueue, Part
from kodisc_jupyter.stage.drawing.frame_states import FrameStates
from kodisc_jupyter.stage.drawing.mobject_states import NotCoveredError
from kodisc_jupyter.stage.drawing.quick_cameras import quicken
from kodisc_jupyter.stage.drawing.segments import (
    EncoderSettings,
    Segment,
    SegmentEncoder,
    SegmentStore,
)
from kodisc_jupyter.stage.progress import ProgressWriter
from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher

SEGMENT_FRAMES: Final = 45
"""The most frames of a segment in which something moves."""

SEGMENT_WEIGHT: Final = 4000
"""About how much there is to draw in a segment, in mobjects, where frames are heavy."""

LEAST_FRAMES: Final = 12
"""How many frames a segment of heavy ones has nevertheless: each begins with a whole picture."""

STILL_FRAMES: Final = 240
"""The most frames of a segment in which nothing moves."""


class Drawing(Watcher):
    """Watches a scene being stepped and makes its segments."""

    def __init__(
        self,
        store: SegmentStore,
        progress: ProgressWriter,
        cores: copies.Cores,
        *,
        spare: SegmentStore,
        fresh: bool = False,
    ) -> None:
        """Segments are kept in ``store``, or in ``spare`` where that cannot be written.

        ``fresh``: draw everything anew, whatever is kept.
        """
        self._store, self._spare, self._fresh = store, spare, fresh
        self._progress, self._cores = progress, cores
        self._queue: DrawingQueue | None = None
        self._parts: list[Part] = []
        self._known: dict[str, Part] = {}
        self._part = Part()
        self._frames = 1
        self._statics: Any = None
        self._direct: SegmentEncoder | None = None
        self.drawn_frames = 0

    # What the watcher is told.

    def began(self, stepping: Stepping) -> None:
        """Take the camera's and the encoder's settings."""
        self._stepping = stepping
        camera = stepping.renderer.camera
        self._states = FrameStates(camera, stepping.camera_class)
        quicken(camera, stepping.camera_class)
        self.settings = EncoderSettings.of(
            stepping.writer, camera.pixel_width, camera.pixel_height, stepping.record.fps
        )
        self._versions = self.settings.versions()

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """Note what stands still."""
        self._frames = max(1, round(animation.run_time_s * stepping.record.fps))
        self._statics = None
        with contextlib.suppress(NotCoveredError):
            if stepping.renderer.camera is stepping.camera:
                self._statics = self._states.of_statics(stepping.statics)
        if self._statics is None and not animation.skipped:
            stepping.draw_statics()

    def frame(self, stepping: Stepping, repeat: int) -> None:
        """Note the frame, or draw it at once if its key would not cover it."""
        state = None
        with contextlib.suppress(NotCoveredError):
            if self._statics is not None:
                state = self._states.of_frame(self._statics, stepping.movings)
        if state is None:
            self._draw_directly(stepping, repeat)
            return
        self._end_direct()
        part = self._part
        while repeat > 0:
            now = min(repeat, STILL_FRAMES)
            if part.frames and part.frames[-1][0].key == state.key:
                part.frames[-1] = (part.frames[-1][0], part.frames[-1][1] + now)
            else:
                part.frames.append((state, now))
            part.count += now
            repeat -= now
            if part.count >= (segment_length(self._frames, state.weight) if now == 1 else 1):
                self._end_part()
                part = self._part

    def animation_ended(self, _stepping: Stepping, _animation: SteppedAnimation) -> None:
        """A segment ends with its animation."""
        self._end_part()
        self._end_direct()
        if self._queue is not None:
            self._queue.pump()

    # Segments.

    def _end_part(self) -> None:
        part, self._part = self._part, Part()
        if not part.count:
            return
        digest = hashlib.blake2b(self._versions, digest_size=20)
        for state, repeat in part.frames:
            digest.update(state.key + repeat.to_bytes(4, "big"))
        part.key = digest.hexdigest()
        part.still = len(part.frames) == 1 < part.count
        part.number = len(self._parts)
        self._parts.append(part)
        twin = self._known.setdefault(part.key, part)
        if twin is not part:
            self._progress.add(part.count)
            part.frames.clear()
            return
        segment = None if self._fresh else self._store.get(part.key, part.count)
        if segment is not None:
            part.segment = segment
            self._progress.add(part.count)
            part.frames.clear()
            return
        part.where = traceback.StackSummary.extract(
            traceback.walk_stack(None), limit=60, lookup_lines=False
        )
        part.where.reverse()
        self.drawn_frames += part.count
        self._draw_later(part)

    def _draw_later(self, part: Part) -> None:
        if self._queue is None:
            self._queue = DrawingQueue(
                self._stepping,
                self.settings,
                (self._store, self._spare),
                self._progress,
                self._cores,
            )
        self._queue.add(part)

    def _draw_directly(self, stepping: Stepping, repeat: int) -> None:
        self._end_part()
        if self._direct is None:
            self._direct = SegmentEncoder(self.settings)
        pixels = stepping.draw()
        self._progress.show(pixels)
        self._direct.add(pixels, repeat)
        self._progress.add(repeat)
        self.drawn_frames += repeat
        if self._direct.frames >= STILL_FRAMES:
            self._end_direct()

    def _end_direct(self) -> None:
        if self._direct is not None:
            segment, self._direct = self._direct.finish(), None
            self._parts.append(Part(count=segment.frames, segment=segment))

    def finish(self) -> list[Segment]:
        """Draw what still waits; all segments, in their order."""
        self._progress.set_total(sum(part.count for part in self._parts))
        if self._queue is not None:
            self._queue.finish()
        segments = []
        for part in self._parts:
            segment = part.segment or self._known[part.key].segment
            assert segment is not None
            segments.append(segment)
        return segments

    def close(self) -> None:
        """End every copy."""
        if self._queue is not None:
            self._queue.close()

    def stills(self) -> list[int]:
        """The segments in which the video stands still, by their numbers."""
        return [
            number
            for number, part in enumerate(self._parts)
            if self._known.get(part.key, part).still
        ]


def segment_length(frames: int, weight: int) -> int:
    """Into how many frames each an animation is cut: all segments about as long.

    ``weight`` is what there is to draw in one of its frames. Nothing else counts, so that a scene
    is cut in the same places every time and everywhere.
    """
    most = max(LEAST_FRAMES, min(SEGMENT_FRAMES, SEGMENT_WEIGHT // weight))
    return math.ceil(frames / math.ceil(frames / most))


def spare_store(work: Path) -> SegmentStore:
    """A store that ends with the render."""
    return SegmentStore(work / "segments")
