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


def test_a_reload_in_mid_render_shows_the_true_state(notebook_page, lab, gate):
    lab.write("seven_reload.ipynb", "%load_ext kodisc_jupyter", cell(gate))
    notebook = notebook_page()
    notebook.open("seven_reload.ipynb", app="notebook")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    notebook.save()
    notebook.page.reload()
    notebook.open("seven_reload.ipynb", app="notebook")
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    gate.open()
    video = notebook.page.locator(
        ".kodisc-panel[data-phase=completed] video, figure.kodisc-video video"
    ).first
    video.wait_for()
    notebook.page.wait_for_function(
        "v => v.readyState >= 2 && Math.abs(v.duration - 2) < 0.15", arg=video.element_handle()
    )
