"""The video reaches the file where the server has part in the document.

jupyter-collaboration shares it between pages; jupyter-server-documents also runs the cells.
"""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.browser

OUTPUTS = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells].flatMap(
  cell => cell.type === 'code' ? Array.from({length: cell.outputs.length}, (_, at) =>
    [Object.keys(cell.outputs.get(at).data), String(cell.outputs.get(at).data['text/html'] ?? '')]
  ) : [])"""


def wait_for_one_figure(notebook) -> None:
    notebook.page.wait_for_function(
        f"""() => {{ const outputs = ({OUTPUTS})();
              return outputs.length === 1 && outputs[0][1].includes('kodisc-video')
                && !outputs[0][0].some(kind => kind.includes('widget')); }}"""
    )


def know_each_other(pages) -> None:
    """Wait until each page knows of the others, as it does a moment after it was opened."""
    awareness = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.awareness"
    everybody = [page.page.evaluate(f"() => {awareness}.clientID") for page in pages]
    for page in pages:
        page.page.wait_for_function(
            f"ids => ids.every(id => {awareness}.getStates().has(id))", arg=everybody
        )


def outputs_in_file(lab, name: str) -> list:
    """What the file holds once the server has saved it, which it does by itself."""
    deadline = time.monotonic() + 120
    while True:
        try:
            found = [output for cell in lab.read(name).cells for output in cell.outputs]
        except ValueError:
            found = []  # it is being written
        if "kodisc-video" in str(found) or time.monotonic() > deadline:
            return found
        time.sleep(0.1)  # between two looks, until it is there


def test_the_end_alone_is_on_every_page_and_in_the_file(shared_lab, notebook_page, gate):
    scene = gate.scene("Shared", "self.play(FadeIn(Dot(radius=2)), run_time=0.5)")
    shared_lab.write(
        "shared.ipynb", "%load_ext kodisc_jupyter", f"%%kodisc -ql --force\n{scene}", "1"
    )
    notebook = notebook_page(at=shared_lab)
    notebook.open("shared.ipynb")
    notebook.kernel_ready()
    pages = [notebook]
    notebook.run(0)
    notebook.run(1)
    if shared_lab.cells_run_in_the_page:
        notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
        notebook.page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
        notebook.command("notebook:move-cell-down")
        pages.append(notebook_page(at=shared_lab))
        pages[1].open("shared.ipynb")
        know_each_other(pages)
    gate.open()
    for page in pages:
        wait_for_one_figure(page)
    (shown,) = outputs_in_file(shared_lab, "shared.ipynb")
    assert "data:video/mp4;base64," in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("Shared")
    assert [page.complaints for page in pages] == [[] for _ in pages]
