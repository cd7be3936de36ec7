"""The finished video is in the saved file, whatever became of the cell while it rendered."""

from __future__ import annotations

import pytest
from playwright.sync_api import TimeoutError as TooLong

pytestmark = pytest.mark.browser

WIDGET = "application/vnd.jupyter.widget-view+json"


FIGURES = """([count, widget]) => {
  const { model } = window.jupyterapp.shell.currentWidget.content;
  let figures = 0;
  for (const cell of model.cells) {
    for (let i = 0; i < (cell.outputs?.length ?? 0); i++) {
      const { data } = cell.outputs.get(i);
      if (widget in data) return false;
      figures += String(data['text/html'] ?? '').includes('kodisc-video');
    }
  }
  return figures === count;
}"""


def cell(gate, name: str) -> str:
    return f"%%kodisc -ql --force\n{gate.scene(name, 'self.play(FadeIn(Dot(radius=2)), run_time=0.5)')}"


def running(notebook, at: int) -> None:
    notebook.output(at).locator(".kodisc-panel[data-phase=running]").wait_for()


def select(notebook, at: int) -> None:
    notebook.page.evaluate(
        """index => { const { content } = window.jupyterapp.shell.currentWidget;
             content.deselectAll(); content.activeCellIndex = index; }""",
        at,
    )


def wait_for_figures(notebook, count: int) -> None:
    """Until the open notebook's own model holds so many figures, and no widget."""
    try:
        notebook.page.wait_for_function(FIGURES, arg=[count, WIDGET])
    except TooLong:
        shown = notebook.page.locator(".jp-OutputArea").all_inner_texts()
        pytest.fail(f"{count} figures were expected. The outputs show: {shown}")


def outputs(lab, name: str) -> list[dict]:
    return [o.get("data", {}) for c in lab.read(name).cells for o in c.get("outputs", ())]


def scenes_in_file(lab, name: str) -> list[str]:
    """The scenes whose figures the file on disk holds, in order; no widget is in it."""
    data = outputs(lab, name)
    assert not [each for each in data if WIDGET in each]
    found = []
    for each in data:
        html = each.get("text/html", "")
        if "kodisc-video" in html:
            assert "data:video/mp4;base64," in html
            found.append(html.partition("<strong><bdi>")[2].partition("</bdi>")[0])
    return found


def wait_for_text(notebook, at: int, text: str) -> None:
    notebook.output(at).get_by_text(text).first.wait_for()


def test_a_cell_that_was_moved_deleted_cut_or_copied_in_mid_render(notebook_page, lab, gate):
    names = ["Moved", "Deleted", "Cut", "Copied"]
    file = "cells.ipynb"
    lab.write(file, "%load_ext kodisc_jupyter", *(cell(gate, name) for name in names))
    notebook = notebook_page(height=2400)
    notebook.open(file)
    notebook.kernel_ready()
    for at in range(5):
        notebook.run(at)
    for at in range(1, 5):
        notebook.output(at).locator(".kodisc-panel").wait_for()
    running(notebook, 1)
    select(notebook, 2)  # first: an undo takes back what was done just before it, too
    notebook.command("notebook:delete-cell")
    notebook.command("notebook:undo-cell-action")
    select(notebook, 4)
    notebook.command("notebook:copy-cell")
    notebook.command("notebook:paste-cell-below")
    select(notebook, 3)
    notebook.command("notebook:cut-cell")
    select(notebook, 4)
    notebook.command("notebook:paste-cell-below")
    select(notebook, 1)
    notebook.command("notebook:move-cell-down")
    gate.open()
    wait_for_figures(notebook, 5)
    notebook.save()
    assert scenes_in_file(lab, file) == ["Deleted", "Moved", "Copied", "Copied", "Cut"]
    assert notebook.complaints == []


def test_cells_that_were_moved_have_their_videos_while_the_kernel_is_busy(notebook_page, lab, gate):
    """What the page asks for neither waits for a cell nor overtakes what it said before."""
    first, second = gate.another("first"), gate.another("second")
    file = "moved_while_busy.ipynb"
    cells = [cell(gate, "Early"), first.cell(), cell(gate, "Late"), second.cell()]
    lab.write(file, "%load_ext kodisc_jupyter", *cells)
    notebook = notebook_page(height=2400)
    notebook.open(file)
    notebook.kernel_ready()
    for at in range(5):
        notebook.run(at)
    running(notebook, 1)
    first.open()
    notebook.output(3).locator(".kodisc-panel").wait_for()
    for at in (1, 3):
        select(notebook, at)
        notebook.command("notebook:move-cell-down")
    gate.open()
    wait_for_figures(notebook, 2)
    second.open()
    notebook.save()
    assert scenes_in_file(lab, file) == ["Early", "Late"]
    assert notebook.complaints == []


def test_a_tab_closed_and_opened_again_a_second_page_and_a_new_name(notebook_page, lab, gate):
    lab.write("tabs.ipynb", "%load_ext kodisc_jupyter", cell(gate, "Tabs"))
    notebook = notebook_page()
    notebook.open("tabs.ipynb")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    running(notebook, 1)
    notebook.save()
    (shown,) = outputs(lab, "tabs.ipynb")
    assert "If no video follows here: %kodisc show clx" in shown["text/plain"]
    notebook.command("application:close")
    notebook.command("docmanager:open", {"path": "tabs.ipynb"})
    running(notebook, 1)
    other = notebook_page()
    other.open("tabs.ipynb")
    running(other, 1)
    notebook.page.evaluate("window.jupyterapp.shell.currentWidget.context.rename('named.ipynb')")
    gate.open()
    wait_for_figures(notebook, 1)
    wait_for_figures(other, 1)
    notebook.video(1)
    notebook.save()
    assert scenes_in_file(lab, "named.ipynb") == ["Tabs"]


def drawn(notebook, *names: str) -> None:
    """Each panel is drawn: the front end's code goes to a page once, with the first one's model."""
    for at, name in enumerate(names, 1):
        panel = notebook.output(at).locator(".kodisc-panel[data-phase]")
        panel.get_by_text(name).first.wait_for()
        # The style came with the code.
        assert panel.evaluate("p => getComputedStyle(p).borderTopStyle") == "solid"


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_page_reloaded_in_mid_render_draws_its_panels_again_and_keeps_their_videos(
    app, notebook_page, lab, gate
):
    file = f"reloaded_{app}.ipynb"
    names = ("Reloaded", "Second")
    lab.write(file, "%load_ext kodisc_jupyter", *(cell(gate, name) for name in names))
    notebook = notebook_page()
    notebook.open(file, app=app)
    notebook.kernel_ready()
    for at in range(3):
        notebook.run(at)
    drawn(notebook, *names)
    running(notebook, 2)
    assert notebook.complaints == []
    notebook.save()
    notebook.page.reload()
    notebook.open(file, app=app)
    drawn(notebook, *names)
    running(notebook, 1)
    gate.open()
    wait_for_figures(notebook, 2)
    notebook.video(1)
    notebook.save()
    assert scenes_in_file(lab, file) == ["Reloaded", "Second"]


DIES = "import os\nos._exit(1)"


@pytest.mark.parametrize("how", ["restarted", "died"])
def test_a_kernel_that_ended_in_mid_render(how, notebook_page, lab, gate):
    name, file = how.capitalize(), f"{how}.ipynb"
    again = cell(gate, name).replace(" --force", "")
    lab.write(file, "%load_ext kodisc_jupyter", again, DIES)
    notebook = notebook_page()
    notebook.open(file)
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    running(notebook, 1)
    if how == "died":
        notebook.run(2)
        notebook.page.locator(".jp-Dialog").get_by_role("button", name="Ok").click()
    else:
        notebook.page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        )
    wait_for_text(notebook, 1, "The job goes on: run the cell to see its video.")
    notebook.save()
    (shown,) = outputs(lab, file)
    assert WIDGET not in shown
    assert "The job goes on" in shown["text/plain"]
    assert "paid" not in shown["text/plain"]  # it is free
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    running(notebook, 1)
    gate.open()
    wait_for_figures(notebook, 1)
    notebook.save()
    assert scenes_in_file(lab, file) == [name]


def test_saved_in_mid_render_and_opened_when_its_kernel_is_gone(notebook_page, lab, gate):
    file, app = "tomorrow.ipynb", "notebook"  # what is reloaded is the same in both, as above
    lab.write(file, "%load_ext kodisc_jupyter", cell(gate, "Tomorrow"), "%kodisc studio")
    notebook = notebook_page()
    notebook.open(file, app=app)
    notebook.kernel_ready()
    for at in range(3):
        notebook.run(at)
    running(notebook, 1)
    notebook.output(2).get_by_role("button", name="Refresh scenes").wait_for()
    notebook.save()
    assert [WIDGET in each for each in outputs(lab, file)] == [True, True]
    again = notebook_page()
    notebook.end_kernel()
    notebook.page.close()
    again.open(file, app=app)
    wait_for_text(again, 1, "The job goes on: run the cell to see its video.")
    wait_for_text(again, 1, "Tomorrow")
    wait_for_text(again, 2, "Studio needs its kernel: run the cell again.")
    assert "model not found" not in again.page.inner_text("body").lower()
    again.save()
    assert not [each for each in outputs(lab, file) if WIDGET in each]
