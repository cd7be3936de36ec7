"""What a render may write: in its own folder, and with a sandbox in the user's folder as a whole."""

from __future__ import annotations

import subprocess
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kodisc_jupyter.local.processes.disk_quota import DiskQuota
from kodisc_jupyter.local.processes.forker_link import ForkerLink, Place, Render
from kodisc_jupyter.stage.task import Limits, RenderTask, Shared

MB = 1 << 20
LIMITS = Limits(disk_bytes=2 * MB, files=20)


@pytest.fixture
def room(tmp_path):
    """A user's folder with one render in it, which wrote nothing yet."""

    class Room:
        place = Place(tmp_path / "room", "/kodisc", sandboxed=True)
        job = place.outside / "jobs" / "j1"
        shared = Shared(tmp_path / "formulas", tmp_path / "segments", segments_bytes=3 * MB)

        def look(self, *, sandboxed=True):
            """What is stopped after one look: jobs, and rooms."""
            stopped, ended = [], []
            place = Place(self.place.outside, "/kodisc", sandboxed)
            task = RenderTask("j1", "", "A", 1, 1, 1, limits=LIMITS)
            render = Render(task, tmp_path, lambda: None, Future())
            process = subprocess.Popen(["true"])
            process.wait()
            with ThreadPoolExecutor(1) as threads:
                DiskQuota(
                    self.shared,
                    threads,
                    lambda job_id, why: stopped.append((job_id, why)),
                    lambda room, why: ended.append((room, why)),
                ).look(ForkerLink(process, place, {"j1": render}))
            return stopped, ended

    made = Room()
    (made.job / "scene").mkdir(parents=True)
    for name in ("home", "formulas", "segments"):
        (made.place.outside / name).mkdir()
    return made


def write(path, megabytes):
    path.write_bytes(bytes(megabytes * MB))


def test_what_is_within_the_limits_goes_on(room):
    write(room.job / "scene" / "a", 1)
    write(room.place.outside / "segments" / "kept", 3)
    assert room.look() == ([], [])


def test_a_job_that_writes_too_much_is_stopped_alone(room):
    write(room.job / "scene" / "a", 3)
    stopped, ended = room.look()
    assert stopped == [("j1", "The scene wrote more than 2 MB to the disk and was stopped.")]
    assert ended == []


def test_a_job_that_makes_too_many_files_is_stopped(room):
    for n in range(21):
        (room.job / "scene" / str(n)).touch()
    (((_, why),), ended) = room.look()
    assert why == "The scene made more than 20 files and was stopped."
    assert ended == []


@pytest.mark.parametrize("where", ["home", "segments", "formulas"])
def test_a_user_who_fills_the_folder_outside_of_a_job_loses_it(room, where):
    """However little each of the jobs has written, and whatever of it would be kept."""
    write(room.place.outside / where / "a", 6)
    stopped, ended = room.look()
    assert stopped == []
    assert ended == [(room.place, "The scene wrote more than 2 MB to the disk and was stopped.")]
    assert not (room.place.outside / "segments").exists()
    assert not (room.place.outside / "formulas").exists()


def test_too_many_files_of_a_user_are_no_way_around(room):
    for n in range(201):
        (room.place.outside / "home" / str(n)).touch()
    assert room.look()[1]


def test_without_a_sandbox_nobody_is_held_to_what_others_wrote(room):
    write(room.place.outside / "home" / "a", 6)
    assert room.look(sandboxed=False) == ([], [])


def test_what_an_ended_job_left_does_not_count_while_it_is_removed(room):
    """However deep its folders are: the next scene of the same user is not stopped for them."""
    old = room.place.outside / "jobs" / "j0"
    (old / "/".join("d" * 100)).mkdir(parents=True)
    assert room.look()[1]
    root, names = room.place.set_aside("j0")
    assert room.look() == ([], [])
    assert root.joinpath(*names, *"d" * 100).is_dir()
    assert root == room.place.outside.parent
