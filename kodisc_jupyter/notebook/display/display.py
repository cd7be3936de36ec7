"""One render's place in the notebook: what is shown while it is open, and how it ends.

A failed render is shown once: by the cell's own error where the cell still waits, else by the
error card that takes the panel's place.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, Protocol

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
from kodisc_jupyter.notebook.display.output.figure import (
    error_text,
    figure_text,
    pause_text,
    status_text,
)
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import ENDED, Phase, RenderState
from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kodisc_jupyter.renders.render import Render


class Screen(Protocol):
    """What a render is shown on: a panel in a notebook, or lines in a terminal."""

    def show(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """Show an open render."""

    def finish(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """Show the end."""

    def clear(self) -> None:
        """Show nothing: the cell raises."""

    def settle(self) -> None:
        """The cell that waited goes on: what it shows should be the end."""

    def on_action(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(action)`` when a button is pressed, where there are any."""

    def answer(self, action: str, text: str) -> None:
        """Answer a pressed button, with one sentence."""


class WithoutButtons:
    """A screen on which nothing can be pressed."""

    def on_action(self, callback: Callable[[str], None]) -> None:
        """There is no button."""

    def answer(self, action: str, text: str) -> None:
        """Nothing is ever asked."""


class Lines(WithoutButtons):
    """A terminal: one line per phase, then where the video is."""

    def __init__(self, state: RenderState, say: Callable[[str], None] | None = None) -> None:
        self._say = say or _print
        self._phase: Phase | None = None
        self.show(state)

    def show(self, state: RenderState, problem: Diagnostic | None = None) -> None:  # noqa: ARG002
        """A line, when the phase is another."""
        if state.phase is not self._phase:
            self._phase = state.phase
            self._say(status_text(state, now=time.time()))

    def finish(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """The video's path and the receipt, or the error."""
        if state.phase is Phase.COMPLETED:
            self._say(figure_text(state))
        elif state.phase is Phase.FAILED:
            self._say(error_text(state, problem))
        else:
            self._say(pause_text(state))

    def clear(self) -> None:
        """Lines stay where they are."""

    def settle(self) -> None:
        """Lines are there already."""


class EndOnly(WithoutButtons):
    """A page on which nothing can be updated, for a cell that waits: it shows the end alone."""

    def __init__(
        self, video_options: VideoOptions, publish: Callable[..., None] | None = None
    ) -> None:
        self._video_options = video_options
        self._publish = publish

    def show(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """Nothing: it would stay above the video."""

    def finish(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """The figure, the error card, or how to come back to the job."""
        from IPython.display import publish_display_data

        from kodisc_jupyter.notebook.display.output.final_output import final_output

        publish = self._publish or publish_display_data
        publish(final_output(state, problem, self._video_options))

    def clear(self) -> None:
        """Nothing is there."""

    def settle(self) -> None:
        """The end is published by whichever thread heard of it."""


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class OnFinish:
    """What to do at the end: how the video is kept, and where else to save it."""

    video_options: VideoOptions
    save: Path | None = None


CHUNK_S: Final = 0.5
"""Waiting is done in pieces: on Windows a longer wait cannot be interrupted with Ctrl-C."""


class RenderDisplay:
    """Connects a render with its screen; :meth:`update` may be called from any thread.

    ``source`` maps a failed job's error to a line of the cell; ``None`` where the cell is unknown.
    """

    def __init__(self, screen: Screen, ending: OnFinish, source: Source | None) -> None:
        self.screen = screen
        self.render: Render | None = None
        self.ending = ending
        self.source = source
        self._lock = Lock()
        self._cell_raises = False
        self._over = Event()
        self.problem: Diagnostic | None = None

    @property
    def rendered(self) -> Render:
        """The render, once it was accepted."""
        assert self.render is not None
        return self.render

    def update(self, state: RenderState) -> None:
        """Show what has become known."""
        with self._lock:
            if self._over.is_set():
                return
            if state.phase not in ENDED:
                self.screen.show(state)
                return
            try:
                self._end(state)
            finally:
                self._over.set()

    def cell_waits(self, waits: bool) -> None:
        """Whether the cell is there to raise what goes wrong from now on."""
        with self._lock:
            self._cell_raises = waits

    def settle(self) -> None:
        """Wait until the end has been shown: a cell that waits must not end before."""
        while not self._over.wait(CHUNK_S):
            pass
        self.screen.settle()

    def html(self) -> str:
        """The end of the render as static HTML, to be shown once more; empty while it is open."""
        from kodisc_jupyter.notebook.display.output.embedding import sources
        from kodisc_jupyter.notebook.display.output.final_output import final_bundle

        state = self.rendered.state
        if state.phase not in ENDED:
            return ""
        video_options = self.ending.video_options
        files = sources(state, video_options) if state.phase is Phase.COMPLETED else None
        return str(final_bundle(state, self.problem, files, video_options)["text/html"])

    def clear(self) -> None:
        """The cell raises before there is a job: nothing is shown here."""
        with self._lock:
            self._over.set()
            self.screen.clear()

    def _end(self, state: RenderState) -> None:
        if state.phase is Phase.COMPLETED:
            target = self.ending.save
            if target is not None and target.suffix.lower() != ".mp4":  # takes seconds
                note = f"The video is here; {target.name} is made from it."
                self.screen.show(state._replace(phase=Phase.FETCHING, note=note))
            self.screen.finish(self._save_file(state))
            return
        if state.phase is Phase.FAILED:
            self.problem = failure_diagnostic(state, self.source)
            if self._cell_raises:
                self.screen.clear()
                return
        self.screen.finish(state, self.problem)

    def _save_file(self, state: RenderState) -> RenderState:
        """``--save``: also write the file; a refusal is said in the note, the video stays shown."""
        target = self.ending.save
        video = state.media.video if state.media else None
        if target is None:
            return state
        if video is None:
            note = f"It could not be saved as {target}: the video is not on this machine."
        else:
            from kodisc_jupyter.renders.media.convert import save_video

            try:
                note = f"Saved as {save_video(video, target)}."
            except KodiscError as problem:
                note = problem.message
        return state._replace(note=f"{state.note} {note}".strip())


def failure_diagnostic(state: RenderState, source: Source | None) -> Diagnostic | None:
    """A failed job's own words, brought home to a line of the cell where that is possible."""
    if not state.error:
        return None
    from kodisc_jupyter.scene.failures import from_failure

    return from_failure(state.error, source, charged=money.charged(state))
