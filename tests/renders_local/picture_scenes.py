"""Scenes whose last frame, and frames in between, are drawn as stills and by Manim itself."""

CODE = """from manim import *


class Plain(Scene):
    def construct(self):
        c = Circle()
        self.play(Create(c), Write(Text("hello").to_edge(UP)), run_time=0.6)
        self.play(c.animate.shift(RIGHT * 2), run_time=0.4)
        self.wait(0.5)
        self.play(Transform(c, Square()), run_time=0.4)


class Moved(MovingCameraScene):
    def construct(self):
        self.add(NumberPlane(), Dot())
        self.play(self.camera.frame.animate.scale(0.5).move_to(RIGHT), run_time=0.6)
        self.add(Square())


class Zoomed(ZoomedScene):
    def construct(self):
        dot = Dot().shift(UL * 2)
        self.add(dot, Circle())
        self.activate_zooming(animate=False)
        self.play(dot.animate.shift(RIGHT), run_time=0.4)


class Turned(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=60 * DEGREES, theta=30 * DEGREES)
        self.add(Surface(lambda u, v: np.array([u, v, u * v / 4]), resolution=6))
        self.add_fixed_in_frame_mobjects(Text("fixed"))
        self.begin_ambient_camera_rotation(rate=0.5)
        self.wait(0.6)


class Stopped(Scene):
    def construct(self):
        d = Dot().add_updater(lambda m, dt: m.shift(RIGHT * dt))
        self.add(d)
        self.wait_until(lambda: d.get_x() > 0.4, max_time=3)


class Skips(Scene):
    def construct(self):
        self.play(FadeIn(Square()), run_time=0.4)
        self.next_section(skip_animations=True)
        self.play(FadeIn(Circle()))


class LongThenShort(Scene):
    def construct(self):
        c = Circle()
        self.play(Create(c), run_time=0.6)
        self.play(c.animate(rate_func=linear).shift(RIGHT), run_time=0.2)
        self.remove(c)


class OwnBackground(Scene):
    def construct(self):
        self.camera.background = self.camera.background // 2 + 60
        self.play(GrowFromCenter(Star()), run_time=0.4)
"""
SCENES = (
    "Plain",
    "Moved",
    "Zoomed",
    "Turned",
    "Stopped",
    "Skips",
    "LongThenShort",
    "OwnBackground",
)

MANIM = f"""
import sys
import numpy as np
from kodisc_jupyter.stage import manim_patches
manim_patches.pictures_with_new_pillow()
from manim import tempconfig
from manim.scene.scene_file_writer import SceneFileWriter

write_frame = SceneFileWriter.write_frame

def note(writer, pixels, *repeated, **named):
    frames.extend([np.array(pixels)] * max([1, *repeated, *named.values()]))
    write_frame(writer, pixels, *repeated, **named)

SceneFileWriter.write_frame = note
exec(sys.stdin.read())
for name in {SCENES!r}:
    frames = []
    settings = dict(pixel_width=854, pixel_height=480, frame_rate=15, media_dir="media",
                    verbosity="ERROR", progress_bar="none", disable_caching=True)
    with tempconfig(settings):
        globals()[name]().render()
    np.savez(name, *frames)
"""
"""Renders the scenes as plain Manim does, and keeps each frame as its encoder is given it."""
