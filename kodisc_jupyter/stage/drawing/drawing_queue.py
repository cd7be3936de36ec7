"""Who draws which segment, and when: copies on free cores, and this process itself."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.drawing import copies
from kodisc_jupyter.stage.drawing.frame_states import FrameState
from kodisc_jupyter.stage.drawing.painter import Painter, put_back
from kodisc_jupyter.stage.drawing.segments import (
    EncoderSettings,
    Segment,
    SegmentEncoder,
    SegmentStore,
)
from kodisc_jupyter.stage.progress import ProgressWriter
from kodisc_jupyter.stage.stepping.stepping import Stepping

WAITING_WEIGHT: Final = 400_000
"""How much may wait to be drawn, in mobjects, before this process stops stepping and draws."""

WORTH: Final = 4.0
"""A copy is made for work of so many times what making it takes."""

COPYING_S: Final = 0.02
"""What making a copy takes, until it has been measured."""

ENCODING_S: Final = 0.004
"""About what encoding a frame takes."""


class DrawingFailedError(BaseException):
    """A frame could not be drawn; the message is the job's whole error text.

    Not an ``Exception``: a scene's own ``except`` around its ``play`` is not meant.
    """


@dataclass
class Part:
    """A segment of the video: its frames' states until it is drawn, then the segment.

    ``where`` are the calls that played it; ``still`` says that all its frames are one picture.
    """

    number: int = 0
    frames: list[tuple[FrameState, int]] = field(default_factory=list)
    count: int = 0
    where: Any = None
    key: str = ""
    still: bool = False
    segment: Segment | None = None

    def seconds(self, drawing_s: float) -> float:
        """How long drawing it takes, given how long a weight of one takes."""
        return self.weight * drawing_s + self.count * ENCODING_S

    @property
    def weight(self) -> int:
        """How much there is to draw."""
        return sum(state.weight for state, _ in self.frames)


class DrawingQueue:
    """The segments that are still to be drawn."""

    def __init__(
        self,
        stepping: Stepping,
        settings: EncoderSettings,
        stores: tuple[SegmentStore, SegmentStore],
        progress: ProgressWriter,
        cores: copies.Cores,
    ) -> None:
        """What is drawn goes to the first store, or the second where that cannot be written."""
        self._stepping, self._settings = stepping, settings
        self._stores = stores
        self._progress, self._cores = progress, cores
        self._core: int | None = cores.take()
        self._waiting: list[Part] = []
        self._copies: dict[int, Part] = {}
        self._drawing_s: float | None = None
        self._copying_s = COPYING_S
        self._first: dict[bytes, Any] = {}

    def add(self, part: Part) -> None:
        """Have a segment drawn, now or later."""
        self._waiting.append(part)
        self.pump()

    def pump(self) -> None:
        """Take what copies have finished, start others, and draw when too much waits."""
        self._reap()
        while self._waiting and self._start_copy():
            pass
        while sum(part.weight for part in self._waiting) > WAITING_WEIGHT:
            self._draw_here(self._waiting.pop(0))
            self._reap()

    def finish(self) -> None:
        """Draw what still waits, and wait for the copies."""
        while self._waiting:
            self.pump()
            if self._waiting:
                self._draw_here(self._waiting.pop(0))
        if self._core is not None:
            os.close(self._core)  # from here on only copies work
            self._core = None
        while self._copies:
            self._reap(wait=True)

    def close(self) -> None:
        """End every copy."""
        for pid in list(self._copies):
            copies.kill(pid)
        self._copies.clear()

    def _start_copy(self) -> bool:
        """Have a copy draw the first segment for which one pays, if a core is free."""
        if len(self._copies) >= len(self._cores):
            return False
        if self._drawing_s is None:
            self._try_first(self._waiting[0])
        least_s = WORTH * self._copying_s
        pays = (part for part in self._waiting if part.seconds(self._drawing_s or 0.0) >= least_s)
        part = next(pays, None)
        if part is None or not copies.is_safe():
            return False
        core = self._cores.take()
        if core is None:
            return False
        self._waiting.remove(part)
        began = time.perf_counter()
        pid = copies.start(lambda: self._draw_in_a_copy(part), core)
        self._copying_s = 0.5 * self._copying_s + (time.perf_counter() - began)
        self._copies[pid] = part
        return True

    def _try_first(self, part: Part) -> None:
        """Draw one frame, to know how long one takes, and to have something to show."""
        state = part.frames[0][0]
        began = time.perf_counter()
        with self._failing_there(part), put_back(self._stepping, [state]):
            pixels = Painter(self._stepping).paint(state)
        self._drawing_s = (time.perf_counter() - began) / state.weight
        self._first = {state.key: pixels}
        self._progress.show(pixels)

    def _draw_in_a_copy(self, part: Part) -> bool:
        """In a copy: draw the segment and keep it, or leave the error's text."""
        try:
            self._keep(part.key, self._draw(part))
        except MemoryError:
            return False  # this process may have more left, or says so at the right place
        except DrawingFailedError as failed:
            self._failure_of(os.getpid()).write_text(str(failed), "utf-8")
            return False
        return True

    def _draw_here(self, part: Part) -> None:
        try:
            with put_back(self._stepping, [state for state, _ in part.frames]):
                part.segment = self._draw(part)
        except DrawingFailedError:
            self._raise_earlier(part)
            raise
        with contextlib.suppress(OSError):
            self._keep(part.key, part.segment)
        part.frames.clear()

    def _raise_earlier(self, failed: Part) -> None:
        """What failed first in the video is what failed."""
        for pid, part in sorted(self._copies.items(), key=lambda item: item[1].number):
            if part.number < failed.number:
                self._end(pid, wait=True)

    def _draw(self, part: Part) -> Segment:
        began = time.perf_counter()
        painter = Painter(self._stepping)
        encoder = SegmentEncoder(self._settings)
        with self._failing_there(part):
            for state, repeat in part.frames:
                pixels = self._first.pop(state.key, None)
                if pixels is None:
                    pixels = painter.paint(state)
                self._progress.show(pixels)
                encoder.add(pixels, repeat)
                self._progress.add(repeat)
        segment = encoder.finish()
        took = time.perf_counter() - began - part.count * ENCODING_S
        self._drawing_s = max(0.0, took) / part.weight
        return segment

    def _keep(self, key: str, segment: Segment) -> None:
        first, second = self._stores
        try:
            first.put(key, segment)
        except OSError:
            second.put(key, segment)

    def _reap(self, *, wait: bool = False) -> None:
        """Take the segments of copies that have ended; with ``wait``, of one at least."""
        for pid in list(self._copies):
            if self._end(pid, wait=wait) and wait:
                return

    def _end(self, pid: int, *, wait: bool) -> bool:
        status = copies.ended(pid, wait=wait)
        if status is None:
            return False
        part = self._copies.pop(pid)
        failed = self._failure_of(pid)
        if status and failed.exists():
            self._raise_earlier(part)
            raise DrawingFailedError(failed.read_text("utf-8"))
        found = (store.get(part.key, part.count) for store in self._stores)
        part.segment = next((each for each in found if each is not None), None)
        if part.segment is None:  # it was killed, or there was no room
            self._draw_here(part)
        part.frames.clear()
        return True

    def _failure_of(self, pid: int) -> Any:
        return self._progress.folder / f"{pid}.failed"

    @contextlib.contextmanager
    def _failing_there(self, part: Part) -> Iterator[None]:
        """What fails while a frame is drawn later has failed where the scene played it."""
        try:
            yield
        except MemoryError:
            raise
        except Exception as problem:
            raise DrawingFailedError(failure.describe(problem, above=part.where)) from None
