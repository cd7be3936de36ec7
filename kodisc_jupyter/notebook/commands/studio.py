"""Studio: a control panel for live teaching, built on ipywidgets.

Choose a scene that the notebook's cells define, its quality, shape and values; render; compare.
While a slider moves, a picture of the scene's last frame follows it, where Manim is installed. A
render from here takes the same path as a ``%%kodisc`` cell: checks, reuse, budget, receipts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.api.errors import KodiscError, SceneCheckError
from kodisc_jupyter.notebook.cell import estimate_cell, run_cell
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.kernel import current_kernel, visible_variables
from kodisc_jupyter.notebook.source.cell_history import NotebookCell, notebook_cells
from kodisc_jupyter.notebook.studio.controls import Controls, field_for, frame_video
from kodisc_jupyter.notebook.studio.preview import Choice, Preview
from kodisc_jupyter.renders import money

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
    from kodisc_jupyter.notebook.display.panel import Panel
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.renders.render import Render
    from kodisc_jupyter.renders.state import RenderState

SIDE_BY_SIDE: Final = 3
"""How many renders are kept in view to be compared."""


class Studio(Controls):
    """The control panel of one notebook. ``widget`` is what is displayed.

    ``code`` restricts it to the scenes of one piece of source, for use from Python.
    """

    def __init__(self, kernel: KernelState, *, code: str | None = None) -> None:
        super().__init__(kernel.settings)
        self._kernel = kernel
        self._code = code
        self._cells: dict[str, NotebookCell] = {}
        self._fields: dict[str, Any] = {}
        self._fixed: dict[str, Any] = {}
        self.renders: list[Render] = []
        self._preview = Preview(kernel, self._show_picture)
        self._answer_the_controls()
        self.refresh()

    def _answer_the_controls(self) -> None:
        self.scene.observe(lambda _: self._scene_changed(), "value")
        for control in (self.quality, self.aspect, self.fps):
            control.observe(lambda _: self._show_estimate(), "value")
        self.aspect.observe(lambda _: self._draw(), "value")
        self.render_button.on_click(lambda _: self.render())
        self.refresh_button.on_click(lambda _: self.refresh())

    def refresh(self) -> None:
        """Look again for scenes: in the cells that were run, and in the saved notebook."""
        cells = notebook_cells(self._kernel) if self._code is None else [NotebookCell(self._code)]
        self._cells = {scene: cell for cell in cells for scene in cell.scenes()}
        before = self.scene.value
        self.scene.options = list(self._cells)
        if self._cells:
            self.scene.value = before if before in self._cells else next(iter(self._cells))
        else:
            self._say("No scene is known yet: run a %%kodisc cell (or --check it), then refresh.")
        self._scene_changed()

    def _scene_changed(self) -> None:
        """The fields of the scene's own ``--with`` names, at the notebook's values."""
        cell = self._cells.get(self.scene.value)
        namespace = visible_variables(self._kernel.settings.shell)
        self._fields, self._fixed = {}, {}
        for name in cell.options.names if cell else ():
            if name not in namespace:
                continue
            field = field_for(name, namespace[name], continuous=self._preview.possible)
            if field is None:
                self._fixed[name] = namespace[name]
                continue
            field.observe(lambda _: self._value_changed(), "value")
            self._fields[name] = field
        self.values.children = tuple(self._fields.values())
        if cell is not None and cell.options.quality:
            self.quality.value = cell.options.quality
        if cell is not None and cell.options.aspect:
            self.aspect.value = cell.options.aspect
        self._show_estimate()

    def choice(self) -> Choice | None:
        """What the controls say now: always a video; ``None`` while no scene is known."""
        cell = self._cells.get(self.scene.value)
        if cell is None:
            return None
        values = {**self._fixed, **{name: field.value for name, field in self._fields.items()}}
        scene, options = self.scene.value, cell.options
        options = options._replace(
            scenes=(scene,),
            quality=self.quality.value,
            aspect=self.aspect.value,
            fps=self.fps.value or None,
            wait=False,
            check=False,
            rehearse=False if options.rehearse is False else None,
            still=False,
            at=(),
            storyboard=False,
            bind=None,
            save=None,
            alt=_of_scene(scene, options.scenes, options.alt),
            transcript=_of_scene(scene, options.scenes, options.transcript),
        )
        return Choice(cell, scene, options, values)

    def _value_changed(self) -> None:
        self._draw()
        self._show_estimate()

    def _draw(self) -> None:
        """Show the scene's last frame as it is with these values, as soon as it is drawn."""
        choice = self.choice()
        if choice is not None and self._preview.ask(choice):
            self.picture.value = self.picture.value or "<p>Drawing a picture …</p>"

    def _show_picture(self, html: str) -> None:
        self.picture.value = html

    def _show_estimate(self) -> None:
        choice = self.choice()
        if choice is None:
            self.estimate.value = ""
            return
        try:
            estimate = estimate_cell(self._kernel, choice.cell.code, choice.options, choice.values)
        except KodiscError:
            self.estimate.value = ""  # the mistake is shown when it is rendered
            return
        guessed = money.estimate(estimate)
        ground = words.plain(estimate.ground, 200)
        self.estimate.value = f"<span>Estimate: {escape(guessed)} ({escape(ground)})</span>"

    def render(self) -> Render | None:
        """Render what the controls say, beside the last few; ``None`` when it was refused."""
        choice = self.choice()
        if choice is None:
            return None
        self._say("")
        self._preview.drop()
        self.picture.value = ""
        render, videos = None, self.gallery.children
        try:
            (render,) = run_cell(
                self._kernel,
                choice.cell.code,
                choice.options,
                values=choice.values,
                screen=self._screen,
            )
        except SceneCheckError as problem:
            from kodisc_jupyter.scene.diagnostics import to_html

            self.message.value = "".join(to_html(diagnostic) for diagnostic in problem.diagnostics)
        except KodiscError as problem:
            self._say(str(problem))
        finally:
            if render is None:  # it was refused, and has no place among the videos
                self.gallery.children = videos
        if render is not None:
            self.renders.append(render)
            del self.renders[:-SIDE_BY_SIDE]
            self._show_estimate()
        return render

    def _screen(self, state: RenderState, video_options: VideoOptions) -> Panel:
        """A live panel in the gallery instead of under a cell; the newest stands first."""
        from kodisc_jupyter.notebook.display.panel import Panel

        # The panel itself shows the video: no output passes the server.
        video_options = video_options._replace(message_limit=None, saved=False)
        panel = Panel(state, live=True, video_options=video_options, publish=lambda *_: None)
        self.gallery.children = (frame_video(panel.widget), *self.gallery.children)[:SIDE_BY_SIDE]
        return panel

    def _say(self, text: str) -> None:
        self.message.value = f"<p>{escape(words.plain(text))}</p>" if text else ""


def _of_scene(scene: str, scenes: Sequence[str], given: tuple[str, ...]) -> tuple[str, ...]:
    """What an option says of one of a cell's scenes, where it is given once for each."""
    if len(given) < 2:
        return given
    return tuple(value for name, value in zip(scenes, given, strict=False) if name == scene)


def run(_kernel: KernelState, _asked: argparse.Namespace) -> None:
    """Open Studio under this cell."""
    studio()


def studio(code: str | None = None, *, show: Callable[[Any], object] | None = None) -> Studio:
    """Open Studio: ``%kodisc studio``, or from Python with the source of one or more scenes.

    Returns the :class:`Studio`: its controls are widgets, ``render()`` presses the button.
    """
    opened = Studio(current_kernel(), code=code)
    (show or _display)(opened.widget)
    return opened


def _display(widget: Any) -> None:
    """Show a widget; a saved notebook says in words what stood there."""
    from IPython.display import publish_display_data

    from kodisc_jupyter.notebook.display.panel import WIDGET_MIME
    from kodisc_jupyter.notebook.display.sending.delivery import STUDIO
    from kodisc_jupyter.notebook.display.widget import view

    publish_display_data(  # type: ignore[no-untyped-call, unused-ignore]
        {WIDGET_MIME: view(widget.model_id), "text/plain": "Studio: run this cell to open it."},
        STUDIO,
    )
