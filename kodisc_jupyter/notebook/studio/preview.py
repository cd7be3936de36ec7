"""The picture beside Studio's controls: the scene's last frame with the values chosen there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.api.errors import KodiscError, SceneCheckError
from kodisc_jupyter.notebook.backends import has_manim
from kodisc_jupyter.notebook.cell import prepare_cell
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.pictures.cell import draw_scene
from kodisc_jupyter.notebook.pictures.newest import Newest
from kodisc_jupyter.renders.pictures import PictureRequest
from kodisc_jupyter.renders.rehearsal_request import can_rehearse
from kodisc_jupyter.scene.diagnostics import to_html

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.notebook.source.cell_history import NotebookCell

QUALITY: Final = "low"
"""Of a preview, whatever the video's will be: it is to be there at once."""

LIMIT_S: Final = 10.0
CSS_WIDTH: Final = "480px"


@dataclass(frozen=True)
class Choice:
    """What the controls say: the cell and scene, how to render it, the values to send."""

    cell: NotebookCell
    scene: str
    options: Options
    values: Mapping[str, Any]


class Preview:
    """Draws the choices it is asked for, the newest first; nothing is sent, nothing is paid."""

    def __init__(self, kernel: KernelState, show: Callable[[str], None]) -> None:
        """``show`` gets the HTML of a picture, or of what is wrong; from another thread."""
        self._kernel = kernel
        self._newest = Newest(show)
        self.possible = can_rehearse() and has_manim()

    def ask(self, choice: Choice) -> bool:
        """Draw this choice soon; False where it cannot be, or has a mistake.

        The mistake is shown when it is rendered.
        """
        if not self.possible:
            return False
        options = choice.options._replace(quality=QUALITY, fps=None)
        try:
            prepared = prepare_cell(self._kernel, choice.cell.code, options, values=choice.values)
        except KodiscError:
            return False
        request, source, kernel = prepared.requests[0], prepared.source, self._kernel

        def draw() -> str:
            try:
                drawn = draw_scene(
                    request,
                    source,
                    kernel,
                    PictureRequest(last=True),
                    css_width=CSS_WIDTH,
                    limit_s=LIMIT_S,
                )
            except SceneCheckError as problem:
                return "".join(map(to_html, problem.diagnostics))
            except KodiscError as problem:
                return f"<p>{escape(words.plain(str(problem)))}</p>"
            return drawn.stills[0].html("A picture before the video: Render makes the video.")

        self._newest.ask(draw)
        return True

    @property
    def is_idle(self) -> bool:
        """Whether everything that was asked for has been shown, or given up."""
        return self._newest.is_idle

    def drop(self) -> None:
        """Show nothing of what was asked for so far."""
        self._newest.drop()
