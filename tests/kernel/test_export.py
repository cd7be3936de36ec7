"""From a rendered notebook to a page: what is inside, what is said, and what is left out."""

from __future__ import annotations

import base64
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from kodisc_jupyter.notebook.commands.export import ExportError, export, page_path
from kodisc_jupyter.notebook.commands.exported_page import math as export_math
from kodisc_jupyter.renders import local_server
from tests.kernel.conftest import environment

TINY = """\
from manim import *


class Tiny(Scene):
    def construct(self):
        self.add(Circle())
        self.wait(0.4)
"""
UNFINISHED = "%%kodisc Tiny\n" + TINY


@pytest.fixture(scope="module")
def rendered(kodisc_home, listen, tmp_path_factory):
    """A folder with a saved notebook: an embedded video, a linked one, and a check."""
    folder = tmp_path_factory.mktemp("rendered")
    cells = [
        "%load_ext kodisc_jupyter",
        f"%%kodisc -ql --alt 'A circle.'\n{TINY}",
        f"%%kodisc -ql --link\n{TINY}",
        f"%%kodisc -ql --check\n{TINY}",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        notebook,
        timeout=240,
        kernel_name="python3",
        config=Config(KernelManager=listen()),
        resources={"metadata": {"path": str(folder)}},
    ).execute(env=environment(kodisc_home))
    nbformat.write(notebook, folder / "lesson.ipynb")
    return folder


@pytest.fixture
def lesson(rendered, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    return tmp_path / "lesson.ipynb"


def sources(page) -> list[str]:
    html = page.read_text(encoding="utf-8")
    return [src[:40] for src in re.findall(r'<video[^>]* src="([^"]*)"', html)]


def test_a_page_holds_its_videos_and_asks_the_network_for_nothing(lesson, tmp_path):
    made = export(lesson, tmp_path / "web" / "lesson.html", folder=False, session=None)
    assert (made.videos, made.links, made.missing, made.empty) == (2, (), (), 0)
    assert made.bytes == made.page.stat().st_size
    html = made.page.read_text(encoding="utf-8")
    assert all(src.startswith("data:video/mp4;base64,") for src in sources(made.page))
    assert "kodisc/Tiny" not in html  # neither a link nor a note about the file beside the notebook
    assert "<title>lesson</title>" in html
    assert "A circle." in html
    blocking = re.findall(r"<script (?!async)[^>]*src=\"https?:[^>]*>", html)
    assert blocking == []
    assert list(made.lines()) == [f"Written: {made.page} ({made.bytes / 1e6:.1f} MB, 2 videos)"]


def test_a_folder_holds_the_page_and_its_videos_as_files(lesson, tmp_path):
    made = export(lesson, page_path(lesson, None, folder=True), folder=True, session=None)
    assert made.page == tmp_path / "lesson" / "index.html"
    assert sources(made.page) == ["video-01.mp4", "video-02.mp4"]
    for name in sources(made.page):
        assert (made.page.parent / name).read_bytes()[4:8] == b"ftyp"
    assert 'href="video-02.mp4"' in made.page.read_text(encoding="utf-8")


def test_what_is_not_in_the_saved_file_is_said(lesson, tmp_path):
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(UNFINISHED))
    nbformat.write(notebook, lesson)
    shutil.rmtree(tmp_path / "kodisc")
    made = export(lesson, tmp_path / "page.html", folder=False, session=None)
    assert (made.videos, made.empty) == (2, 1)
    said = "\n".join(made.lines())
    assert "1 %%kodisc cell has no video in the file, which was saved at" in said
    assert "save the notebook (Ctrl-S), and export it again" in said
    assert re.search(r"Not found, so not in the page: kodisc/Tiny-low-\w+\.mp4", said)


def test_a_path_that_leads_out_of_the_notebooks_folder_is_not_followed(lesson, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    (tmp_path / "inner").mkdir()
    moved = tmp_path / "inner" / "lesson.ipynb"
    text = lesson.read_text(encoding="utf-8")
    for src in ("../secret.mp4", str(secret), secret.as_uri(), "link.mp4"):
        moved.write_text(
            re.sub(
                r'<video src=\\"kodisc/[^"]+\\"', lambda _, s=src: f'<video src=\\"{s}\\"', text
            ),
            encoding="utf-8",
        )
        (moved.parent / "link.mp4").unlink(missing_ok=True)
        (moved.parent / "link.mp4").symlink_to(secret)
        made = export(moved, tmp_path / "page.html", folder=False, session=None)
        assert len(made.missing) + len(made.links) == 1, src
        assert "c2VjcmV0" not in made.page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "to, folder, expected",
    [
        (None, False, "lesson.html"),
        (None, True, "lesson/index.html"),
        ("web/", False, "web/lesson.html"),
        ("web", True, "web/index.html"),
        ("web/page.html", True, "web/page.html"),
        ("page.html", False, "page.html"),
    ],
)
def test_where_the_page_goes(tmp_path, monkeypatch, to, folder, expected):
    monkeypatch.chdir(tmp_path)
    assert page_path(tmp_path / "lesson.ipynb", to, folder=folder) == tmp_path / expected


def test_what_cannot_be_exported_says_why(tmp_path, lesson):
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    for notebook, page, why in (
        (tmp_path / "none.ipynb", tmp_path / "a.html", "No such file"),
        (tmp_path / "broken.ipynb", tmp_path / "a.html", "cannot be read as a notebook"),
        (lesson, tmp_path / "broken.ipynb" / "a.html", "cannot be written"),
    ):
        with pytest.raises(ExportError, match=why):
            export(notebook, page, folder=False, session=None)


def test_the_command_finds_its_own_notebook_and_cloud_videos_in_the_store(
    start_kernel, run_notebook, fresh_home, cloud, tmp_path
):
    """A cloud video is a link in the notebook; its copy on this machine goes into the page."""
    done = run_notebook(f"%%kodisc -ql --link\n{TINY}", home=fresh_home, **cloud.env())
    path = tmp_path / "lesson.ipynb"
    nbformat.write(done.notebook, path)
    assert re.search(r'<video src=\\"http://127', path.read_text(encoding="utf-8"))
    kernel = start_kernel(fresh_home, JPY_SESSION_NAME=str(path))
    request = kernel.run("%kodisc export")
    assert kernel.error(request) == ""
    assert "1 video)" in kernel.stdout(request)
    assert "need the network" not in kernel.stdout(request)
    page = tmp_path / "lesson.html"
    assert sources(page)[0].startswith("data:video/mp4")
    assert 'poster="http' not in page.read_text(encoding="utf-8")


HOSTILE = """<figure class="kodisc-video" onclick="alert(1)"><video src="{src}" onerror="alert(1)"
poster="{src}"></video><script>alert(1)</script><figcaption><strong>X</strong> · job a1
<a href="javascript:alert(1)">Open</a></figcaption></figure><img src=x onerror="alert(1)">
<iframe src="https://evil.example"></iframe><svg onload="alert(1)"></svg>"""


@pytest.mark.parametrize("src", [".env", "sub/id_rsa", "notes.mp4", "/etc/passwd", "data:x"])
def test_a_notebook_from_somebody_else_gets_no_files_and_no_script_into_the_page(tmp_path, src):
    (tmp_path / "sub").mkdir()
    for name in (".env", "sub/id_rsa", "notes.mp4"):
        (tmp_path / name).write_bytes(b"TOP-SECRET")
    cells = [
        nbformat.v4.new_markdown_cell(
            "# A <script>alert(1)</script>lesson\n\n<img src=x onerror=alert(1)>\n\n"
            "[x](javascript:alert(1)) $\\text{<script>alert(1)</script>}$ ![p](../../x.png)"
        ),
        nbformat.v4.new_code_cell(
            "x",
            outputs=[
                nbformat.v4.new_output("display_data", {"text/html": HOSTILE.format(src=src)}),
                nbformat.v4.new_output(
                    "display_data", {"application/javascript": "alert(1)", "text/plain": "x"}
                ),
                nbformat.v4.new_output(
                    "display_data", {"text/html": "<b onmouseover=alert(1)>b</b><script>alert(1)"}
                ),
            ],
        ),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "lesson.ipynb")
    for folder in (False, True):
        page = tmp_path / ("web" if folder else "one") / "page.html"
        made = export(tmp_path / "lesson.ipynb", page, folder=folder, session=None, code=True)
        html = page.read_text(encoding="utf-8")
        assert len(made.missing) + len(made.links) == 1
        assert "TOP-SECRET" not in html
        assert base64.b64encode(b"TOP-SECRET").decode()[:10] not in html
        for bad in (
            "<script",
            "onerror=",
            "onclick=",
            "onmouseover=",
            "onload=",
            "<iframe",
            "<svg",
        ):
            assert bad not in html, bad
        assert 'href="javascript:' not in html
        assert [path.name for path in page.parent.iterdir()] == ["page.html"]


def test_the_page_is_what_a_teacher_hands_out(lesson, tmp_path):
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[:0] = [
        nbformat.v4.new_markdown_cell("## The *unit* circle\n\nIts area is $\\pi r^2$, for $5."),
        nbformat.v4.new_code_cell(
            "%kodisc", outputs=[nbformat.v4.new_output("stream", text="Balance: 2,040 credits")]
        ),
        nbformat.v4.new_code_cell(
            "print(6)", outputs=[nbformat.v4.new_output("stream", text="printed")]
        ),
    ]
    nbformat.write(notebook, lesson)
    pages = {}
    for code in (False, True):
        made = export(lesson, tmp_path / "page.html", folder=False, session=None, code=code)
        pages[code] = made.page.read_text(encoding="utf-8")
        assert not made.formulas_as_text
    plain, with_code = pages[False], pages[True]
    for html in pages.values():
        assert "<title>The unit circle</title>" in html
        assert "<math " in html
        assert "for $5." in html
        assert "printed" in html
        assert "<strong><bdi>Tiny</bdi></strong>" in html.replace(
            "<strong>Tiny", "<strong><bdi>Tiny</bdi>"
        )
        assert not re.search(r"job clx|credits, balance|no credits", html)
        assert "<script" not in html
    assert "class Tiny" not in re.sub("<[^>]*>", "", plain)
    assert "class Tiny" in re.sub("<[^>]*>", "", with_code)
    assert "Balance" not in plain


def test_formulas_that_mathml_lacks_stay_readable(lesson, tmp_path, monkeypatch):
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("$$\\sum_{i=1}^n < i$$ and `$x$`"))
    nbformat.write(notebook, lesson)
    monkeypatch.setattr(export_math, "find_spec", lambda _: None)
    made = export(lesson, tmp_path / "page.html", folder=False, session=None)
    html = made.page.read_text(encoding="utf-8")
    assert r'<span class="formula">$$\sum_{i=1}^n &lt; i$$</span>' in html
    assert "<code>$x$</code>" in html
    assert any("formulas stand as text" in line for line in made.lines())


def test_a_pdf_has_a_picture_where_the_video_would_be(lesson):
    from nbconvert import LatexExporter

    latex, resources = LatexExporter().from_filename(str(lesson))
    assert len(resources["outputs"]) == 2  # of the embedded video, and of the linked one
    for name, picture in resources["outputs"].items():
        assert picture.startswith(b"\xff\xd8")
        assert f"{{{name}}}" in latex


def test_without_nbconvert_it_says_what_to_install(lesson, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "nbconvert", None)
    with pytest.raises(ExportError) as refused:
        export(lesson, tmp_path / "a.html", folder=False, session=None)
    assert refused.value.hint == "pip install nbconvert"


def test_nothing_is_rendered_for_an_export(lesson, tmp_path, kodisc_home):
    before = local_server.find(kodisc_home)
    export(lesson, tmp_path / "a.html", folder=False, session=None)
    assert local_server.find(kodisc_home) == before
