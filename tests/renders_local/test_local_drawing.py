"""Only what is new is drawn: the same frames from nothing, from what is kept, and after an edit."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import signal
from pathlib import Path

import av
import pytest
import requests

from kodisc_jupyter.local.options import cores

SCENES = (Path(__file__).parent / "scenes.py").read_text()

IN_ONE_PROCESS = SCENES.replace(
    "LAST = 1.0",
    "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    "LAST = 1.0",
)
"""A process with a second thread is not copied."""

CODE = """
from manim import *

class Lesson(Scene):
    def construct(self):
        squares = VGroup(*[Square(0.3, fill_opacity=0.5) for _ in range(12)]).arrange_in_grid(3)
        self.play(Create(squares), run_time=1)
        tracker = ValueTracker(0)
        number = always_redraw(lambda: DecimalNumber(tracker.get_value()).to_edge(UP))
        self.add(number)
        self.play(squares.animate.rotate(0.4), tracker.animate.set_value(3), run_time=2)
        self.wait(1)
        self.play(FadeOut(squares, shift=UP), run_time=1)
"""
EDITED = CODE.replace("shift=UP", "shift=DOWN")

HEAVY = """
from manim import *

class Heavy(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=60 * DEGREES)
        surface = Surface(
            lambda u, v: np.array([u, v, np.sin(u * v)]), u_range=[-3, 3], v_range=[-3, 3],
            resolution=(24, 24),
        )
        self.add(surface)
        self.begin_ambient_camera_rotation(rate=0.3)
        self.wait(60)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def drawing_server(start_for_module, folder):
    return start_for_module("--workers", 2, "--data-dir", folder / "data", "--sandbox", "off")


def frames(server, job, path):
    """A hash of each decoded frame."""
    server.fetch(next(iter(job["result"].values())), path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoded = list(container.decode(stream))
        steps = {after.pts - before.pts for before, after in itertools.pairwise(decoded)}
        assert len(steps) == 1, "a frame was lost or doubled"
        return [hashlib.sha256(each.to_ndarray().tobytes()).hexdigest() for each in decoded]


def segments(folder):
    return sorted((folder / "data" / "segments").rglob("*.segment"))


def drawn_anew(server, code, scene):
    """The ID of a render that uses nothing of what is kept."""
    body = {"code": code, "className": scene, "quality": "low"}
    answer = server.call("POST", "/render", json=body, headers={"X-Kodisc-Fresh": "1"})
    return answer.json()["jobId"]


def made(server, jobs, folder):
    """The frames of each job, by its scene's name."""
    folder.mkdir()
    found = {}
    for name, job_id in jobs.items():
        job = server.wait(job_id)
        assert job["status"] == "completed", job["error"]
        found[name] = frames(server, job, folder / f"{name}.mp4")
    return found


@pytest.fixture(scope="module")
def from_nothing(drawing_server, tmp_path_factory):
    job = drawing_server.completed(CODE, "Lesson")
    return frames(drawing_server, job, tmp_path_factory.mktemp("v") / "video.mp4")


def test_a_render_has_every_frame_and_is_kept_in_pieces(from_nothing, folder):
    assert len(from_nothing) == 75
    assert len(segments(folder)) >= 4


def test_the_same_scene_with_another_name_for_a_variable_is_the_same_and_draws_nothing(
    drawing_server, from_nothing, folder, tmp_path
):
    before = segments(folder)
    job = drawing_server.completed(CODE.replace("squares", "shapes"), "Lesson")
    assert frames(drawing_server, job, tmp_path / "v.mp4") == from_nothing
    assert segments(folder) == before


def test_after_an_edit_only_the_last_frames_are_others_and_all_are_as_if_drawn_from_nothing(
    drawing_server, from_nothing, folder, tmp_path
):
    before = len(segments(folder))
    edited = drawing_server.completed(EDITED, "Lesson")
    after_edit = frames(drawing_server, edited, tmp_path / "edit.mp4")
    assert after_edit[:60] == from_nothing[:60]
    assert after_edit[61:] != from_nothing[61:]
    assert len(segments(folder)) == before + 1
    job = drawing_server.wait(drawn_anew(drawing_server, EDITED, "Lesson"))
    assert frames(drawing_server, job, tmp_path / "anew.mp4") == after_edit


def test_scenes_of_every_kind_are_after_an_edit_as_if_drawn_from_nothing(
    drawing_server, folder, tmp_path
):
    """Sections, sound, pictures, order, random updaters, wait_until, zoom, 3D, prints.

    Drawn by copies of the process while it steps, and all at the end by the process itself.
    """
    kinds = SCENES.split("\n\n\n")
    names = [each[6:].split("(")[0] for each in kinds if each[:6] == "class " and "LAST" in each]
    assert len(names) == 6
    known = segments(folder)
    before = SCENES.replace("LAST = 1.0", "LAST = 0.5")
    jobs = {name: drawing_server.post(before, name) for name in names}
    others = made(drawing_server, jobs, tmp_path / "before")
    drawn = len(segments(folder)) - len(known)
    jobs = {name: drawing_server.post(SCENES, name) for name in names}
    edited = made(drawing_server, jobs, tmp_path / "edited")
    assert len(segments(folder)) - len(known) - drawn == len(names) < drawn / 2
    jobs = {name: drawn_anew(drawing_server, IN_ONE_PROCESS, name) for name in names}
    assert edited == made(drawing_server, jobs, tmp_path / "anew")
    for name in names:
        assert edited[name] != others[name]


def test_what_a_scene_prints_is_said_once(drawing_server):
    code = HEAVY.replace("self.wait(60)", "print('halfway')\n        self.wait(1)\n        1 / 0")
    code = code.replace("(24, 24)", "(6, 6)").replace(
        "self.add(", "print('begun', end='; ')\n        self.add("
    )
    said = drawing_server.failed(code, "Heavy")
    assert said.count("begun; halfway") == said.count("begun") == 1


def test_force_draws_everything_anew(drawing_server, from_nothing, folder):
    for path in segments(folder):
        path.touch()
    written = {path: path.stat().st_ino for path in segments(folder)}
    drawing_server.wait(drawn_anew(drawing_server, CODE, "Lesson"))
    again = [path for path, inode in written.items() if path.stat().st_ino != inode]
    assert len(again) >= 4


def test_damaged_pieces_are_drawn_again(drawing_server, from_nothing, folder, tmp_path):
    for path in segments(folder):
        path.write_bytes(path.read_bytes()[:-7] + b"damaged")
    job = drawing_server.completed(CODE, "Lesson")
    assert frames(drawing_server, job, tmp_path / "v.mp4") == from_nothing


def test_what_is_kept_can_be_counted_and_cleared_by_its_owner(drawing_server, from_nothing, folder):
    url = f"{drawing_server.origin}/local/segments"
    key = {"Authorization": f"Bearer {drawing_server.key}"}
    assert requests.get(url, timeout=60).status_code == 401
    said = requests.get(url, headers=key, timeout=60).json()
    assert said["segments"] == len(segments(folder))
    assert said["bytes"] == sum(path.stat().st_size for path in segments(folder))
    assert requests.post(url, headers=key, timeout=60).json() == {"removed": said["bytes"]}
    assert not segments(folder)


def test_progress_and_a_picture_are_there_while_it_renders_and_nothing_is_left_when_cancelled(
    drawing_server, wait_until, processes
):
    job_id = drawing_server.post(HEAVY, "Heavy")
    key = {"Authorization": f"Bearer {drawing_server.key}"}
    place = f"{drawing_server.origin}/local/jobs/{job_id}"

    def pictured():
        said = requests.get(f"{place}/progress", headers=key, timeout=60)
        return said.status_code == 200 and said.json()["preview"] and said.json()

    said = wait_until(pictured)
    assert said["frames"] >= 0
    picture = requests.get(f"{place}/preview.jpg", headers=key, timeout=60)
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert len(picture.content) <= 40_000
    assert requests.get(f"{place}/progress", timeout=60).status_code == 401
    forker = drawing_server.forker
    render = wait_until(lambda: processes.children(forker))[0]
    copies = wait_until(lambda: processes.children(render))
    stopped = requests.post(f"{place}/cancel", headers=key, timeout=60)
    assert stopped.status_code == 200
    wait_until(lambda: not any(processes.is_alive(pid) for pid in (render, *copies)))
    wait_until(
        lambda: requests.get(f"{place}/progress", headers=key, timeout=60).status_code == 404
    )


def test_copies_end_with_a_render_that_is_killed(drawing_server, wait_until, processes):
    job_id = drawing_server.post(HEAVY, "Heavy")
    render = wait_until(lambda: processes.children(drawing_server.forker))[0]
    copies = wait_until(lambda: processes.children(render))
    os.kill(render, signal.SIGKILL)
    wait_until(lambda: not any(processes.is_alive(pid) for pid in copies))
    assert drawing_server.wait(job_id)["status"] == "failed"


@pytest.mark.skipif(cores() < 2, reason="copies work on the cores that the render leaves")
def test_a_copy_that_is_killed_is_drawn_again(start_server, wait_until, processes, tmp_path):
    """By a server that has only just started: its first render makes copies like every other."""
    server = start_server("--workers", 2, "--data-dir", tmp_path / "data", "--sandbox", "off")
    short = HEAVY.replace("wait(60)", "wait(2)").replace("(24, 24)", "(9, 9)")
    job_id = server.post(short, "Heavy")
    render = wait_until(lambda: processes.children(server.forker))[0]
    os.kill(wait_until(lambda: processes.children(render))[0], signal.SIGKILL)
    job = server.wait(job_id)
    assert job["status"] == "completed", job["error"]
    assert not processes.children(server.forker)
    tokens = list((tmp_path / "data" / "cores").iterdir())
    assert len(tokens) == cores()
    for token in tokens:
        with token.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it any more
    undisturbed = server.wait(drawn_anew(server, short, "Heavy"))
    shown = frames(server, job, tmp_path / "killed.mp4")
    assert len(set(shown)) == len(shown) == 30
    assert shown == frames(server, undisturbed, tmp_path / "undisturbed.mp4")


def test_what_cannot_be_drawn_fails_at_the_line_that_plays_it(drawing_server):
    code = """
from manim import *

class Broken(Scene):
    def construct(self):
        self.play(Create(Square()), run_time=0.2)
        circle = Circle()
        circle.joint_type = "round"
        self.play(FadeIn(circle), run_time=0.2)
        self.wait(1)
"""
    error = drawing_server.failed(code, "Broken")
    assert 'File "scene.py", line 9, in construct' in error
    assert error.splitlines()[-1] == "KeyError: 'round'"
