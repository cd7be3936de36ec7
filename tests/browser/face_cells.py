"""What a notebook's kernel runs to show every face: panels, saved outputs, Studio."""

from __future__ import annotations

import time
from dataclasses import replace

from IPython import get_ipython
from IPython.display import HTML, display, publish_display_data
from panel_faces import BEGAN, Face, faces
from picture_faces import picture_faces

from kodisc_jupyter.notebook.commands.studio import Studio
from kodisc_jupyter.notebook.display.panel import WIDGET_MIME, final_bundle
from kodisc_jupyter.notebook.display.widget import new_widget, view
from kodisc_jupyter.notebook.kernel import current_kernel
from kodisc_jupyter.renders.state import ENDED

SHIFT = time.time() - 8 - BEGAN


def today(face: Face) -> Face:
    """The same face, begun a few seconds ago."""
    state = face.state
    times = {"began_at": state.began_at + SHIFT, "phase_at": state.phase_at + SHIFT}
    if state.ended_at:
        times["ended_at"] = state.ended_at + SHIFT
    if state.retry:
        times["retry"] = state.retry._replace(at=state.retry.at + 600 + SHIFT)
    return replace(face, state=state._replace(**times))


def title(name: str) -> None:
    """A heading that tells tests and people which face comes next."""
    display(HTML(f'<div data-face="{name}" style="color:#888">{name}</div>'))


def show_panels() -> None:
    """Every face as the live panel."""
    for name, face in faces().items():
        title(name)
        publish_display_data({WIDGET_MIME: view(new_widget(today(face).json).model_id)})


def show_outputs() -> None:
    """What is saved of the faces whose render has ended."""
    for name, face in faces().items():
        if face.state.phase in ENDED:
            title(f"{name}-saved")
            publish_display_data(final_bundle(face.state, face.problem, face.shown, face.kept))


def show_pictures() -> None:
    """Stills and storyboards."""
    for name, bundle in picture_faces().items():
        title(name)
        publish_display_data(bundle)


def show_studio() -> Studio:
    """Studio with a field of every kind, and three results side by side."""
    title("studio")
    studio = Studio(current_kernel())
    display(studio.widget)
    for name in ("failed", "completed", "running"):
        face = today(faces()[name])
        panel = studio._screen(face.state, face.kept)
        panel.widget.tell(face.json)
    return studio


get_ipython().run_line_magic("load_ext", "kodisc_jupyter")
