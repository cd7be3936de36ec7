"""Scenes of all kinds, rendered for real, and compared frame by frame with Manim's own."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import requests
from PIL import Image

pytestmark = pytest.mark.render

HERE = Path(__file__).parent
CODE = (HERE / "scenes.py").read_text()
NAMES = [line[6:].split("(")[0] for line in CODE.splitlines() if line.startswith("class ")]
UPRIGHT = ["EdgesTouched", "TextWritten", "FunctionPlotted"]
BY_COMMAND = ["ShapesCreated", "MathTexFormula"]
TOLERANCE = 2.5
"""Mean difference of two pictures, in 255ths: two encoders' noise, and no more."""

STILL = {"NothingMoves"}

SIZED = [
    *("TextWritten", "PlaneWarped", "CameraTurnsByItself", "UpdaterFollows", "ManyTogether"),
    *("SectionsWithSound", "RandomUpdatersUntil", "PicturesChangeOrder", "WindowZoomsAround"),
]

UPRIGHT_CONFIGURATION = f"""[CLI]
pixel_width = 480
pixel_height = 854
frame_width = 8
frame_height = {128 / 9}
"""

TINY = """from manim import *
class Tiny(Scene):
    def construct(self):
        self.play(Create(Square(fill_opacity=1)), run_time=0.1)
"""


@dataclass(frozen=True)
class Video:
    """What PyAV finds in a file."""

    width: int
    height: int
    fps: Fraction
    frames: list[np.ndarray]
    sound_s: float | None
    codec: str
    pixels: str

    @property
    def seconds(self) -> float:
        return float(len(self.frames) / self.fps)


def look(path: Path) -> Video:
    if path.suffix == ".png":
        with Image.open(path) as image:
            frame = np.asarray(image.convert("RGB"))
        return Video(frame.shape[1], frame.shape[0], Fraction(1), [frame], None, "png", "rgb24")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        sound = container.streams.audio[0] if container.streams.audio else None
        return Video(
            stream.codec_context.width,
            stream.codec_context.height,
            Fraction(stream.average_rate),
            frames,
            None if sound is None else float(sound.duration * sound.time_base),
            stream.codec_context.name,
            stream.codec_context.pix_fmt,
        )


def sound(path: Path) -> np.ndarray:
    """The samples that are heard."""
    with av.open(str(path)) as container:
        return np.concatenate([each.to_ndarray().ravel() for each in container.decode(audio=0)])


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two pictures of one size, in 255ths."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@dataclass(frozen=True)
class Rendered:
    """What the server made of a scene, and what Manim itself makes of it."""

    folder: Path
    manims_own: Path

    @property
    def video(self) -> Video:
        return look(self.folder / "video.mp4")

    @property
    def reference(self) -> Video:
        return look(next(self.manims_own.glob(f"{self.folder.name}.*")))


@contextlib.contextmanager
def references(folder: Path):
    """Manim's own files, made in other processes meanwhile; they are there when the block ends."""
    running = []
    for shape, names in (("wide", NAMES), ("upright", UPRIGHT)):
        out = folder / f"manims-{shape}"
        out.mkdir()
        if shape == "upright":
            (out / "manim.cfg").write_text(UPRIGHT_CONFIGURATION)
        with (out / "log").open("wb") as log:
            command = [sys.executable, str(HERE / "reference.py"), str(out), *names]
            running.append((subprocess.Popen(command, cwd=out, stderr=log), out / "log"))
    try:
        yield
        for process, log in running:
            assert process.wait() == 0, log.read_text()
    finally:
        for process, _ in running:
            process.kill()
            process.wait()


def make(folder: Path, server) -> None:
    """Every scene by the server, all enqueued at once."""
    jobs = {folder / "wide" / name: server.post(CODE, name) for name in NAMES}
    for name in UPRIGHT:
        jobs[folder / "upright" / name] = server.post(CODE, name, aspectRatio="9:16")
    for place, job_id in jobs.items():
        job = server.wait(job_id)
        assert job["status"] == "completed", job["error"]
        place.mkdir(parents=True)
        for url in job["result"].values():
            server.fetch(url, place / url.rsplit("/", 1)[-1])


@pytest.fixture(scope="module")
def rendered(request, tmp_path_factory, wait_until):
    """Every scene: the first of pytest's workers that needs them makes them for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "scenes"
    over, failed = folder / "over", folder / "failed"
    try:
        folder.mkdir()
    except FileExistsError:
        wait_until(lambda: over.exists() or failed.exists())
        assert not failed.exists(), "another worker could not make the scenes"
    else:
        try:
            with references(folder):
                make(folder, request.getfixturevalue("server"))
        except BaseException:
            failed.touch()
            raise
        over.touch()
    return lambda name, shape="wide": Rendered(folder / shape / name, folder / f"manims-{shape}")


def test_there_are_scenes_of_forty_kinds():
    assert len(set(NAMES)) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_looks_as_manim_itself_renders_it(rendered, name):
    ours, theirs = rendered(name).video, rendered(name).reference

    assert (ours.width, ours.height, ours.fps) == (854, 480, 15)
    assert (ours.codec, ours.pixels) == ("h264", "yuv420p")
    assert (theirs.width, theirs.height) == (854, 480)
    if name in STILL:
        assert ours.seconds == 1
    else:
        assert len(ours.frames) == len(theirs.frames)
    for mine, own in itertools.zip_longest(ours.frames, theirs.frames, fillvalue=theirs.frames[-1]):
        assert difference(mine, own) < TOLERANCE
    assert ours.frames[-1].std() > 1, "an empty picture proves nothing"


@pytest.mark.parametrize("name", NAMES)
def test_the_thumbnail_shows_something(rendered, name):
    with Image.open(rendered(name).folder / "thumb.jpg") as thumbnail:
        assert thumbnail.format == "JPEG"
        assert thumbnail.size == (854, 480)
        assert np.asarray(thumbnail).std() > 2


@pytest.mark.parametrize("name", UPRIGHT)
def test_an_upright_frame_is_eight_units_wide_and_nothing_falls_outside(rendered, name):
    upright = rendered(name, "upright")
    ours, theirs = upright.video, upright.reference

    assert (ours.width, ours.height, ours.fps) == (480, 854, 15)
    assert len(ours.frames) == len(theirs.frames)
    assert difference(ours.frames[-1], theirs.frames[-1]) < TOLERANCE
    edges = np.concatenate([ours.frames[-1][[0, -1]].ravel(), ours.frames[-1][:, [0, -1]].ravel()])
    assert edges.max() < 40, "something touches the edge of the frame"


def test_what_is_moved_to_the_edges_of_an_upright_frame_is_there(rendered):
    last = rendered("EdgesTouched", "upright").video.frames[-1].max(axis=2) > 100

    rows, columns = np.flatnonzero(last.any(axis=1)), np.flatnonzero(last.any(axis=0))
    assert rows[0] < 20
    assert rows[-1] > 854 - 20
    assert columns[0] < 20
    assert columns[-1] > 480 - 20


def test_the_manim_command_makes_the_same_pictures(rendered, tmp_path):
    command = [sys.executable, "-m", "manim", "-ql", "--media_dir", str(tmp_path)]
    subprocess.run(
        [*command, str(HERE / "scenes.py"), *BY_COMMAND],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    for name in BY_COMMAND:
        ours = rendered(name).video
        theirs = look(tmp_path / f"videos/scenes/480p15/{name}.mp4")
        assert len(ours.frames) == len(theirs.frames)
        assert all(
            difference(*pair) < TOLERANCE for pair in zip(ours.frames, theirs.frames, strict=True)
        )


@pytest.mark.parametrize(
    ("quality", "aspect", "size", "fps"),
    [
        (None, None, (1280, 720), 30),
        ("medium", "9:16", (720, 1280), 30),
        ("high", "16:9", (1920, 1080), 30),
        ("twok", "16:9", (2560, 1440), 30),
        ("fourk", "16:9", (3840, 2160), 30),
    ],
)
def test_each_quality_has_the_size_and_speed_of_the_api_page(
    server, tmp_path, quality, aspect, size, fps
):
    options = {"quality": quality, "aspectRatio": aspect}
    body = {name: value for name, value in options.items() if value}
    answer = server.call("POST", "/render", json={"code": TINY, "className": "Tiny", **body})
    job = server.wait(answer.json()["jobId"])
    assert job["status"] == "completed", job["error"]

    video = look(server.fetch(job["result"]["video"], tmp_path / "video.mp4"))
    assert (video.width, video.height) == size
    assert video.fps == fps
    assert len(video.frames) == 3


@pytest.mark.parametrize("fps", [10, 24, 60])
def test_frames_per_second_are_as_asked(server, tmp_path, fps):
    code = TINY.replace("0.1", "0.5")
    job = server.completed(code, "Tiny", fps=fps)
    video = look(server.fetch(job["result"]["video"], tmp_path / "video.mp4"))

    assert (video.width, video.height) == (854, 480)
    assert video.fps == fps
    assert len(video.frames) == fps // 2


def test_settings_in_the_code_change_colours_but_not_the_size(server, tmp_path):
    settings = "config.pixel_width = 100\nconfig.frame_rate = 3\nconfig.background_color = BLUE\n"
    code = TINY.replace("class", settings + "class")
    job = server.completed(code, "Tiny")
    video = look(server.fetch(job["result"]["video"], tmp_path / "video.mp4"))

    assert (video.width, video.height, video.fps) == (854, 480, 15)
    red, _, blue = video.frames[0][5, 5]
    assert blue > red + 50


@pytest.mark.parametrize("name", ["SoundPlayed", "SectionsWithSound"])
def test_sound_is_kept_and_in_step(rendered, name):
    sound_s = rendered(name).video.sound_s

    assert sound_s is not None
    assert sound_s == rendered(name).reference.sound_s
    heard = sound(rendered(name).folder / "video.mp4")
    assert np.abs(heard).max() > 0.1
    assert np.array_equal(heard, sound(rendered(name).manims_own / f"{name}.mp4"))


def test_files_are_hardly_larger_than_those_that_manim_joins(server, rendered, tmp_path):
    """What comes in pieces, and what Manim draws and joins itself, with the same encoder."""
    left_to_manim = f"{CODE}\n# cairo: code that reaches behind the camera is left to Manim\n"
    jobs = {name: server.post(left_to_manim, name) for name in SIZED}
    whole = {name: server.wait(job_id)["result"]["video"] for name, job_id in jobs.items()}
    theirs = [server.fetch(whole[name], tmp_path / name).stat().st_size for name in SIZED]
    ours = [(rendered(name).folder / "video.mp4").stat().st_size for name in SIZED]

    assert sum(ours) <= 1.1 * sum(theirs), (ours, theirs)


def test_other_scenes_have_no_sound(rendered):
    assert rendered("ShapesCreated").video.sound_s is None


def test_subcaptions_become_captions(rendered):
    captions = (rendered("SubcaptionsAdded").folder / "captions.vtt").read_text()

    assert captions == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:00.300\nA circle &amp; &lt;nothing&gt; else\n\n"
        "00:00:00.400 --> 00:00:00.600\nand a square\n"
    )


def test_without_subcaptions_the_captions_are_an_empty_webvtt(rendered):
    assert (rendered("ShapesCreated").folder / "captions.vtt").read_text() == "WEBVTT\n"


def test_a_scene_without_animation_is_a_still_video_of_a_second(rendered):
    video = rendered("NothingMoves").video

    assert len(video.frames) == 15
    assert difference(video.frames[0], video.frames[-1]) < 1


def test_the_same_formula_is_typeset_once_and_looks_the_same(server, tmp_path):
    code = (
        "from manim import *\nclass F(Scene):\n  def construct(self):\n"
        "    self.add(MathTex(r'e^{i\\pi} + 1 = 0'))\n    self.wait(0.1)\n"
    )
    pictures = []
    for number in range(2):
        job = server.completed(code, "F")
        video = look(server.fetch(job["result"]["video"], tmp_path / f"{number}.mp4"))
        pictures.append(video.frames[-1])

    assert difference(*pictures) == 0
    assert pictures[0].std() > 1


def test_files_are_served_in_ranges_with_tags_and_the_right_types(server):
    result = server.completed(TINY, "Tiny")["result"]
    whole = requests.get(result["video"], timeout=60)
    part = requests.get(result["video"], headers={"Range": "bytes=10-19"}, timeout=60)
    same = requests.get(
        result["video"], headers={"If-None-Match": whole.headers["ETag"]}, timeout=60
    )
    beyond = requests.get(result["video"], headers={"Range": "bytes=99999999-"}, timeout=60)
    head = requests.head(result["video"], timeout=60)

    assert (whole.status_code, part.status_code, same.status_code) == (200, 206, 304)
    assert part.content == whole.content[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.content)}"
    assert beyond.status_code == 416
    assert beyond.json()["error"] == "range_not_satisfiable"
    assert head.headers["Content-Length"] == str(len(whole.content))
    types = [requests.head(url, timeout=60).headers["Content-Type"] for url in result.values()]
    assert types == ["video/mp4", "image/jpeg", "text/vtt; charset=utf-8"]


PLUGIN = Path(__file__).parents[2] / "build" / "plugin"
PIE = """from manim import *
from manim_kodisc import PiChart
class Pie(Scene):
    def construct(self):
        self.play(FadeIn(PiChart({"a": 1, "b": 3}, [PURE_BLUE, PURE_RED], show_labels=False)))
"""


@pytest.mark.skipif(
    not (PLUGIN / "manim_kodisc").is_dir(), reason="make test installs it, for Python 3.11 or newer"
)
def test_kodiscs_own_plugin_can_be_used(start_server, tmp_path):
    server = start_server("--workers", 1, environment={"PYTHONPATH": str(PLUGIN)})
    job = server.completed(PIE, "Pie")
    last = look(server.fetch(job["result"]["video"], tmp_path / "video.mp4")).frames[-1]

    red, blue = (np.count_nonzero(last[:, :, channel] > 150) for channel in (0, 2))
    assert red == pytest.approx(3 * blue, rel=0.05)
    assert blue > 1000


def test_scenes_are_rendered_by_several_processes_at_once(server, wait_until, tmp_path):
    code = (
        "import os, time\nfrom pathlib import Path\nfrom manim import *\n"
        "class Meet(Scene):\n  def construct(self):\n"
        f"    here = Path({str(tmp_path)!r})\n"
        "    (here / str(os.getpid())).touch()\n"
        "    while len(list(here.iterdir())) < 2: time.sleep(0.01)\n"
        "    self.add(Dot())\n"
    )
    with ThreadPoolExecutor(2) as both:
        jobs = list(both.map(lambda _: server.render(code, "Meet"), range(2)))

    assert [job["status"] for job in jobs] == ["completed", "completed"]
