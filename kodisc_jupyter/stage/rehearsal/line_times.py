"""Which lines of the scene's code the time goes to, and an end to a scene that has none."""

from __future__ import annotations

import signal
import sys
import time
from collections import defaultdict
from types import FrameType
from typing import Any, Final

from kodisc_jupyter.stage.failure import SCENE_FILE

_LOOK_S: Final = 0.01


class OutOfTimeError(BaseException):
    """The time limit was reached; no ``except Exception`` of a scene takes it for its own."""


def scene_line(frame: FrameType | None) -> int | None:
    """The line of the user's code that is running in ``frame`` or what called it."""
    while frame is not None:
        if frame.f_code.co_filename == SCENE_FILE:
            return frame.f_lineno
        frame = frame.f_back
    return None


def current_line() -> int | None:
    """The line of the user's code that is running now."""
    return scene_line(sys._getframe(1))  # noqa: SLF001 - the documented way to a frame


class LineTimes:
    """Looks a hundred times a second where the scene is; ends it after ``limit_s`` seconds."""

    def __init__(self, limit_s: float) -> None:
        self.seconds: dict[int, float] = defaultdict(float)
        self.last_line: int | None = None
        self._until = time.monotonic() + limit_s
        self._at = time.monotonic()

    def start(self) -> None:
        """Begin to look."""
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)

    def stop(self) -> None:
        """Look no more, and end nothing."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def _look(self, _number: int, frame: Any) -> None:
        now = time.monotonic()
        line = scene_line(frame)
        if line is not None:
            self.seconds[line] += now - self._at
            self.last_line = line
        self._at = now
        if now > self._until:
            raise OutOfTimeError
