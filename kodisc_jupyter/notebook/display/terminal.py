"""Renders in a terminal: one line that is updated in place, and what came of them above it."""

from __future__ import annotations

import atexit
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import ClassVar, Final, TextIO

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.display import WithoutButtons
from kodisc_jupyter.notebook.display.output.figure import error_text, figure_text, pause_text
from kodisc_jupyter.renders.state import Phase, RenderState
from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.excerpt import display_width

TICK_S: Final = 0.5
_BAR: Final = 20
_ERASE: Final = "\r\x1b[2K"


def progress_line(states: list[RenderState], now: float, columns: int) -> str:
    """What is open, on one line no wider than ``columns``; the bar is of a render on its way."""
    if not states:
        return ""
    state = states[0]
    parts = [words.name(state.scene), words.headline(state)]
    if state.phase is Phase.RUNNING and state.progress is not None:
        done = state.progress * _BAR // 100
        parts.append(f"[{'#' * done}{'.' * (_BAR - done)}] {state.progress} %")
    parts.append(words.clock(now - state.began_at))
    parts += filter(None, [words.time_left(state, now)])
    if len(states) > 1:
        parts.append(f"{len(states) - 1} more open")
    line = " · ".join(parts)
    while display_width(line) > columns - 1:
        line = f"{line[:-2]}…"
    return line


class TerminalLine(WithoutButtons):
    """A render's part of the line; several share it. May be used from any thread."""

    _open: ClassVar[list[TerminalLine]] = []
    _lock: ClassVar[threading.RLock] = threading.RLock()
    _ticking: ClassVar[threading.Thread | None] = None

    def __init__(
        self,
        state: RenderState,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state = state
        self._out = out or sys.stdout
        self._clock = clock
        with self._lock:
            self._open.append(self)
            self._draw()
            if TerminalLine._ticking is None:
                TerminalLine._ticking = threading.Thread(target=_tick, daemon=True)
                TerminalLine._ticking.start()
                atexit.unregister(TerminalLine.leave)
                atexit.register(TerminalLine.leave)

    def show(self, state: RenderState, problem: Diagnostic | None = None) -> None:  # noqa: ARG002
        """Draw the line anew."""
        with self._lock:
            self._state = state.begun_by(self._state.began_at)
            self._draw()

    def finish(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """Say what came of it, above what is still open."""
        if state.phase is Phase.COMPLETED:
            self._end(figure_text(state))
        elif state.phase is Phase.FAILED:
            self._end(error_text(state, problem))
        else:
            self._end(pause_text(state))

    def clear(self) -> None:
        """The cell's own error says what happened."""
        self._end("")

    def settle(self) -> None:
        """The end is said already."""

    def _end(self, text: str) -> None:
        with self._lock:
            if self in self._open:
                self._open.remove(self)
            self._out.write(f"{_ERASE}{text}\n" if text else _ERASE)
            self._draw()
            self._out.flush()

    def _draw(self) -> None:
        columns = shutil.get_terminal_size().columns
        states = [one._state for one in self._open]  # noqa: SLF001 - of this class
        line = progress_line(states, self._clock(), columns)
        if line:
            self._out.write(f"{_ERASE}{line}")
            self._out.flush()

    @classmethod
    def leave(cls) -> None:
        """Draw nothing any more: Python ends, and a thread that writes then would abort it."""
        with cls._lock:
            cls._open.clear()

    @classmethod
    def tick(cls) -> bool:
        """Draw the line with the clock as it is now; whether there is anything to draw."""
        with cls._lock:
            if not cls._open:
                cls._ticking = None
                return False
            cls._open[0]._draw()  # noqa: SLF001 - of this class
            return True


def _tick() -> None:
    while TerminalLine.tick():
        time.sleep(TICK_S)
