"""The teaching notebooks run with no key, and every output is what the notebook announces.

A cell says in its metadata what is to come of it:

``kodisc_seconds``  length of its video, or of each of its videos, in seconds (within 10 %)
``kodisc_size``     width and height in pixels, where they are not low quality's 854 x 480
``kodisc_fps``      frames per second, where they are not low quality's 15
``kodisc_chapters`` names of the chapters under its video
``kodisc_says``     phrases in its text
``kodisc_warns``    phrases in a warning of the free checks
``kodisc_expects``  a mistake made on purpose: the name of its error, and phrases in its message
``kodisc_widget``   a live control, whose widget stays in the output
"""

from __future__ import annotations

import base64
import io
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import av
import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
SHOTS = FOLDER.parent / "build" / "screenshots"
LIMIT_S = 300
TALL_PX = 9000
"""So tall that JupyterLab draws every cell, not only those in view."""
LOW = ((854, 480), 15)

ANSI = re.compile(r"\x1b\[[0-9;]*m")
KEY = re.compile(r"kdsc_[a-z]+_[0-9a-f]{8,}|whsec_\w")
MACHINE_PATH = re.compile(r"/(?:home|Users|work|root|tmp)/|\b[A-Z]:\\\w")
WIDGET = "application/vnd.jupyter.widget-view+json"


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


# What is committed


def test_there_are_ten_notebooks_in_the_order_of_a_course():
    assert NOTEBOOKS == [
        "01_quickstart",
        "02_calculus",
        "03_linear_algebra",
        "04_algorithms",
        "05_probability",
        "06_physics",
        "07_parameters_and_studio",
        "08_mistakes",
        "09_credits_and_classroom",
        "10_teaching",
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_committed_without_outputs_keys_or_machine_paths(name):
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
    for cell in notebook.cells:
        assert not KEY.search(cell.source), cell.id
        assert not MACHINE_PATH.search(cell.source), cell.id


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_says_what_it_is_for_and_ends_with_exercises_and_what_comes_next(name):
    notebook = read(name)
    headings = re.findall(r"(?m)^#+ .+", prose(notebook))
    assert headings[0].startswith("# ")
    assert "**What this is for.**" in notebook.cells[0].source
    assert headings[-2:] == ["## Exercises", "## What next"]
    assert code_cells(notebook)[0].source == "%load_ext kodisc_jupyter"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_lead_to_notebooks_that_exist(name):
    linked = re.findall(r"\]\((?!https?:)([^)]+)\)", prose(read(name)))
    assert [target for target in linked if not (FOLDER / target).is_file()] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_video_is_described_for_those_who_cannot_see_it(name):
    for cell in code_cells(read(name)):
        if "kodisc_seconds" in cell.metadata:
            assert re.search(r"--alt \"[A-Z]|\balt=f?\"[A-Z]", cell.source), cell.id


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_scenes_are_written_as_manims_documentation_writes_them(name):
    for cell in code_cells(read(name)):
        if cell.source.startswith("%%kodisc"):
            first = next(line for line in cell.source.splitlines()[1:] if line.strip())
            assert first == "from manim import *" or first.startswith("!"), cell.id


def test_every_kind_of_free_check_and_of_failing_render_is_among_the_mistakes():
    errors = [
        cell.metadata["kodisc_expects"]["error"]
        for cell in code_cells(read("08_mistakes"))
        if "kodisc_expects" in cell.metadata
    ]
    assert errors.count("SceneCheckError") >= 10
    assert errors.count("RenderFailedError") >= 3


def test_only_mistakes_made_on_purpose_may_raise():
    for name in NOTEBOOKS:
        for cell in code_cells(read(name)):
            tagged = "raises-exception" in cell.metadata.get("tags", [])
            assert tagged == ("kodisc_expects" in cell.metadata), (name, cell.id)


# What comes of it


@pytest.mark.render
@pytest.mark.browser
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_in_jupyterlab_makes_what_each_cell_announces(name, lab, notebook_page):
    shutil.copy(FOLDER / f"{name}.ipynb", lab.root)
    page = notebook_page()
    page.open(f"{name}.ipynb")
    page.kernel_ready()
    page.page.get_by_role("menuitem", name="Run", exact=True).click()
    page.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.page.wait_for_function(SETTLED, arg=WIDGET, timeout=LIMIT_S * 1000)
    page.page.set_viewport_size({"width": 1200, "height": TALL_PX})
    page.page.wait_for_function(
        """() => [...document.querySelectorAll('figure.kodisc-video video')]
             .every(video => video.readyState >= 2)"""
    )
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.page.screenshot(path=SHOTS / f"{name}.png")
    page.save()
    notebook = lab.read(f"{name}.ipynb")
    for cell in code_cells(notebook):
        told = cell.metadata
        assert_errors(cell, told.get("kodisc_expects"))
        assert_videos(cell)
        assert chapters_of(cell) == told.get("kodisc_chapters", []), cell.id
        for phrase in [*told.get("kodisc_says", ()), *told.get("kodisc_warns", ())]:
            assert phrase in text_of(cell), (cell.id, phrase, text_of(cell))
        if "kodisc_warns" in told:
            assert "Kodisc warning" in text_of(cell)
        shown = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert WIDGET not in shown or told.get("kodisc_widget"), cell.id
    assert not KEY.search(nbformat.writes(notebook))
    assert_the_last_chapter_plays(notebook, page)
    assert page.complaints == []


def assert_the_last_chapter_plays(notebook: nbformat.NotebookNode, page) -> None:
    """A chapter's button plays the video above it from there."""
    chapters = [name for cell in code_cells(notebook) for name in chapters_of(cell)]
    buttons = page.page.locator("ol.kodisc-chapters button")
    assert buttons.count() == len(chapters)
    if chapters:
        buttons.last.click()
        page.page.wait_for_function(
            """() => { const videos = document.querySelectorAll('figure.kodisc-video video');
                 const last = [...document.querySelectorAll('.kodisc-chapters time')].at(-1);
                 return videos[videos.length - 1].currentTime >= parseFloat(last.title); }"""
        )


SETTLED = """widget => {
  const panel = window.jupyterapp.shell.currentWidget;
  if (panel.sessionContext.session?.kernel?.status !== 'idle') return false;
  for (const cell of panel.content.model.cells) {
    if (cell.type !== 'code') continue;
    if (cell.executionCount === null) return false;
    for (let at = 0; at < cell.outputs.length; at++) {
      const open = widget in cell.outputs.get(at).data && !cell.getMetadata('kodisc_widget');
      if (open) return false;
    }
  }
  return true;
}"""
"""Every cell has run, and every panel has become what it ended as."""


def text_of(cell: nbformat.NotebookNode) -> str:
    return "".join(
        output.text if output.output_type == "stream" else output.data.get("text/plain", "") + "\n"
        for output in cell.outputs
        if output.output_type != "error"
    )


def assert_errors(cell: nbformat.NotebookNode, expected: dict | None) -> None:
    """A mistake is an error of its cell; one that shows later, while it renders, an error card."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    cards = [o for o in cell.outputs if "kodisc-error" in o.get("data", {}).get("text/html", "")]
    if expected is None:
        assert errors == [], cell.id
        assert not [card for card in cards if 'data-severity="error"' in str(card)], cell.id
        return
    told = "\n".join("\n".join(error.traceback) for error in errors)
    message = ANSI.sub("", f"{told}\n{text_of(cell)}")
    later = expected["error"] == "RenderFailedError"
    assert [error.ename for error in errors] == ([] if later else [expected["error"]]), message
    assert bool(cards) == later, (cell.id, message)
    shown, _, _full = message.partition("The full error text:")
    for phrase in expected["says"]:
        assert phrase in shown, (cell.id, phrase, message)
    assert re.search(r"othing was charged|cost no credits", shown), (cell.id, message)


def assert_videos(cell: nbformat.NotebookNode) -> None:
    announced = cell.metadata.get("kodisc_seconds", [])
    seconds = announced if isinstance(announced, list) else [announced]
    size = tuple(cell.metadata.get("kodisc_size", LOW[0]))
    fps = cell.metadata.get("kodisc_fps", LOW[1])
    found = [video for output in cell.outputs for video in videos_in(output)]
    assert len(found) == len(seconds), (cell.id, cell.outputs)
    for video, expected in zip(found, seconds, strict=True):
        with av.open(io.BytesIO(video)) as container:
            stream = container.streams.video[0]
            frames = [frame.to_ndarray(format="gray") for frame in container.decode(stream)]
            assert stream.codec_context.name == "h264"
            assert (stream.width, stream.height) == size, cell.id
            assert round(float(stream.average_rate), 1) == fps, cell.id
        assert len(frames) / fps == pytest.approx(expected, rel=0.1), cell.id
        assert frames[-1].std() > 2, f"the last frame of {cell.id} is empty"


def chapters_of(cell: nbformat.NotebookNode) -> list[str]:
    """The names in the lists of chapters under a cell's videos."""
    html = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
    lists = re.findall(r'<ol class="kodisc-chapters"(.*?)</ol>', html, re.DOTALL)
    return [name for each in lists for name in re.findall(r"<bdi>(.*?)</bdi>", each)]


def videos_in(output: nbformat.NotebookNode) -> list[bytes]:
    reader = Figures()
    reader.feed(output.get("data", {}).get("text/html", ""))
    return reader.videos


class Figures(HTMLParser):
    """The videos inside ``figure.kodisc-video`` elements."""

    def __init__(self) -> None:
        super().__init__()
        self.videos: list[bytes] = []
        self.inside = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "figure":
            self.inside = "kodisc-video" in (given.get("class") or "").split()
        elif tag == "video" and self.inside:
            kind, _, data = given["src"].partition(";base64,")
            assert kind == "data:video/mp4", given["src"][:80]
            self.videos.append(base64.b64decode(data))

    def handle_endtag(self, tag):
        if tag == "figure":
            self.inside = False
