"""Who draws which segment, and when: copies on free cores, and this process itself."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
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

    ``where`` are the calls that played it; ``still`` says that all its frames are one picture;
    ``returned`` says that a copy could not draw it, so that this process does.
    """

    number: int = 0
    frames: list[tuple[FrameState, int]] = field(default_factory=list)
    count: int = 0
    where: Any = None
    key: str = ""
    still: bool = False
    returned: bool = False
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
        self._ended: list[tuple[Part, int, int]] = []
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
        self._start_copies()
        while sum(part.weight for part in self._waiting) > WAITING_WEIGHT:
            self._draw_here(self._waiting.pop(0))
            self._reap()

    def finish(self) -> None:
        """Draw what still waits, and wait for the copies."""
        while self._waiting or self._copies or self._ended:
            self.pump()
            if self._waiting:
                self._draw_here(self._waiting.pop(0))
            elif self._copies:
                self._give_core_back()  # from here on only copies work
                self._reap(wait=True)

    def _give_core_back(self) -> None:
        if self._core is not None:
            os.close(self._core)
            self._core = None

    def close(self) -> None:
        """End every copy."""
        for pid in list(self._copies):
            copies.kill(pid)
        self._copies.clear()

    def _start_copies(self) -> None:
        """One on every core that is free, for as long as a copy pays."""
        while self._waiting and self._start_copy():
            pass

    def _start_copy(self) -> bool:
        """Have a copy draw the first segment for which one pays, if a core is free."""
        if len(self._copies) >= len(self._cores):
            return False
        if self._drawing_s is None:
            self._try_first(self._waiting[0])
        least_s = WORTH * self._copying_s
        pays = (
            part
            for part in self._waiting
            if not part.returned and part.seconds(self._drawing_s or 0.0) >= least_s
        )
        part = next(pays, None)
        if part is None or not copies.is_safe():
            return False
        core = self._cores.take()
        if core is None:
            return False
        if self._core is None:  # there was none when it was this process's turn
            self._core = core
            return True
        self._waiting.remove(part)
        began = time.process_time()
        pid = copies.start(lambda: self._draw_in_a_copy(part), core)
        self._copying_s = 0.5 * self._copying_s + (time.process_time() - began)
        self._copies[pid] = part
        return True

    def _try_first(self, part: Part) -> None:
        """Draw one frame, to know how long one takes, and to have something to show."""
        state = part.frames[0][0]
        began = time.process_time()
        with self._failing_there(part), put_back(self._stepping, [state]):
            pixels = Painter(self._stepping).paint(state)
        self._drawing_s = (time.process_time() - began) / state.weight
        self._first = {state.key: pixels}
        self._progress.show(pixels)

    def _draw_in_a_copy(self, part: Part) -> bool:
        """In a copy: draw the segment and keep it, or leave the error's text."""
        self._give_core_back()  # the copy has its own, and this one would stay taken with it
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
                part.segment = self._draw(part, self._use_free_cores)
        except DrawingFailedError:
            self._raise_earlier(part)
            raise
        with contextlib.suppress(OSError):
            self._keep(part.key, part.segment)
        part.frames.clear()

    def _use_free_cores(self) -> None:
        """Have the next copy begin where one has ended, while this process draws."""
        self._look()
        self._start_copies()

    def _raise_earlier(self, failed: Part) -> None:
        """What failed first in the video is what failed."""
        for pid, part in list(self._copies.items()):
            if part.number < failed.number:
                self._look_at(pid, wait=True)
        for part, pid, status in sorted(self._ended, key=lambda end: end[0].number):
            if part.number < failed.number:
                self._settle(part, pid, status)
        for part in self._waiting:
            if part.number < failed.number:
                self._draw(part)

    def _draw(self, part: Part, between: Callable[[], None] | None = None) -> Segment:
        painter = Painter(self._stepping)
        encoder = SegmentEncoder(self._settings)
        took_s, weight = 0.0, 0
        with self._failing_there(part):
            for state, repeat in part.frames:
                pixels = self._first.pop(state.key, None)
                if pixels is None:
                    began = time.process_time()
                    pixels = painter.paint(state)
                    took_s, weight = took_s + time.process_time() - began, weight + state.weight
                self._progress.show(pixels)
                encoder.add(pixels, repeat)
                self._progress.add(repeat)
                if between is not None:
                    between()
        if weight:
            self._drawing_s = took_s / weight
        return encoder.finish()

    def _keep(self, key: str, segment: Segment) -> None:
        first, second = self._stores
        try:
            first.put(key, segment)
        except OSError:
            second.put(key, segment)

    def _reap(self, *, wait: bool = False) -> None:
        """Take the segments of copies that have ended; with ``wait``, of one at least."""
        self._look(wait=wait)
        while self._ended:
            self._settle(*self._ended.pop(0))

    def _look(self, *, wait: bool = False) -> None:
        """See which copies have ended; with ``wait``, until one has."""
        for pid in list(self._copies):
            if self._look_at(pid, wait=wait) and wait:
                return

    def _look_at(self, pid: int, *, wait: bool) -> bool:
        status = copies.ended(pid, wait=wait)
        if status is None:
            return False
        self._ended.append((self._copies.pop(pid), pid, status))
        return True

    def _settle(self, part: Part, pid: int, status: int) -> None:
        """Take what a copy has left: the segment, the error, or nothing if it was killed."""
        failed = self._failure_of(pid)
        if status and failed.exists():
            self._raise_earlier(part)
            raise DrawingFailedError(failed.read_text("utf-8"))
        segments = (store.get(part.key, part.count) for store in self._stores)
        part.segment = next((segment for segment in segments if segment is not None), None)
        if part.segment is None:  # it was killed, or there was no room
            part.returned = True
            self._waiting.insert(0, part)
        else:
            part.frames.clear()

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
