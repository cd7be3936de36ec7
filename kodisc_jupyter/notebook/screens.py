"""What a render is shown on, by who is looking: a panel, lines of text, a marimo output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.notebook.front_end import BEHAVIOUR, FrontEnd
from kodisc_jupyter.notebook.prepare import option_diagnostic, refused

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.display import RenderDisplay, Screen
    from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.notebook.line.options import Options
    from kodisc_jupyter.renders.state import RenderState

SAVED_BESIDE: Final = "kodisc"
"""Folder beside the notebook for videos that are too large to embed."""


def new_screen(
    front_end: FrontEnd, state: RenderState, video_options: VideoOptions, *, waits: bool = False
) -> Screen:
    """The place where a render of the cell that is being run is shown; ``waits``: the cell does."""
    if front_end.is_text:
        if sys.stdout.isatty():
            from kodisc_jupyter.notebook.display.terminal import TerminalLine

            return TerminalLine(state)
        from kodisc_jupyter.notebook.display.display import Lines

        return Lines(state)
    if front_end is FrontEnd.MARIMO:
        from kodisc_jupyter.notebook.display.marimo_output import MarimoPanel

        return MarimoPanel(state, video_options=video_options)
    if front_end is FrontEnd.SERVER_RUN and waits:
        from kodisc_jupyter.notebook.display.display import EndOnly

        return EndOnly(video_options)
    from kodisc_jupyter.notebook.display.panel import Panel

    viewer = front_end is FrontEnd.VOILA
    return Panel(state, live=BEHAVIOUR[front_end].live, video_options=video_options, viewer=viewer)


def video_options_of(kernel: KernelState, options: Options, line: str = "") -> VideoOptions:
    """How a cell's videos are kept and shown: its options, the settings, the front end.

    Raises:
        SceneCheckError: ``--width`` is no width.
    """
    from kodisc_jupyter.notebook.display.output.embedding import SERVER_LIMIT_BYTES, VideoOptions
    from kodisc_jupyter.notebook.display.output.figure import css_width

    width = options.width or kernel.settings.width or None
    if width:
        try:
            width = css_width(width)
        except ValueError as problem:
            raise refused([option_diagnostic(str(problem), "", line, "--width")]) from None
    front_end = kernel.front_end()
    behaviour = BEHAVIOUR[front_end]
    return VideoOptions(
        embed=options.embed,
        embed_limit_mb=min(kernel.settings.embed_limit_mb, behaviour.embed_limit_mb),
        folder=Path.cwd() / SAVED_BESIDE,
        width=width,
        loop=options.loop,
        autoplay=options.autoplay,
        # A Jupyter server drops an output that is too large, where the cell no longer waits for it.
        message_limit=None if behaviour.waits else SERVER_LIMIT_BYTES,
        saved=front_end is FrontEnd.NOTEBOOK,
    )


def handle_html(front_end: FrontEnd, shell: Any, display: RenderDisplay) -> Callable[[], str]:
    """What a cell that ends with the render's handle shows of it; ``""`` where it is shown."""
    if front_end is FrontEnd.MARIMO:
        from kodisc_jupyter.notebook.display.marimo_output import render_html

        return lambda: render_html(display)
    own_cell = getattr(shell, "execution_count", None)

    def html() -> str:
        again = getattr(shell, "execution_count", None) != own_cell
        return display.html() if again else ""

    return html
