"""The same in Notebook 7."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def cell(gate) -> str:
    scene = gate.scene("HelloKodisc", "self.play(Create(Circle()), run_time=2)")
    return f"%%kodisc HelloKodisc -ql --force\n{scene}"


def test_phases_to_video_and_untrusted_reopening(notebook_page, lab, gate, make_untrusted):
    path = lab.write("seven.ipynb", "%load_ext kodisc_jupyter", cell(gate), "print(6 * 7)")
    notebook = notebook_page()
    notebook.open("seven.ipynb", app="notebook")
    notebook.kernel_ready()
    for at in range(3):
        notebook.run(at)
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    notebook.output(2).get_by_text("42").wait_for()
    gate.open()
    assert notebook.video(1).evaluate("v => v.duration") == pytest.approx(2.0, abs=0.15)
    assert notebook.complaints == []
    notebook.save()
    notebook.end_kernel()
    make_untrusted(path, "seven_untrusted.ipynb")
    again = notebook_page()
    again.open("seven_untrusted.ipynb", app="notebook")
    assert again.video(1).evaluate("v => v.duration") == pytest.approx(2.0, abs=0.15)
    assert "model not found" not in again.output(1).inner_text().lower()
