"""The front end's code goes to a page once: a later panel takes it from the first one's model."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SCENE = """\
%%kodisc NAME -ql --force
import time
from pathlib import Path

from manim import *


class NAME(Scene):
    def construct(self):
        while not Path("GATE").exists():
            time.sleep(0.02)
        self.play(FadeIn(Dot()), run_time=0.5)
"""


def test_a_second_panel_is_drawn_and_is_again_after_a_reload(notebook_page, lab, gate):
    scene = SCENE.replace("GATE", str(gate))
    names = ("First", "Second")
    lab.write("later.ipynb", "%load_ext kodisc_jupyter", *(scene.replace("NAME", n) for n in names))
    notebook = notebook_page()
    notebook.open("later.ipynb")
    notebook.kernel_ready()
    for cell in range(3):
        notebook.run(cell)

    def drawn():
        for cell, name in enumerate(names, 1):
            panel = notebook.output(cell).locator(".kodisc-panel[data-phase]")
            panel.get_by_text(name).first.wait_for()
            # The style came with the code.
            assert panel.evaluate("p => getComputedStyle(p).borderTopStyle") == "solid"

    drawn()
    notebook.output(2).locator(".kodisc-panel[data-phase=running]").wait_for()
    assert notebook.complaints == []
    notebook.save()
    notebook.page.reload()
    notebook.open("later.ipynb")
    drawn()
    gate.touch()
    for cell in (1, 2):
        notebook.output(cell).locator(".kodisc-panel[data-phase=completed]").wait_for()
