"""Step every example of Manim's docstrings, and hold what comes out against a real render.

    python scripts/compare_states.py [--every N] [--only NAME ...] [--keys]

After each animation every mobject's points are compared, and after the scene the times, the
random numbers and the last picture. Then every frame of the video, before it is encoded, pixel by
pixel: as Manim draws it, and as ours is drawn from its noted state; two different pictures with one
key are counted, too. Prints how long Manim's renders, the stepping and the drawing took.

With ``--keys`` nothing is compared: prints which share of a render's processor time goes into the
frames' keys, at medium size, and in which scenes it is largest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import manim_doc_examples
from manim_doc_examples import PRELUDE, Example

OWN = {
    "RandomUpdaters": """
import random
class RandomUpdaters(Scene):
    def construct(self):
        dots = VGroup(*[Dot(RIGHT * i) for i in range(3)])
        dots[0].add_updater(lambda d, dt: d.shift(dt * random.uniform(-1, 1) * UP))
        dots[1].add_updater(lambda d: d.set_x(np.random.rand()))
        follower = always_redraw(lambda: Line(dots[0].get_center(), dots[1].get_center()))
        self.add(dots, follower)
        self.wait(1.3)
        self.play(dots[2].animate.shift(UP), run_time=0.7)
        dots[0].clear_updaters()
        self.play(Rotate(dots), Create(Circle()), run_time=0.5)
        count = [0]
        def step(dt):
            count[0] += dt
        self.add_updater(step)
        self.wait_until(lambda: count[0] > 0.6, max_time=3)
        self.next_section("skipped", skip_animations=True)
        self.play(dots.animate.shift(LEFT))
        self.next_section("again")
        self.play(FadeOut(dots[1]), run_time=0.4)
        self.pause(0.5)
""",
    "PathsAndColors": """
class PathsAndColors(MovingCameraScene):
    def construct(self):
        words = Text('Gradient', gradient=(RED, BLUE)).shift(UP)
        square = Square(fill_opacity=1).set_color([RED, GREEN, BLUE]).set_sheen(0.3, UR)
        star = Star(stroke_width=8, color=YELLOW).set_stroke(PINK, 6, background=True)
        star.joint_type = LineJointType.ROUND
        nowhere, broken = Square(), VMobject()
        nowhere.points[3, 0] = np.nan
        broken.points = np.array(
            [[0.0, 0, 0], [1, 1, 0], [2, 0, 0], [2.5, 1, 0], [1, 1, 1], [2, 2, 2]]
        )
        twice = VGroup(VGroup(star), star)
        cuts = VMobject(tolerance_for_point_equality=-1, stroke_width=9).set_points(star.points)
        self.add(nowhere, broken, Annulus(color=GREEN).shift(3 * LEFT), twice, cuts)
        below = Square(stroke_width=0).set_stroke([RED, BLUE], 20, background=True)
        self.add(below.add(Dot(5 * RIGHT)))
        self.wait(0.2)
        below.submobjects.clear()
        dashes = DashedVMobject(Circle(radius=2))
        self.play(Create(words), Create(dashes), square.animate.set_sheen(-0.2, DOWN), run_time=0.5)
        self.play(self.camera.frame.animate.scale(0.6).shift(UP), FadeOut(words), run_time=0.5)

        class Cut(Circle):
            def get_subpath_split_indices_from_points(self, points, n_dims=3):
                return np.array([[0, 8], [8, len(points)]])

        cut = Cut().shift(RIGHT).set_fill(RED, 0.4)
        self.play(cut.animate.shift(UP), Uncreate(star), run_time=0.4)
""",
    "Solids": """
class Solids(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=70 * DEGREES, theta=30 * DEGREES, zoom=0.8)
        sphere = Sphere(resolution=(5, 4)).set_fill(BLUE, 0.7).shift(LEFT)
        cube = Cube(fill_opacity=0.8).shift(2 * RIGHT).set_color_by_gradient(RED, GREEN)
        label, tag = Text('label').to_corner(UL), Text('tag').next_to(cube, OUT)
        self.add_fixed_in_frame_mobjects(label)
        self.add_fixed_orientation_mobjects(tag)
        dot = Dot3D(RIGHT + OUT, color=RED, resolution=(3, 3))
        self.add(sphere, cube, tag, dot, Circle().set_shade_in_3d(True))
        self.move_camera(phi=20 * DEGREES, zoom=1.2, frame_center=RIGHT, run_time=0.4)
        self.renderer.camera.light_source.move_to(3 * IN)
        self.play(cube.animate.rotate(1, axis=UP), FadeOut(sphere), run_time=0.5)
""",
    "OddArrays": """
class OddArrays(Scene):
    def construct(self):
        flat, turned = Triangle(color=RED), Triangle(color=BLUE).shift(UP)
        flat.points, turned.points = flat.points[:, :2], turned.points.astype(complex)
        self.add(Circle(), flat)
        self.wait(0.2)
        self.add(turned)
        self.wait(0.2)
""",
    "OwnPlaces": """
class OwnPlaces(ThreeDScene):
    def construct(self):
        class Layer(Square):
            def get_z_index_reference_point(self):
                return self.get_center() + self.nearer * OUT

        class Card(Square):
            def get_anchors(self):
                return [p + vars(self).get('nearer', 0) * OUT for p in super().get_anchors()]

        for number, kind in enumerate([Layer, Layer, Card, Card]):
            own = kind(fill_opacity=1, color=[RED, BLUE][number % 2]).shift((number - 2) * RIGHT)
            own.nearer = 5 - 3 * number
            self.add(own.set_shade_in_3d(True))
        whole = Square(fill_opacity=1).set_shade_in_3d(True).shift(2 * DOWN)
        whole.fill_rgbas = np.array([[1, 0, 0, 1]])
        self.add(whole)
        self.move_camera(phi=20 * DEGREES, run_time=0.4)
""",
}
"""What the documentation has few of: random updaters, stop conditions, skipped sections, paths that
are broken, gradients, what stands or moves in space, and arrays and classes of mobjects' own."""


def digest(scene: Any) -> str:
    """A hash of all that stands in a scene: the classes and points, in their order."""
    told = hashlib.sha256()
    for mobject in scene.mobjects:
        for each in mobject.get_family():
            told.update(type(each).__name__.encode())
            told.update(each.points.tobytes())
    return told.hexdigest()[:12]


def played(example: Example) -> tuple[list[Any], list[Any]]:
    """The states of a real render, and a hash of each frame that is handed to the encoder."""
    from manim.renderer.cairo_renderer import CairoRenderer
    from manim.scene.scene_file_writer import SceneFileWriter

    states: list[Any] = []
    frames: list[Any] = []
    play, write_frame = CairoRenderer.play, SceneFileWriter.write_frame

    def play_and_note(renderer: Any, scene: Any, *args: Any, **kwargs: Any) -> None:
        play(renderer, scene, *args, **kwargs)
        states.append([digest(scene), round(renderer.time, 6)])

    def write_and_note(writer: Any, pixels: Any, *args: Any, **kwargs: Any) -> None:
        # How often the frame comes: the argument's name is another in each version.
        times = next(iter((*args, *kwargs.values())), 1)
        frames.extend([hash_of(pixels)] * times)
        write_frame(writer, pixels, *args, **kwargs)

    CairoRenderer.play, SceneFileWriter.write_frame = play_and_note, write_and_note
    try:
        scene = scene_class(example)()
        scene.render()
    finally:
        CairoRenderer.play, SceneFileWriter.write_frame = play, write_frame
    scene.renderer.static_image = None
    scene.renderer.update_frame(scene)
    return [*states, ending(scene, scene.renderer.get_frame())], frames


def stepped(example: Example) -> list[Any]:
    """The same, without drawing."""
    from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher

    states: list[Any] = []

    class Noting(Watcher):
        def animation_ended(self, stepping: Any, _animation: Any) -> None:
            states.append([digest(stepping.scene), round(stepping.renderer.time, 6)])

    stepping = Stepping(scene_class(example)(), Noting(), still_s=0)
    stepping.run()
    scene = stepping.scene
    scene.renderer.update_frame(scene)
    return [*states, ending(scene, scene.renderer.get_frame())]


def drawn_by_us(example: Example) -> tuple[list[Any], int, list[str]]:
    """The same by ours, how many keys there were, and which keys had several pictures."""
    from kodisc_jupyter.stage.drawing import copies, drawing, drawing_queue, frame_states, painter
    from kodisc_jupyter.stage.progress import ProgressWriter
    from kodisc_jupyter.stage.stepping.stepping import Stepping

    order: list[Any] = []
    pictures: dict[bytes, str] = {}
    several: list[str] = []

    class Painter(painter.Painter):
        def paint(self, state: Any) -> Any:
            pixels = super().paint(state)
            told = hash_of(pixels)
            if pictures.setdefault(state.key, told) != told:
                several.append(state.key.hex())
            return pixels

    class Noting(drawing.Drawing):
        def frame(self, stepping: Any, repeat: int) -> None:
            self.noted = None
            super().frame(stepping, repeat)
            if self.noted is not None:
                order.extend([self.noted] * repeat)

        def _draw_directly(self, stepping: Any, repeat: int) -> None:
            order.extend([hash_of(stepping.draw())] * repeat)
            super()._draw_directly(stepping, repeat)

    of_frame = frame_states.FrameStates.of_frame

    def of_frame_and_note(self: Any, *args: Any) -> Any:
        state = of_frame(self, *args)
        noting.noted = state.key
        return state

    frame_states.FrameStates.of_frame = of_frame_and_note
    drawing_queue.Painter = Painter
    progress = ProgressWriter(Path.cwd())
    spare = drawing.spare_store(progress.folder)
    noting = Noting(spare, progress, copies.Cores(None), spare=spare, fresh=True)
    stepping = Stepping(scene_class(example)(), noting, still_s=0)
    stepping.run()
    segments = noting.finish()
    assert sum(each.frames for each in segments) == len(order)
    keys = sum(isinstance(each, bytes) for each in order)
    return [pictures.get(each, each) for each in order], keys, several


def compare_both(example: Example) -> dict[str, Any]:
    """One example in this process: its states, then every frame."""
    from kodisc_jupyter.stage import manim_patches

    began = time.process_time()
    states, real = played(example)
    rendered = time.process_time()
    manim_patches.list_families_in_one_go()
    ours = stepped(example)
    stepped_at = time.process_time()
    frames, keys, several = drawn_by_us(example)
    ended = time.process_time()
    said = []
    if ours != states:
        pairs = enumerate(zip(states, ours, strict=False))
        where = next((number for number, (one, other) in pairs if one != other), "the count")
        said.append(f"{len(states)} and {len(ours)} states, different at {where}")
    wrong = [n for n, pair in enumerate(zip(real, frames, strict=False)) if pair[0] != pair[1]]
    if len(real) != len(frames):
        said.append(f"{len(real)} and {len(frames)} frames")
    elif wrong or several:
        said.append(
            f"{len(wrong)} of {len(real)} frames, the first {wrong[:3]}; {len(several)} keys"
        )
    return {
        "different": "; ".join(said),
        "real_s": rendered - began,
        "stepped_s": stepped_at - rendered,
        "drawn_s": ended - stepped_at,
        "frames": len(real),
        "covered": keys,
    }


def share_of_keys(example: Example) -> dict[str, Any]:
    """One example in this process: seconds of processor time for its keys, and for all of it."""
    from kodisc_jupyter.stage.drawing import copies, drawing, frame_states
    from kodisc_jupyter.stage.progress import ProgressWriter
    from kodisc_jupyter.stage.stepping.stepping import Stepping

    taken = [0.0]

    def timed(method: Any) -> Any:
        def call(*args: Any) -> Any:
            began = time.process_time()
            try:
                return method(*args)
            finally:
                taken[0] += time.process_time() - began

        return call

    for name in ("of_frame", "of_statics"):
        setattr(frame_states.FrameStates, name, timed(getattr(frame_states.FrameStates, name)))
    progress = ProgressWriter(Path.cwd())
    spare = drawing.spare_store(progress.folder)
    began = time.process_time()
    watcher = drawing.Drawing(spare, progress, copies.Cores(None), spare=spare)
    stepping = Stepping(scene_class(example)(), watcher)
    stepping.run()
    segments = watcher.finish()
    return {
        "different": "",
        "real_s": time.process_time() - began,
        "stepped_s": taken[0],
        "frames": sum(each.frames for each in segments),
    }


def hash_of(pixels: Any) -> str:
    """A short hash of a picture."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:12]


def ending(scene: Any, picture: Any) -> list[Any]:
    """How a scene ends: its mobjects, the random numbers, the last picture."""
    import numpy as np

    rolled = hashlib.sha256(repr(np.random.get_state()).encode()).hexdigest()[:12]  # noqa: NPY002
    return [digest(scene), rolled, hashlib.sha256(picture.tobytes()).hexdigest()[:12]]


def scene_class(example: Example) -> Any:
    """The example's class, defined anew."""
    names: dict[str, Any] = {"__name__": "scene"}
    exec(compile(PRELUDE + example.code, "scene.py", "exec"), names)  # noqa: S102
    return names[example.scene]


def compare(example: Example, *, keys: bool) -> dict[str, Any]:
    """One example in this process, which is a copy made for it."""
    import manim

    from kodisc_jupyter.stage import manim_patches

    manim_patches.pictures_with_new_pillow()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        manim.config.update(
            {
                "media_dir": str(Path(folder) / "media"),
                "pixel_width": 96,
                "pixel_height": 54,
                "frame_rate": 10,
                "progress_bar": "none",
                "verbosity": "CRITICAL",
                "disable_caching": True,
                "preview": False,
                "seed": 1,
            }
        )
        if keys:
            size = {"pixel_width": 1280, "pixel_height": 720, "frame_rate": 15}
            manim.config.update(size)
            manim_patches.list_families_in_one_go()
            return share_of_keys(example)
        return compare_both(example)


def in_a_copy(example: Example, *, keys: bool) -> dict[str, Any]:
    """As :func:`compare`, in a process of its own."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        try:
            answer = compare(example, keys=keys)
        except BaseException:
            import traceback

            answer = {"failed": traceback.format_exc()[-900:]}
        with os.fdopen(writer, "w") as out:
            json.dump(answer, out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.wait()
    return json.loads(text) if text else {"failed": "the process died"}


def main() -> None:
    """Compare what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="*", help="names of scenes")
    parser.add_argument("--keys", action="store_true", help="measure the keys' share instead")
    parser.add_argument("--every", type=int, default=1, help="take every Nth example")
    arguments = parser.parse_args()
    # Loaded once, for every copy
    import manim  # noqa: F401

    from kodisc_jupyter.stage.drawing import drawing  # noqa: F401
    from kodisc_jupyter.stage.stepping import stepping  # noqa: F401

    record = manim_doc_examples.recorded()
    work = [each for each in manim_doc_examples.examples() if each.key in record["renders"]]
    own = [Example(name, code, "own") for name, code in OWN.items()]
    work = own + work[:: arguments.every]
    work = [each for each in work if not arguments.only or each.scene in arguments.only]
    different = failed = frames = covered = 0
    real_s = stepped_s = drawn_s = 0.0
    shares: list[tuple[float, str, int]] = []
    for example in work:
        told = in_a_copy(example, keys=arguments.keys)
        if "failed" in told:
            failed += 1
            print(f"failed     {example.where} {example.scene}: {told['failed']}", flush=True)
            continue
        real_s, stepped_s = real_s + told["real_s"], stepped_s + told["stepped_s"]
        drawn_s += told.get("drawn_s", 0)
        frames += told.get("frames", 0)
        shares.append((told["stepped_s"] / told["real_s"], example.scene, told.get("frames", 0)))
        covered += told.get("covered", 0)
        if told["different"]:
            different += 1
            print(f"different  {example.where} {example.scene}: {told['different']}", flush=True)
    print(f"{len(work)} scenes: {different} different, {failed} failed")
    if arguments.keys:
        for share, scene, count in sorted(shares, reverse=True)[:10]:
            print(f"{share:6.1%}  {scene}, {count} frames")
        print(
            f"{stepped_s / real_s:6.1%}  of {real_s:.0f} s of processor time, all scenes together"
        )
        sys.exit(1 if failed else 0)
    print(f"{frames} frames, {covered} of them with a key")
    print(
        f"real {real_s:.1f} s, stepped {stepped_s:.1f} s, drawn {drawn_s:.1f} s of processor time"
    )
    sys.exit(1 if different or failed else 0)


if __name__ == "__main__":
    main()
