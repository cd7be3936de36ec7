"""The front end's code goes to a page once: a later panel takes it from the first one's model."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_a_second_panel_is_drawn_and_is_again_after_a_reload(notebook_page, lab, gate):
    names = ("First", "Second")
    scenes = [gate.scene(name, "self.play(FadeIn(Dot()), run_time=0.5)") for name in names]
    cells = [f"%%kodisc -ql --force\n{scene}" for scene in scenes]
    lab.write("later.ipynb", "%load_ext kodisc_jupyter", *cells)
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
    gate.open()
    for cell in (1, 2):
        notebook.output(cell).locator(".kodisc-panel[data-phase=completed]").wait_for()
