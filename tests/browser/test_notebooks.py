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
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import av
import nbformat
import pytest
from nbclient import NotebookClient

from kodisc_jupyter.renders import local_server

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


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Path]:
    """One KODISC_HOME, and so one render server, for all notebooks that a worker runs."""
    home = tmp_path_factory.mktemp("home")
    yield home
    local_server.stop(home)


def execute(name: str, folder: Path, home: Path) -> nbformat.NotebookNode:
    """Run a copy of a notebook as nbconvert and papermill do."""
    path = shutil.copy(FOLDER / f"{name}.ipynb", folder)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LIMIT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KODISC_")}
    client.execute(env={**kept, "KODISC_HOME": str(home)})
    return notebook


@pytest.mark.render
@pytest.mark.browser
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_runs_with_no_key_and_every_output_is_what_it_announces(
    name, tmp_path, home, lab, notebook_page
):
    notebook = execute(name, tmp_path, home)
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
    nbformat.write(notebook, lab.root / f"{name}.ipynb")
    assert_plays_in_jupyterlab(f"{name}.ipynb", notebook, notebook_page(height=TALL_PX))


def assert_plays_in_jupyterlab(name: str, notebook: nbformat.NotebookNode, page) -> None:
    """Open an executed notebook: every video of it plays. A picture of the page is kept."""
    expected = sum(
        len(videos_in(output)) for cell in code_cells(notebook) for output in cell.outputs
    )
    page.open(name)
    page.page.wait_for_function(
        """count => { const videos = [...document.querySelectorAll('figure.kodisc-video video')];
             return videos.length === count && videos.every(v => v.readyState >= 2); }""",
        arg=expected,
    )
    chapters = [name for cell in code_cells(notebook) for name in chapters_of(cell)]
    buttons = page.page.locator("ol.kodisc-chapters button")
    page.page.wait_for_function(
        "count => document.querySelectorAll('ol.kodisc-chapters button').length === count",
        arg=len(chapters),
    )
    if chapters:  # the last one of all plays the last video from there
        buttons.last.click()
        page.page.wait_for_function(
            """() => { const videos = document.querySelectorAll('figure.kodisc-video video');
                 const last = [...document.querySelectorAll('.kodisc-chapters time')].at(-1);
                 return videos[videos.length - 1].currentTime >= parseFloat(last.title); }"""
        )
    texts = sum(cell.cell_type == "markdown" for cell in notebook.cells)
    page.page.wait_for_function(
        """count => [...document.querySelectorAll('.jp-MarkdownCell .jp-RenderedMarkdown')]
             .filter(text => text.innerText.trim()).length === count""",
        arg=texts,
    )
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.page.screenshot(path=SHOTS / f"{name.removesuffix('.ipynb')}.png")


def text_of(cell: nbformat.NotebookNode) -> str:
    return "".join(
        output.text if output.output_type == "stream" else output.data.get("text/plain", "") + "\n"
        for output in cell.outputs
        if output.output_type != "error"
    )


def assert_errors(cell: nbformat.NotebookNode, expected: dict | None) -> None:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if expected is None:
        assert errors == [], cell.id
        return
    (error,) = errors
    message = ANSI.sub("", "\n".join(error.traceback))
    assert error.ename == expected["error"], (cell.id, message)
    shown, _, _full = message.partition("The server's full text:")
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
