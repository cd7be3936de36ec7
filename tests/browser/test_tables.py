"""``%kodisc jobs`` and ``report`` as tables, inside JupyterLab and Notebook 7."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).resolve().parent.parent.parent / "build" / "screenshots"
SCENES = """\
%%kodisc Tiny Breaks -ql
from manim import *


class Tiny(Scene):
    def construct(self):
        self.add(Circle())
        self.wait(0.4)


class Breaks(Scene):
    def construct(self):
        1 / 0
"""
GEOMETRY = """
    area => [...area.querySelectorAll('table')].map(table => {
        const box = table.getBoundingClientRect(), cells = [...table.querySelectorAll('th,td')];
        const first = [...table.rows].map(row => row.cells[0].getBoundingClientRect());
        return {
            left: box.left - area.getBoundingClientRect().left,
            ragged: new Set(first.map(cell => Math.round(cell.left))).size,
            lines: Math.max(...cells.map(cell => cell.scrollHeight)),
            right: table.parentElement.getBoundingClientRect().right
                - area.getBoundingClientRect().right,
            align: new Set([...table.rows].map(row => getComputedStyle(row.cells[1]).textAlign)).size,
        };
    })
"""


@pytest.mark.parametrize(("app", "widths"), [("lab", (600, 1400)), ("notebook", (900,))])
def test_tables_line_up_and_a_job_is_shown_by_its_button(notebook_page, lab, app, widths):
    name = f"tables-{app}.ipynb"
    lab.write(name, "%load_ext kodisc_jupyter", SCENES, "%kodisc jobs", "%kodisc report")
    page = notebook_page(width=widths[0], height=1300)
    page.open(name, app=app)
    page.kernel_ready()
    page.run(0)
    page.run(1)
    page.video(1)
    page.output(1).locator(".kodisc-error").wait_for()
    page.run(2)
    page.run(3)
    button = page.output(2).get_by_role("button", name="Show").first
    button.wait_for()
    assert (
        button.evaluate("one => getComputedStyle(one).borderStyle") == "solid"
    )  # not the browser's own
    page.output(3).locator("table").wait_for()
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width in widths:
        page.page.set_viewport_size({"width": width, "height": 1300})
        page.show(dark=width == 1400)
        for cell in (2, 3):
            (found,) = page.output(cell).first.evaluate(GEOMETRY)
            assert found["ragged"] == 1
            assert found["align"] == 1
            assert found["right"] <= 1
            assert found["lines"] < 60
        page.output(2).scroll_into_view_if_needed()
        page.page.screenshot(path=SHOTS / f"tables-{app}-{width}.png")
    assert " rendered, 1 failed" in page.output(3).inner_text()
    assert "Show one here, with its ID: %kodisc show clx" in page.output(2).inner_text()
    button.click()
    page.video(2)
    page.save()
    outputs = lab.read(name).cells[2].outputs
    kinds = {kind for output in outputs for kind in output.data}
    assert kinds == {"text/html", "text/plain", "image/jpeg"} - (
        set() if "image/jpeg" in kinds else {"image/jpeg"}
    )
    assert page.complaints == []
