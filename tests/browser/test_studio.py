"""Studio in a real JupyterLab: a slider that changes the video."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

CELL = """\
%%kodisc Pace --check --with length -ql
from manim import *


class Pace(Scene):
    def construct(self):
        self.play(Create(Circle(radius=length)), run_time=length)
"""

FINISHED = ".kodisc-panel[data-phase=completed] video"


def durations(notebook, count: int) -> list[float]:
    """The durations of the videos in Studio's gallery, newest first, once all are loaded."""
    notebook.page.wait_for_function(
        """([selector, count]) => { const videos = [...document.querySelectorAll(selector)];
             return videos.length === count && videos.every(v => v.readyState >= 1); }""",
        arg=[FINISHED, count],
    )
    return notebook.page.eval_on_selector_all(FINISHED, "vs => vs.map(v => v.duration)")


def test_a_slider_changes_the_video_and_both_stand_side_by_side(notebook_page, lab):
    lab.write("studio.ipynb", "%load_ext kodisc_jupyter", "length = 1", CELL, "%kodisc studio")
    notebook = notebook_page()
    notebook.open("studio.ipynb")
    notebook.kernel_ready()
    for cell in range(3):
        notebook.run(cell)
    notebook.output(2).get_by_text("no mistake").wait_for()
    notebook.run(3)
    studio = notebook.output(3)
    studio.get_by_role("button", name="Render").first.wait_for()
    assert studio.locator("select").first.evaluate("s => s.selectedOptions[0].text") == "Pace"
    studio.get_by_role("button", name="Render").first.click()
    assert durations(notebook, 1) == [pytest.approx(1.0, abs=0.15)]

    value = studio.locator(".widget-slider", has_text="length").locator(".widget-readout")
    value.fill("2")
    value.press("Enter")
    picture = studio.locator("figure.kodisc-still img")
    picture.wait_for()
    assert picture.evaluate("async img => (await img.decode(), img.naturalWidth)") == 854
    before = picture.get_attribute("src")
    handle = studio.locator(".widget-slider", has_text="length").locator(".noUi-handle")
    box = handle.bounding_box()
    mouse, x, y = notebook.page.mouse, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 90, y, steps=5)
    notebook.page.wait_for_function(
        "before => document.querySelector('figure.kodisc-still img').src !== before", arg=before
    )  # before it is let go
    mouse.up()
    assert notebook.page.locator(FINISHED).count() == 1, "a picture makes no job"
    value.fill("2")
    value.press("Enter")
    studio.get_by_text("Estimate:").wait_for()
    studio.get_by_role("button", name="Render").first.click()
    assert durations(notebook, 2) == [pytest.approx(2.0, abs=0.15), pytest.approx(1.0, abs=0.15)]
    assert notebook.complaints == []


def test_a_mistake_in_studio_is_shown_there_and_nothing_is_rendered(notebook_page, lab):
    wrong = CELL.replace("Circle(", "Cirle(").replace("--check ", "")
    lab.write(
        "studio_wrong.ipynb",
        "%load_ext kodisc_jupyter",
        "from kodisc_jupyter import studio\n"
        f"opened = studio({wrong.partition(chr(10))[2].replace('length', '1')!r})",
    )
    notebook = notebook_page()
    notebook.open("studio_wrong.ipynb")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    studio = notebook.output(1)
    studio.get_by_role("button", name="Render").first.click()
    studio.get_by_text("Did you mean Circle?").wait_for()
    assert studio.locator(".kodisc-panel").count() == 0
