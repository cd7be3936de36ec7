"""Pictures of scenes with real Manim: equal to the video's frames, and never a credit."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from kodisc_jupyter.api.errors import SceneCheckError, SubmissionInterruptedError
from kodisc_jupyter.notebook.cell import run_cell
from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.line.cell_line import parse
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.pictures.cell import NoPictureError
from tests.renders_local.picture_scenes import CODE, MANIM, SCENES
from tests.renders_local.rehearsal_cells import cell
from tests.support.api_server import api_server

pytestmark = pytest.mark.render


@pytest.fixture
def manims_frames(tmp_path_factory):
    """Every frame of every scene as plain Manim draws it."""
    folder = tmp_path_factory.mktemp("manim")
    done = subprocess.run(
        [sys.executable, "-c", MANIM],
        input=CODE,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: list(np.load(folder / f"{name}.npz").values()) for name in SCENES}


@pytest.fixture
def cloud(monkeypatch, home):
    """An API that takes credits and counts what reaches it: a key is set, as for a teacher."""
    with api_server() as api:
        for name, value in {**api.cloud(), "KODISC_HOME": str(home)}.items():
            monkeypatch.setenv(name, value)
        yield api
        assert api.requests == [], "a picture costs nothing and asks nobody"


@pytest.fixture
def kernel(cloud, monkeypatch):
    """A kernel's state, in plain Python; ``render()`` takes it, too."""
    kernel = KernelState(KodiscMagics(quality="low", checks_off="semantics"))
    monkeypatch.setattr("kodisc_jupyter.notebook.kernel.current_kernel", lambda: kernel)
    yield kernel
    kernel.close()


def render(code, **options):
    import kodisc_jupyter

    return kodisc_jupyter.render(code, **options)


def run(kernel, line, code):
    """Run a cell as the magic does; what its line says counts."""
    return run_cell(kernel, code, parse(line), line=f"%%kodisc {line}")


def array(png):
    with Image.open(io.BytesIO(png)) as picture:
        return np.array(picture.convert("RGBA"))


def test_stills_are_the_videos_frames_bit_by_bit(kernel, manims_frames):
    """One test, so that no second worker has Manim draw the frames again."""
    for scene in SCENES:
        frames = manims_frames[scene]
        end_s = len(frames) / 15
        last = render(CODE, scene=scene, still=True)
        stills = render(CODE, scene=scene, at=[0, 0.2, end_s])
        for still, number in zip((last, *stills), (-1, 0, 3, -1), strict=True):
            assert (still.width, still.height) == (854, 480), scene
            assert np.array_equal(array(still.png), frames[number]), (scene, number)
        assert [round(still.time_s * 15) for still in stills] == [0, 3, len(frames) - 1], scene


def test_a_still_has_the_size_of_its_quality_and_shape(kernel):
    code = cell("sized", "self.add(Circle())").text
    assert array(render(code, still=True, quality="medium").png).shape == (720, 1280, 4)
    upright = render(code, still=True, aspect="9:16")
    assert array(upright.png).shape == (854, 480, 4)


def test_pictures_are_saved_one_by_one_and_named(kernel, tmp_path, capsys):
    code = cell("saved", "self.play(Create(Square()))").text
    run(kernel, f"--still --save {tmp_path}/end.png", code)
    run(kernel, f"--at 0 --at 0.5 --save {tmp_path}/steps", code)
    run(kernel, f"--still --save {tmp_path}/", code)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["Tried.png", "end.png", "steps-1.png", "steps-2.png"]
    assert (tmp_path / "Tried.png").read_bytes() == (tmp_path / "end.png").read_bytes()
    assert "Tried · last frame, at 0.93 s · 854×480" in capsys.readouterr().out
    run(kernel, f"Stopped Skips --still --alt one --alt two --save {tmp_path}/", CODE)
    assert {"Stopped.png", "Skips.png"} <= {path.name for path in tmp_path.iterdir()}


def test_a_time_behind_the_end_is_refused_with_the_scenes_length(kernel):
    code = cell("short", "self.wait(2)").text
    for at, said in (("2.5", r"2\.5"), ("1e308", r"1e\+308")):
        with pytest.raises(
            SceneCheckError, match=f"lasts 2 s; it has no frame at {said} s"
        ) as late:
            run(kernel, f"--at {at}", code)
        (found,) = late.value.diagnostics
        assert (found.origin, found.line) == ("options", 1)
        assert "from 0 to 2" in found.hint


def test_a_scene_that_fails_is_shown_at_its_line(kernel):
    with pytest.raises(SceneCheckError) as stopped:
        run(kernel, "--still", cell("fails", "self.wait(1)", "self.wiat(1)").text)
    (found,) = stopped.value.diagnostics
    assert (found.origin, found.line) == ("cell", 7)
    assert "--no-rehearsal" not in found.hint


def test_what_is_wrong_only_here_says_how_to_get_the_picture_from_kodisc(kernel):
    with pytest.raises(SceneCheckError) as stopped:
        run(kernel, "--still", "import not_installed_here\n" + cell("m", "self.wait(1)").text)
    assert "save its last frame" in stopped.value.diagnostics[0].hint


@pytest.mark.parametrize("drawn", ["from noted states", "at once"])
def test_a_scene_without_end_gives_earlier_frames_and_no_last_one(kernel, monkeypatch, drawn):
    monkeypatch.setattr("kodisc_jupyter.notebook.rehearsal.playing.ALONE_LIMIT_S", 3.0)
    kernel.settings.rehearsal_limit = 3.0
    behind = ("self.camera.pixel_array",) if drawn == "at once" else ()
    endless = cell(
        "endless", *behind, "while True:", "    self.play(Rotate(Square()), run_time=0.2)"
    ).text
    assert render(endless, at=0.4).time_s == pytest.approx(0.4)
    with pytest.raises(NoPictureError, match="it was not over") as stopped:
        run(kernel, "--still", endless)
    assert "--at S" in stopped.value.hint
    assert "nothing was charged" in str(stopped.value)


def test_ctrl_c_while_it_is_drawn_is_said(kernel, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kodisc_jupyter.notebook.rehearsal.playing.rehearse", interrupted)
    with pytest.raises(SubmissionInterruptedError, match="Nothing was sent, so nothing was"):
        run(kernel, "--still", cell("stopped", "self.wait(1)").text)


BOARD = cell(
    "board",
    "s = Square()",
    "self.play(Create(VGroup(s)))",
    "self.wait()",
    "self.play(s.animate.shift(UP), run_time=2)",
    "self.play(FadeIn(Text('words'), VGroup(*[Dot(RIGHT * n) for n in range(5)])), run_time=0.2)",
).text


def test_a_storyboard_has_a_picture_for_each_animation_with_its_time_and_line(kernel):
    board = render(BOARD, storyboard=True)
    told = [(one.start_s, one.end_s, one.line) for one in board.pictures]
    assert told == [(0, 1, 6), (2, 4, 8), (4, 4.2, 9)]
    assert board.animations == 3
    html = board.html()
    assert html.count("<img ") == 3
    assert "Create(Square)" in html
    assert "animate(Square)" in html
    assert "FadeIn(Text(&#x27;words&#x27;), 5&nbsp;×&nbsp;Dot)" in html
    settled = board.pictures[2]
    assert (settled.width, settled.height) == (480, 270)
    assert array(settled.content)[..., :3].max() > 200, (
        "the text is there when its animation has ended"
    )


def test_rehearse_alone_shows_the_storyboard(kernel, capsys):
    run(kernel, "--rehearse", BOARD)
    said = capsys.readouterr().out
    assert "3 animations." in said
    assert "2.  2.0–4.0 s  line 9  animate(Square)" in said
    assert render(BOARD, rehearse=True).storyboard.animations == 3


def test_a_storyboard_of_hundreds_is_small_enough_and_says_what_it_left_out(kernel):
    code = cell(
        "many",
        "squares = [Square(color=c) for c in (RED, BLUE, GREEN)]",
        "self.add(*squares)",
        "for n in range(70):",
        "    self.play(squares[n % 3].animate.rotate(n).move_to([n % 7 - 3, n % 5 - 2, 0]), run_time=0.1)",
    ).text
    board = render(code, storyboard=True)
    bundle = board._repr_mimebundle_()
    assert 24 <= len(board.pictures) <= 48
    assert f"{len(board.pictures)} of 70 pictures are shown" in re.sub("<[^>]*>", "", board.html())
    assert board.pictures[-1].end_s == pytest.approx(board.seconds, abs=0.1)
    assert sum(len(content) for content in bundle.values()) <= 400_000
