"""Every face as a screen reader and a keyboard find it, in every theme."""

from __future__ import annotations

from pathlib import Path

import jupyterlab
import pytest
from axe_playwright_python.sync_playwright import Axe
from panel_faces import faces
from picture_faces import picture_faces

from kodisc_jupyter.notebook.display.output.figure import error_html, figure_html, pause_html
from kodisc_jupyter.renders.state import Phase

pytestmark = pytest.mark.browser

THEMES = Path(jupyterlab.__file__).parents[4] / "share/jupyter/lab/themes/@jupyterlab"


def lab_theme(name):
    """JupyterLab's own theme variables."""
    found = [
        one
        for base in (THEMES, Path(jupyterlab.__file__).parent / "themes/@jupyterlab")
        if (one := base / f"theme-{name}-extension" / "index.css").is_file()
    ]
    return found[0].read_text(encoding="utf-8")


def as_html(face):
    """What stays in the notebook of a face whose render has ended; else None."""
    state = face.state
    if state.phase is Phase.COMPLETED:
        shown = face.shown
        return figure_html(
            state, src=shown.src, poster_src=shown.poster_src, captions_url=shown.captions_url
        )
    if state.phase is Phase.FAILED:
        return error_html(state, face.problem)
    return pause_html(state) if state.phase is Phase.DETACHED else None


def mount_all(stand, states):
    places = {name: stand.mount(state, name) for name, state in states.items()}
    for name, face in faces().items():
        html = as_html(face)
        if html and name != "completed-local":
            places[f"{name}-html"] = stand.html(html, f"{name}-html")
    for name, bundle in picture_faces().items():
        places[name] = stand.html(bundle["text/html"], name)
    stand.page.wait_for_function(
        "[...document.querySelectorAll('video')].every((video) => video.readyState >= 2)"
    )
    return places


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        ("own-light", 360),
        ("own-dark", 1200),
        ("light", 1200),
        ("dark", 360),
        ("dark-high-contrast", 1200),
    ],
)
def test_axe_finds_nothing(bench, states, theme, width):
    css = "" if theme.startswith("own") else lab_theme(theme)
    ground = "body { background: var(--jp-layout-color0, Canvas); color: var(--jp-ui-font-color1, CanvasText) }"
    scheme = "dark" if "dark" in theme else "light"
    stand = bench(width=width, theme=css + ground, color_scheme=scheme, reduced_motion="reduce")
    mount_all(stand, states)
    found = Axe().run(stand.page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
