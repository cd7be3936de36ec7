"""Stills and storyboards: what is shown of them, where they are saved, what is refused first."""

from __future__ import annotations

import base64
import io
import random
import re

import pytest
from PIL import Image

from kodisc_jupyter.api.errors import KodiscError, SceneCheckError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.backends import NowhereToRenderError
from kodisc_jupyter.notebook.cell import run_cell
from kodisc_jupyter.notebook.commands.exported_page.page import Page
from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.line.cell_line import from_python, parse
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.pictures import cell as pictures_cell
from kodisc_jupyter.notebook.pictures.cell import request_of
from kodisc_jupyter.notebook.pictures.still import Still, Stills
from kodisc_jupyter.notebook.pictures.storyboard import Storyboard
from kodisc_jupyter.notebook.rehearsal.report import RehearsalReport
from kodisc_jupyter.notebook.save_paths import picture_paths
from kodisc_jupyter.renders.pictures import AnimationPicture, PictureRequest, stills_of
from kodisc_jupyter.renders.rehearsal import Section
from kodisc_jupyter.stage.pictures.stills import frame_at, png_of
from kodisc_jupyter.stage.pictures.storyboard import encode, within

SCENE = "from manim import *\n\nclass A(Scene):\n    def construct(self):\n        self.wait()\n"
A = RenderRequest(SCENE, "A")
B = RenderRequest(SCENE, "B")


def png(width=64, height=36, *, noise=False):
    content = random.Random(1).randbytes(width * height * 3)
    image = Image.frombytes("RGB", (width, height), content if noise else bytes(len(content)))
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def still(**changes):
    fields = {"scene": "A", "at_s": None, "time_s": 2.9333, "width": 64, "height": 36}
    return Still(**{**fields, "png": png(), **changes})


# What is shown


def test_a_still_is_a_figure_with_alternative_text_a_png_and_words():
    shown = still(alt='a "circle" <b>')._repr_mimebundle_()
    html = shown["text/html"]
    assert html.startswith('<figure class="kodisc-still"')
    assert f'src="data:image/png;base64,{shown["image/png"]}"' in html
    assert 'alt="a &quot;circle&quot; &lt;b&gt;"' in html
    assert base64.b64decode(shown["image/png"]) == png()
    assert shown["text/plain"] == "A · last frame, at 2.93 s · 64×36"


def test_without_alt_a_still_says_which_frame_of_which_scene_it_is():
    assert still().described == "Last frame of the Manim scene A"
    assert still(at_s=1.5, time_s=1.5).described == "Frame at 1.5 s of the Manim scene A"


def test_a_still_that_a_server_would_drop_is_shown_smaller_and_kept_whole():
    large = still(png=png(1280, 720, noise=True), width=1280, height=720)
    assert len(large.png) > 2_500_000
    shown = large.bundle()
    assert sum(map(len, shown.values())) < 2_400_000
    assert "data:image/jpeg;base64," in shown["text/html"]
    assert "--save keeps the PNG" in shown["text/html"]
    assert "image/png" in large.bundle(None)
    medium = still(png=png(800, 450, noise=True)).bundle()
    assert "image/png" not in medium
    assert "data:image/png;base64," in medium["text/html"]


def test_several_stills_are_shown_together():
    shown = Stills([still(), still(at_s=1, time_s=1)])._repr_mimebundle_()
    assert shown["text/html"].count("<figure") == 2


def storyboard(number=3, animations=3):
    tiles = [
        AnimationPicture(n, n + 0.5, n + 4, "_MethodAnimation(Dot)", 64, 36, "image/png", png())
        for n in range(number)
    ]
    return Storyboard("A", 3.5, animations, tuple(tiles), png())


def test_a_storyboard_is_a_grid_with_time_and_line_of_each_picture():
    shown = storyboard()._repr_mimebundle_()
    html = shown["text/html"]
    assert html.startswith('<figure class="kodisc-storyboard"')
    assert html.count("<img ") == html.count(' alt="At ') == 3
    assert "grid-template-columns:repeat(auto-fill" in html
    words = re.sub("<[^>]*>", " ", html)
    assert "1.0–1.5 s" in words
    assert "line 5" in words
    assert "animate(Dot)" in words
    assert "  2.  1.0–1.5 s  line 5  animate(Dot)" in shown["text/plain"]
    assert "image/jpeg" in shown


def report_of_a(**changes):
    empty = ("frames", "captions", "texts", "warnings", "slowest", "sections", "animations")
    fields = {"scene": "A", "seconds": None, "printed": "", "why": "a <b>"}
    return RehearsalReport(**{**dict.fromkeys(empty, ()), **fields, **changes})


def test_a_rehearsals_report_shows_its_words_and_its_storyboard():
    report = report_of_a(storyboard=storyboard())
    shown = report._repr_mimebundle_()
    assert "Rehearsed A, not to its end: a &lt;b&gt;." in shown["text/html"]
    assert "kodisc-storyboard" in shown["text/html"]
    assert "line 5" in shown["text/plain"]
    assert "base64" not in repr(report)


def test_a_report_says_that_there_are_more_sections_than_it_names():
    sections = tuple(Section(f"S{number}", float(number)) for number in range(13))
    assert "0:11 S11 …" in str(report_of_a(sections=sections))
    assert "…" not in str(report_of_a(sections=sections[:12]))


def test_a_storyboard_says_what_it_left_out():
    assert "3 pictures" in storyboard().html()
    assert "3 of 90 pictures are shown" in storyboard(3, 90).html()


class Cell(dict):
    __getattr__ = dict.__getitem__


@pytest.mark.parametrize("code", [False, True])
def test_an_exported_page_shows_pictures_and_tells_lines_only_beside_code(code):
    bundles = [still(alt="seen")._repr_mimebundle_(), storyboard()._repr_mimebundle_()]
    outputs = [Cell(output_type="display_data", data=each) for each in bundles]
    notebook = Cell(
        cells=[Cell(cell_type="code", source="%%kodisc\nx", outputs=outputs)], metadata={}
    )
    html = Page(lambda html: html, code=code).html(notebook, "Lesson")
    assert html.count('src="data:image/png;base64,') == 4
    assert 'alt="seen"' in html
    assert "1.0–1.5 s" in html
    assert ("line 5" in html) is code
    assert "64×36" not in html


# What is saved


def test_pictures_are_saved_as_png_numbered_or_by_their_scenes(tmp_path):
    def names(save, requests, stills):
        return [[p.name for p in each] for each in picture_paths(save, requests, stills, "")]

    assert names("x.png", [A], 1) == [["x.png"]]
    assert names("x", [A], 2) == [["x-1.png", "x-2.png"]]
    assert names(f"{tmp_path}/", [A, B], 1) == [["A.png"], ["B.png"]]
    assert names(f"{tmp_path}/", [A, B], 2) == [["A-1.png", "A-2.png"], ["B-1.png", "B-2.png"]]
    assert names(None, [A, B], 1) == [[], []]


@pytest.mark.parametrize(
    ("save", "requests", "stills", "says"),
    [
        ("x.gif", [A], 1, "A picture is saved as .png, not as .gif."),
        ("x.mp4", [A], 1, "A picture is saved as .png, not as .mp4."),
        ("x.png", [A, B], 1, "one file for several scenes"),
        ("x.png", [A], 0, "A storyboard is not saved as a file."),
    ],
)
def test_what_cannot_be_saved_is_refused_with_the_option_marked(save, requests, stills, says):
    line = f"%%kodisc --still --save {save}"
    with pytest.raises(SceneCheckError) as refused:
        picture_paths(save, requests, stills, line)
    (found,) = refused.value.diagnostics
    assert says in found.message
    assert line[found.column : found.end_column] == "--save"


def test_a_still_is_written_whole_or_not_at_all(tmp_path):
    path = still().save(tmp_path / "new" / "x.png")
    assert path.read_bytes() == png()
    (tmp_path / "file").write_text("")
    with pytest.raises(KodiscError, match="could not be written"):
        still().save(tmp_path / "file" / "x.png")
    assert [each.name for each in path.parent.iterdir()] == ["x.png"]


# What is asked


def test_times_go_before_the_last_frame_and_are_asked_once():
    assert request_of(parse("--still")) == PictureRequest(last=True)
    assert request_of(parse("--still --at 2 --at 2.0 --at 1")) == PictureRequest((2, 1))
    assert request_of(parse("--storyboard")) == PictureRequest(storyboard=True)
    assert request_of(from_python(None, (), {"at": [0.5, 2]})) == PictureRequest((0.5, 2))
    assert request_of(from_python(None, (), {"at": "1:30"})) == PictureRequest((90,))


def test_too_many_times_are_refused():
    with pytest.raises(SceneCheckError, match="24 pictures are the most"):
        request_of(parse(" ".join(f"--at {n}" for n in range(25))))


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    kernel = KernelState(KodiscMagics())
    yield kernel
    kernel.close()


@pytest.mark.parametrize("line", ["--still", "--at 1", "--storyboard", "--still --save x.png"])
def test_without_manim_both_ways_out_are_named(kernel, monkeypatch, line):
    monkeypatch.setattr(pictures_cell, "has_manim", lambda: False)
    monkeypatch.setattr(pictures_cell, "play_scene", None)
    with pytest.raises(NowhereToRenderError, match=r"it is not installed\. Nothing was sent") as no:
        run_cell(kernel, SCENE, parse(line), line=f"%%kodisc {line}")
    assert 'pip install "kodisc-jupyter[local]"' in no.value.hint
    assert "--save picture.png" in no.value.hint


def test_a_bad_place_to_save_is_refused_before_anything_runs(kernel, monkeypatch):
    monkeypatch.setattr(pictures_cell, "play_scene", None)
    with pytest.raises(SceneCheckError, match=r"not as \.webm"):
        run_cell(
            kernel, SCENE, parse("--still --save x.webm"), line="%%kodisc --still --save x.webm"
        )


def test_a_report_that_makes_no_sense_is_no_picture():
    with pytest.raises(ValueError, match="no base64"):
        stills_of({"stills": [{"at": None, "time": 0, "width": 1, "height": 1, "png": "§"}]})


# How they are made


@pytest.mark.parametrize(
    ("seconds", "number"), [(0, 0), (0.05, 0), (1 / 15, 1), (0.2, 3), (2.9999999, 45), (3, 45)]
)
def test_a_time_is_the_frame_that_the_video_shows_then(seconds, number):
    assert frame_at(seconds, 15) == number


def test_a_png_keeps_every_pixel():
    import numpy as np

    pixels = np.frombuffer(random.Random(2).randbytes(9 * 16 * 4), np.uint8).reshape(9, 16, 4)
    with Image.open(io.BytesIO(png_of(pixels))) as read:
        assert np.array_equal(np.array(read), pixels)


def test_flat_pictures_become_png_and_rich_ones_jpeg():
    flat = Image.new("RGB", (480, 270), "navy")
    rich = Image.frombytes("RGB", (480, 270), random.Random(3).randbytes(480 * 270 * 3))
    assert encode(flat)[0] == "image/png"
    assert encode(rich)[0] == "image/jpeg"


def test_many_rich_pictures_together_stay_within_the_limit():
    rich = Image.frombytes("RGB", (480, 270), random.Random(4).randbytes(480 * 270 * 3))
    encoded, (width, height) = within(200_000, [rich] * 30)
    assert sum(len(content) for _, content in encoded) <= 200_000
    assert 96 <= width < 480
    assert abs(width / height - 16 / 9) < 0.05
