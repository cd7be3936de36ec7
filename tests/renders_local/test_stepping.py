"""Stepping without drawing: the same states as a real render, and what is told on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOLD = """
import json, sys, wave
from manim import *
from kodisc_jupyter.stage import frame_settings
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher, step
from kodisc_jupyter.stage.task import RenderTask

frame_settings.set_frame(RenderTask("", "", "", 96, 54, 10))
with wave.open("beep.wav", "wb") as sound:
    sound.setparams((1, 2, 8000, 800, "NONE", ""))
    sound.writeframes(bytes(1600))

CODE = '''
from manim import *
class Told(Scene):
    def construct(self):
        square = Square()
        self.play(Create(square), run_time=0.5, subcaption="a square")
        self.next_section("middle")
        self.add_sound("beep.wav", time_offset=0.1)
        self.turned(square)
        self.seen = self.renderer.get_frame().max(), self.camera.get_image().size
        self.next_section("left out", skip_animations=True)
        self.wait(5)
        self.next_section("end")
        self.wait(1)

    def turned(self, square):
        self.play(Rotate(square), FadeOut(square), run_time=1)
'''
names = {}
exec(compile(CODE, "scene.py", "exec"), names)

class Drawing(Watcher):
    lit, shapes, frames = [], set(), 0
    def frame(self, stepping, repeat):
        self.frames += 1
        self.shapes.add(stepping.draw().shape)

drawing = Drawing()
record = step(names["Told"], drawing)
json.dump({
    "animations": [[a.line, list(a.lines), a.start_s, a.frames, a.skipped, a.frozen, a.animations]
                   for a in record.animations],
    "sections": [[s.name, s.start_s, s.skipped] for s in record.sections],
    "sounds": [[s.path, s.start_s, s.lines] for s in record.sounds],
    "subcaptions": [[c.text, c.start_s, c.end_s] for c in record.subcaptions],
    "frames": record.frames, "seconds": record.seconds, "drawn": drawing.frames,
    "shapes": sorted(drawing.shapes),
    "seen": [int(record.scene.seen[0]), record.scene.seen[1]],
}, sys.stdout)
"""


def said_by(program, *arguments, cwd=None):
    """What a program prints that imports Manim, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return json.loads(said_by(TOLD, cwd=tmp_path_factory.mktemp("told")))


def test_each_animation_is_told_with_its_line_and_its_time(told):
    assert told["animations"] == [
        [6, [6], 0.0, 5, False, False, ["Create(Square)"]],
        [17, [9, 17], 0.5, 10, False, False, ["Rotate(Square)", "FadeOut(Square)"]],
        [12, [12], 1.5, 0, True, True, ["Wait(Mobject)"]],
        [14, [14], 1.5, 10, False, True, ["Wait(Mobject)"]],
    ]
    assert (told["frames"], told["seconds"]) == (25, 2.5)


def test_sections_sounds_and_subcaptions_have_their_times_in_the_video(told):
    assert told["sections"] == [
        ["autocreated", 0.0, False],
        ["middle", 0.5, False],
        ["end", 1.5, False],
    ]
    assert told["sounds"] == [["beep.wav", 0.6, [8]]]
    assert told["subcaptions"] == [["a square", 0.0, 0.5]]


def test_a_frozen_wait_is_one_frame_and_each_frame_can_be_drawn(told):
    assert told["drawn"] == 5 + 10 + 1
    assert told["shapes"] == [[54, 96, 4]]


def test_a_scene_that_asks_for_its_picture_gets_it(told):
    assert told["seen"] == [255, [96, 54]]


def test_states_and_frames_of_manims_documented_scenes_and_of_odd_ones_are_those_of_a_real_render():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "compare_states.py"), "--every", "40"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 different, 0 failed" in done.stdout


REACHING = """
import json, sys
from unittest.mock import patch
from manim import *
from kodisc_jupyter.stage.video import can_be_stepped

def is_stepped(line):
    code = f"from manim import *\\nclass A(ThreeDScene):\\n    def construct(self):\\n        {line}"
    names = {"__name__": "scene"}
    exec(code, names)
    return can_be_stepped(names["A"], code)

said = {line: is_stepped(line) for line in sys.argv[1:]}
for camera, name in ((ThreeDCamera, "get_zoom"), (MovingCamera, "get_cached_cairo_context")):
    with patch.object(camera, name, lambda *_: None):
        said[name] = is_stepped("self.wait()")
json.dump(said, sys.stdout)
"""


def test_a_scene_that_changes_what_a_camera_does_is_left_to_manim():
    expected = {
        "ThreeDCamera.get_zoom(self.camera) == self.camera.get_zoom() == 2": True,
        "self.camera.project_point(ORIGIN)": True,
        "self.camera.get_zoom = lambda: 2.0": False,
        "self.camera.apply_stroke = print": False,
        "self.camera.set_cairo_context_path = print": False,
    }
    said = json.loads(said_by(REACHING, *expected))
    patched = {"get_zoom": False, "get_cached_cairo_context": False}
    assert said == expected | patched


BACKGROUNDS = """
from PIL import Image
from manim import Camera, ThreeDCamera
from kodisc_jupyter.stage import manim_patches

as_manim = Camera.init_background
manim_patches.fill_backgrounds_at_once()
Image.new("RGB", (96, 54), (9, 8, 7)).save("nine.png")
size = dict(pixel_width=96, pixel_height=54)
for kind in (Camera, ThreeDCamera):
    for told in (
        dict(background_color="#123456"),
        dict(background_color="#123456", background_opacity=0.5),
        dict(background_color="WHITE", background_opacity=0),
        dict(background_image="nine.png"),
    ):
        camera = kind(**size, **told)
        ours = camera.background
        as_manim(camera)
        theirs = camera.background
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), told
        assert (ours == theirs).all() and ours.flags.writeable and ours.flags.c_contiguous, told
"""


def test_a_background_is_filled_as_manim_fills_it(tmp_path):
    said_by(BACKGROUNDS, cwd=tmp_path)
