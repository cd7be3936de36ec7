"""A render in a marimo notebook: the live panel in the cell's output, the video in its place.

marimo takes what a cell shows from the thread that runs the cell. So a panel that ends while its
cell waits is replaced by the cell; one that ends later shows the end itself.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from kodisc_jupyter.notebook.display.panel import Panel
from kodisc_jupyter.notebook.display.sending.delivery import Bundle

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.display import RenderDisplay
    from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
    from kodisc_jupyter.renders.state import RenderState


class MarimoPanel(Panel):
    """A panel in the output of the marimo cell that is being run."""

    def __init__(self, state: RenderState, *, video_options: VideoOptions) -> None:
        self._end_html = ""
        super().__init__(state, live=True, video_options=video_options, publish=self._remember)
        self._index = _output_length()
        _marimo().output.append(self.widget)

    def settle(self) -> None:
        """Put the end in the panel's place: the cell that waited goes on."""
        html = _marimo().Html(self._end_html)
        if self._index is None:
            _marimo().output.replace(html)
        else:
            _marimo().output.replace_at_index(html, self._index)

    def _remember(self, bundle: Bundle, _display_id: str, _update: bool) -> None:
        self._end_html = bundle.get("text/html", "")


def show_html(html: str) -> None:
    """Show something in the output of the cell that is being run."""
    _marimo().output.append(_marimo().Html(html))


def render_html(shown: RenderDisplay) -> str:
    """What a cell that ends with a render shows: the panel while it is open, then the video."""
    assert isinstance(shown.screen, MarimoPanel)
    return shown.html() or str(_marimo().as_html(shown.screen.widget).text)


def _marimo() -> Any:
    """The package that runs this notebook, and so is there already."""
    return sys.modules["marimo"]


def _output_length() -> int | None:
    """How many outputs the cell has; ``None`` where this marimo does not tell."""
    with contextlib.suppress(Exception):  # another marimo keeps it elsewhere
        context = _marimo()._runtime.context.get_context()  # noqa: SLF001
        return len(context.execution_context.output)
    return None
