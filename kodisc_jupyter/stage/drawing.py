"""Draw a scene's frames: only those that are not there yet, on every core that is free.

The scene is stepped, and each frame's state is noted. A few frames are a segment; one that was
drawn before is taken as it is. The others are drawn from their noted states, in copies of this
process while it goes on stepping, and by itself when it has nothing left to step.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage import copies, failure
from kodisc_jupyter.stage.frame_states import FrameState, FrameStates, NotCoveredError
from kodisc_jupyter.stage.progress import ProgressWriter
from kodisc_jupyter.stage.segments import EncoderSettings, Segment, SegmentEncoder, SegmentStore
from kodisc_jupyter.stage.stepping import SteppedAnimation, Stepping, Watcher

SEGMENT_FRAMES: Final = 45
"""The most frames of a segment in which something moves."""

STILL_FRAMES: Final = 240
"""The most frames of a segment in which nothing moves."""

QUEUED_WEIGHT: Final = 400_000
"""How much may wait to be drawn before this process stops stepping and draws."""

_WORTH: Final = 4.0
"""A copy is made for work of so many times what making it takes."""

_ENCODING_S: Final = 0.004


class DrawingFailedError(BaseException):
    """A frame could not be drawn; the message is the job's whole error text.

    Not an ``Exception``: a scene's own ``except`` around its ``play`` is not meant.
    """


@dataclass
class _Part:
    """A segment of the video: its frames' states until it is drawn, then the segment."""

    frames: list[tuple[FrameState, int]] = field(default_factory=list)
    count: int = 0
    where: Any = None
    key: str = ""
    still: bool = False
    segment: Segment | None = None

    def seconds(self, drawing_s: float) -> float:
        """How long drawing it takes, given how long a weight of one takes."""
        return self.weight * drawing_s + self.count * _ENCODING_S

    @property
    def weight(self) -> int:
        """How much there is to draw."""
        return sum(state.weight for state, _ in self.frames)


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
        self._core: int | None = cores.take()
        self._parts: list[_Part] = []
        self._known: dict[str, _Part] = {}
        self._queue: list[_Part] = []
        self._copies: dict[int, _Part] = {}
        self._part = _Part()
        self._length = SEGMENT_FRAMES
        self._statics: Any = None
        self._direct: SegmentEncoder | None = None
        self._drawing_s: float | None = None
        self._copying_s = 0.02
        self._first: dict[bytes, Any] = {}
        self.kept_frames = self.drawn_frames = 0

    # What the watcher is told.

    def began(self, stepping: Stepping) -> None:
        """Take the camera's and the encoder's settings."""
        self._stepping = stepping
        camera = stepping.renderer.camera
        self._states = FrameStates(camera, stepping.camera_class)
        self.settings = EncoderSettings.of(
            stepping.writer, camera.pixel_width, camera.pixel_height, stepping.record.fps
        )
        self._versions = self.settings.versions()

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """Note what stands still, and into how many segments this one is cut."""
        frames = max(1, round(animation.run_time_s * stepping.record.fps))
        self._length = math.ceil(frames / math.ceil(frames / SEGMENT_FRAMES))
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
            if part.count >= (self._length if now == 1 else 1):
                self._end_part()
                part = self._part

    def animation_ended(self, _stepping: Stepping, _animation: SteppedAnimation) -> None:
        """A segment ends with its animation."""
        self._end_part()
        self._end_direct()
        self._pump()

    # Segments.

    def _end_part(self) -> None:
        part, self._part = self._part, _Part()
        if not part.count:
            return
        told = hashlib.blake2b(self._versions, digest_size=20)
        for state, repeat in part.frames:
            told.update(state.key + repeat.to_bytes(4, "big"))
        part.key = told.hexdigest()
        part.still = len(part.frames) == 1 < part.count
        self._parts.append(part)
        twin = self._known.setdefault(part.key, part)
        if twin is not part:
            self._ready(part.count, kept=True)
            part.frames.clear()
            return
        segment = None if self._fresh else self._store.get(part.key, part.count)
        if segment is not None:
            part.segment = segment
            self._ready(part.count, kept=True)
            part.frames.clear()
            return
        part.where = traceback.StackSummary.extract(
            traceback.walk_stack(None), limit=60, lookup_lines=False
        )
        part.where.reverse()
        self._queue.append(part)
        self._pump()

    def _ready(self, frames: int, *, kept: bool) -> None:
        self._progress.add(frames)
        if kept:
            self.kept_frames += frames
        else:
            self.drawn_frames += frames

    def _draw_directly(self, stepping: Stepping, repeat: int) -> None:
        self._end_part()
        if self._direct is None:
            self._direct = SegmentEncoder(self.settings)
        pixels = stepping.draw()
        self._progress.show(pixels)
        self._direct.add(pixels, repeat)
        self._ready(repeat, kept=False)
        if self._direct.frames >= STILL_FRAMES:
            self._end_direct()

    def _end_direct(self) -> None:
        if self._direct is not None:
            segment, self._direct = self._direct.finish(), None
            self._parts.append(_Part(count=segment.frames, segment=segment))

    # Who draws what.

    def _pump(self) -> None:
        """Take what copies have finished, start others, and draw when too much waits."""
        self._reap()
        while self._queue and self._start_copy():
            pass
        while self._queue and self._too_much_waits():
            self._draw_here(self._queue.pop(0))
            self._reap()

    def _too_much_waits(self) -> bool:
        return sum(part.weight for part in self._queue) > QUEUED_WEIGHT

    def _start_copy(self) -> bool:
        """Have a copy draw the next segment, if one pays and a core is free."""
        if not len(self._cores) or len(self._copies) >= len(self._cores):
            return False
        part = self._queue[0]
        if self._drawing_s is None:
            self._try_first(part)
        if part.seconds(self._drawing_s or 0.0) < _WORTH * self._copying_s or not copies.is_safe():
            return False
        core = self._cores.take()
        if core is None:
            return False
        self._queue.pop(0)
        began = time.perf_counter()
        pid = copies.start(lambda: self._draw_in_a_copy(part), core)
        self._copying_s = 0.5 * self._copying_s + (time.perf_counter() - began)
        self._copies[pid] = part
        return True

    def _try_first(self, part: _Part) -> None:
        """Draw one frame, to know how long one takes, and to have something to show."""
        state = part.frames[0][0]
        began = time.perf_counter()
        with self._failing_there(part), self._put_back([state]):
            pixels = _Painter(self._stepping).paint(state)
        self._drawing_s = (time.perf_counter() - began) / state.weight
        self._first = {state.key: pixels}
        self._progress.show(pixels)

    def _draw_in_a_copy(self, part: _Part) -> bool:
        """In a copy: draw the segment and keep it, or leave the error's text."""
        try:
            self._keep(part.key, self._draw(part))
        except MemoryError:
            return False  # this process may have more left, or says so at the right place
        except DrawingFailedError as failed:
            (self._progress.folder / f"{os.getpid()}.failed").write_text(str(failed), "utf-8")
            return False
        return True

    def _draw_here(self, part: _Part) -> None:
        with self._put_back([state for state, _ in part.frames]):
            part.segment = self._draw(part)
        with contextlib.suppress(OSError):
            self._keep(part.key, part.segment)
        self.drawn_frames += part.count
        part.frames.clear()

    def _draw(self, part: _Part) -> Segment:
        began = time.perf_counter()
        painter = _Painter(self._stepping)
        encoder = SegmentEncoder(self.settings)
        with self._failing_there(part):
            for state, repeat in part.frames:
                pixels = self._first.pop(state.key, None)
                if pixels is None:
                    pixels = painter.paint(state)
                self._progress.show(pixels)
                encoder.add(pixels, repeat)
                self._progress.add(repeat)
        segment = encoder.finish()
        took = time.perf_counter() - began - part.count * _ENCODING_S
        self._drawing_s = max(0.0, took) / part.weight
        return segment

    def _keep(self, key: str, segment: Segment) -> None:
        try:
            self._store.put(key, segment)
        except OSError:
            self._spare.put(key, segment)

    def _reap(self, *, wait: bool = False) -> None:
        for pid in list(self._copies):
            status = copies.ended(pid, wait=wait)
            if status is None:
                continue
            part = self._copies.pop(pid)
            failed = self._progress.folder / f"{pid}.failed"
            if status and failed.exists():
                raise DrawingFailedError(failed.read_text("utf-8"))
            part.segment = self._store.get(part.key, part.count) or self._spare.get(
                part.key, part.count
            )
            if part.segment is None:  # it was killed, or there was no room
                self._queue.insert(0, part)
                self._draw_here(self._queue.pop(0))
            else:
                self.drawn_frames += part.count
                part.frames.clear()
            if wait:
                return

    def finish(self) -> list[Segment]:
        """Draw what still waits; all segments, in their order."""
        self._progress.set_total(sum(part.count for part in self._parts))
        while self._queue:
            self._pump()
            if self._queue:
                self._draw_here(self._queue.pop(0))
        if self._core is not None:
            os.close(self._core)  # from here on only copies work
            self._core = None
        while self._copies:
            self._reap(wait=True)
        segments = []
        for part in self._parts:
            segment = part.segment or self._known[part.key].segment
            assert segment is not None
            segments.append(segment)
        return segments

    def close(self) -> None:
        """End every copy."""
        for pid in list(self._copies):
            copies.kill(pid)
        self._copies.clear()

    def stills(self) -> list[int]:
        """The segments in which the video stands still, by their numbers."""
        return [
            number
            for number, part in enumerate(self._parts)
            if self._known.get(part.key, part).still
        ]

    @contextlib.contextmanager
    def _failing_there(self, part: _Part) -> Iterator[None]:
        """What fails while a frame is drawn later has failed where the scene played it."""
        try:
            yield
        except (MemoryError, DrawingFailedError):
            raise
        except Exception as problem:
            raise DrawingFailedError(failure.describe(problem, above=part.where)) from None

    @contextlib.contextmanager
    def _put_back(self, states: Iterable[FrameState]) -> Iterator[None]:
        """The scene goes on afterwards: everything is then as it was."""
        kept: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        for state in states:
            for own in state.owners():
                if id(own) not in kept:
                    kept[id(own)] = (own, own.copy())
        try:
            yield
        finally:
            for own, values in kept.values():
                own.clear()
                own.update(values)
            self._stepping.picture_is_due()


class _Painter:
    """Draws noted frames one after the other; what stands still is drawn once."""

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping
        self._restored: dict[int, Any] = {}
        self._statics: Any = ()
        self._background: Any = None

    def paint(self, state: FrameState) -> Any:
        """The frame's picture: RGBA."""
        state.restore(self._restored)
        if state.statics is not self._statics:
            self._statics, self._background = state.statics, None
            if state.statics:
                shown = [mobject for mobject, _ in state.statics]
                self._background = self._stepping.paint(shown, None)
        return self._stepping.paint([mobject for mobject, _ in state.movings], self._background)


def spare_store(work: Path) -> SegmentStore:
    """A store that ends with the render."""
    return SegmentStore(work / "segments")
