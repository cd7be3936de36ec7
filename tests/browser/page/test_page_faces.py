"""Every phase, light and dark, wide and narrow, in both shapes: looked at, compared, checked."""

from __future__ import annotations

import io
import os
from pathlib import Path

import jupyterlab
import pytest
from axe_playwright_python.sync_playwright import Axe
from panel_faces import faces
from PIL import Image, ImageChops, ImageStat

from kodisc_jupyter.notebook.display.figure import error_html, figure_html, pause_html
from kodisc_jupyter.renders.state import Phase

pytestmark = pytest.mark.browser

RENEW = os.environ.get("KODISC_RENEW_BASELINES") == "1"
"""Take new baselines instead of comparing: look at every one before committing it."""

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
    stand.page.wait_for_function(
        "[...document.querySelectorAll('video')].every((video) => video.readyState >= 2)"
    )
    return places


def alike(taken, kept):
    """Whether two pictures show the same, whatever the fonts of the machine."""
    if abs(taken.width - kept.width) > 4 or abs(taken.height - kept.height) > 0.2 * kept.height:
        return False
    small = [one.convert("RGB").resize((48, 48), Image.Resampling.BOX) for one in (taken, kept)]
    return max(ImageStat.Stat(ImageChops.difference(*small)).mean) < 10


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_face_looks_as_it_did_when_it_was_looked_at(bench, states, baselines, scheme, width):
    stand = bench(width=width, color_scheme=scheme)
    places = mount_all(stand, states)
    page = Image.open(
        io.BytesIO(stand.page.screenshot(full_page=True, animations="disabled", caret="hide"))
    )
    different = []
    for name, place in places.items():
        assert place.evaluate("(el) => el.scrollWidth <= el.clientWidth"), f"{name} is too wide"
        box = place.locator("> *").first.bounding_box()
        x, y = round(box["x"]), round(box["y"] + stand.page.evaluate("scrollY"))
        taken = page.crop((x, y, x + round(box["width"]), y + round(box["height"])))
        kept = baselines / f"{name}-{scheme}-{width}.png"
        if RENEW:
            baselines.mkdir(exist_ok=True)
            taken.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(kept, optimize=True)
        elif not alike(taken, Image.open(kept)):
            different.append(name)
    assert different == []


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
