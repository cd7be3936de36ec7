"""Every face inside real JupyterLab and Notebook 7, light and dark, narrow and wide.

``KODISC_FACES=FOLDER`` keeps a picture of each, to be looked at by a person.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode adds nothing itself
from panel_faces import faces
from panel_media import cdn_media
from picture_faces import picture_faces

from kodisc_jupyter.renders.state import ENDED

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
WIDTHS = (600, 900, 1400)
CELLS = (
    f"import sys; sys.path.insert(0, {str(HERE)!r})\nfrom face_cells import *",
    "show_panels()",
    "show_outputs()",
    "show_pictures()",
    'length, rows, dashed, colours = 1.5, 4, True, "blue and green"',
    """%%kodisc Pace --check -ql --with length,rows,dashed,colours
from manim import *


class Pace(Scene):
    def construct(self):
        self.play(Create(Circle()), run_time=length)
""",
    "studio = show_studio()",
)
IN_STUDIO = 3
UNSCROLLED = """() => document.querySelectorAll('.jp-mod-outputsScrolled').forEach(
    cell => cell.classList.remove('jp-mod-outputsScrolled'))"""
"""Notebook 7 puts a long output into a box that scrolls; here all of it is looked at."""


@pytest.fixture(scope="module")
def media():
    return cdn_media()


def serve(media):
    """What answers for the CDN: no network is needed."""

    def answer(route):
        kind, content = media.get(route.request.url.rsplit("/", 1)[-1], ("text/plain", b""))
        route.fulfill(body=content, content_type=kind)

    return answer


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_every_face_is_laid_out_and_can_be_read(notebook_page, lab, media, app):
    lab.write(f"faces_{app}.ipynb", *CELLS)
    notebook = notebook_page(width=max(WIDTHS), height=1000, own=True)
    page = notebook.page
    page.route("https://cdn.kodisc.test/**", serve(media))
    notebook.open(f"faces_{app}.ipynb", app=app)
    notebook.kernel_ready()
    notebook.run_all()
    panels = len(faces()) + IN_STUDIO
    page.wait_for_function(
        "number => document.querySelectorAll('.kodisc-panel[data-phase]').length === number",
        arg=panels,
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll('video')].every(
             video => video.readyState > 0 || video.src.startsWith('data:'))"""
    )
    saved = sum(face.state.phase in ENDED for face in faces().values())
    wrong = []
    for theme in ("light", "dark"):
        notebook.show(dark=theme == "dark")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 1000})
            page.evaluate("() => new Promise(drawn => setTimeout(drawn, 300))")  # the shell resizes
            page.evaluate(UNSCROLLED)
            found = page.evaluate((HERE / "geometry.js").read_text(encoding="utf-8"))
            assert found["roots"] == panels + saved + len(picture_faces())
            wrong += [f"{theme}, {width} px: {one}" for one in found["wrong"]]
            if "KODISC_FACES" in os.environ:
                picture(page, f"faces_{app}_{theme}-{width}", width)
    assert not wrong, "\n".join(wrong)


def picture(page, name: str, width: int) -> None:
    """Keep what a person is to look at."""
    page.set_viewport_size({"width": width, "height": 16_000})
    # A picture of Chromium's ends at 16,384 pixels: the rest is one of its own.
    for end, cell in ("", 0), ("-end", CELLS.index("show_pictures()")):
        page.locator(".jp-Cell").nth(cell).evaluate("cell => cell.scrollIntoView()")
        page.evaluate("() => new Promise(drawn => setTimeout(drawn, 1000))")
        page.screenshot(path=Path(os.environ["KODISC_FACES"]) / f"{name}{end}.png")
