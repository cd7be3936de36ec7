"""Files that are sent inside the code, found by real Manim wherever it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import wave

import av
import pytest
from PIL import Image

from kodisc_jupyter.notebook.source.file_reader import read_files
from kodisc_jupyter.scene.cell import assemble

pytestmark = pytest.mark.render

PILLOW_13 = """
from PIL import Image

def fromarray(array, mode=None, own=Image.fromarray):
    return Image.new("RGBA", array.shape[::-1]) if array.ndim == 2 else own(array, mode)

Image.fromarray = fromarray
"""
"""Manim 0.22 cannot show a picture with Pillow 13: what a plain Manim has to be told."""

CODE = """\
from manim import *
import csv


class WithFiles(Scene):
    def construct(self):
        with open("data/points.csv") as file:
            heights = [float(row["height"]) for row in csv.DictReader(file)]
        bars = VGroup(*(Rectangle(height=h, width=1, fill_opacity=1) for h in heights)).arrange()
        self.add_sound("click.wav")
        self.add(SVGMobject("logo.svg").to_edge(UP), ImageMobject("img/red.png").to_edge(DOWN))
        self.play(Create(bars), run_time=0.4)
"""
COMMAND = ["-ql", "--disable_caching", "scene.py", "WithFiles"]


@pytest.fixture(scope="module")
def code_with_files(tmp_path_factory):
    """What is sent with ``--file logo.svg --file img --file data --file click.wav``."""
    folder = tmp_path_factory.mktemp("notebook")
    for name in ("data", "img"):
        (folder / name).mkdir()
    (folder / "data" / "points.csv").write_text("height\n1\n2\n1.5\n")
    (folder / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="lime"/></svg>'
    )
    Image.new("RGB", (40, 20), "red").save(folder / "img" / "red.png")
    with wave.open(str(folder / "click.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\x10\x20" * 2000)
    sent = read_files(["logo.svg", "img", "data", "click.wav"], folder)
    return assemble(CODE, files=sent).code


def check(path):
    """There is sound; the red picture, the green drawing and the white bars are seen."""
    with av.open(str(path)) as video:
        assert video.streams.audio
        *_, last = (frame.to_ndarray(format="rgb24") for frame in video.decode(video=0))
    red, green, blue = (last[..., part].astype(int) for part in range(3))
    assert ((red > 180) & (green < 60)).any()
    assert ((green > 180) & (red < 60)).any()
    assert ((red > 180) & (green > 180) & (blue > 180)).any()


def test_sent_files_are_found_by_the_scene_on_this_machine(server, code_with_files, tmp_path):
    job = server.completed(code_with_files, "WithFiles")
    check(server.fetch(job["result"]["video"], tmp_path / "here.mp4"))


def test_sent_files_are_found_by_plain_manim_in_an_empty_folder(code_with_files, tmp_path):
    """Once where nothing stands in the way, once where another file has a sent one's name."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(PILLOW_13)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for own in (None, "my own\n"):
        folder = tmp_path / ("empty" if own is None else "full")
        folder.mkdir()
        (folder / "scene.py").write_text(code_with_files)
        if own is not None:
            (folder / "logo.svg").write_text(own)
        run = subprocess.run(
            [sys.executable, "-m", "manim", *COMMAND],
            cwd=folder,
            capture_output=True,
            text=True,
            env=environment,
            timeout=240,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        check(folder / "media/videos/scene/480p15/WithFiles.mp4")
        assert own is None or (folder / "logo.svg").read_text() == own
