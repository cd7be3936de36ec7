"""What a render leaves is not trusted: only plain files of its own become results."""

from __future__ import annotations

import os

import pytest

from kodisc_jupyter.local.results import ResultRefusedError, open_plain, take
from kodisc_jupyter.local.store import Store, remove_tree
from kodisc_jupyter.stage.task import RESULT_FILES

SECRET = b"kdsc_live_secret"


@pytest.fixture
def job(tmp_path):
    """A job's folder as a right render leaves it, beside somebody's secret."""
    (tmp_path / "secret").write_bytes(SECRET)
    folder = tmp_path / "work" / "clx1" / "results"
    folder.mkdir(parents=True)
    for name in RESULT_FILES:
        (folder / name).write_bytes(name.encode())
    return folder


def collect(job, limit=1000):
    target = job.parents[2] / "kept" / "clx1"
    try:
        take(job.parents[1], ("clx1", "results"), target, limit)
    finally:
        assert not list(target.parent.glob(".*")), "nothing half done stays"
    return target


def test_the_three_files_are_copied(job):
    target = collect(job)
    assert {each.name: each.read_bytes().decode() for each in target.iterdir()} == {
        name: name for name in RESULT_FILES
    }
    (job / "video.mp4").write_bytes(b"changed afterwards")
    assert (target / "video.mp4").read_bytes() == b"video.mp4"


def symlink(job):
    (job / "video.mp4").unlink()
    (job / "video.mp4").symlink_to(job.parents[2] / "secret")


def hard_link(job):
    (job / "video.mp4").unlink()
    os.link(job.parents[2] / "secret", job / "video.mp4")


def pipe(job):
    (job / "video.mp4").unlink()
    os.mkfifo(job / "video.mp4")


def folder(job):
    (job / "video.mp4").unlink()
    (job / "video.mp4").mkdir()


def device(job):
    (job / "video.mp4").unlink()
    (job / "video.mp4").symlink_to("/dev/zero")


def linked_folder(job):
    other = job.parents[2] / "theirs"
    job.rename(other)
    job.symlink_to(other)


@pytest.mark.parametrize("attack", [symlink, hard_link, pipe, folder, device, linked_folder])
def test_anything_else_is_refused(job, attack):
    attack(job)
    with pytest.raises(ResultRefusedError, match="something else than a video"):
        collect(job)
    assert not (job.parents[2] / "kept" / "clx1").exists()
    assert (job.parents[2] / "secret").read_bytes() == SECRET


def test_a_missing_file_is_told_as_before(job):
    (job / "video.mp4").unlink()
    with pytest.raises(ResultRefusedError, match="The render ended without a video"):
        collect(job)


def test_files_over_the_limit_are_refused(job):
    (job / "video.mp4").write_bytes(b"x" * (2 << 20))
    with pytest.raises(ResultRefusedError, match="larger than 1 MB"):
        collect(job, limit=1 << 20)


def test_a_file_that_was_replaced_by_a_link_is_not_opened(tmp_path):
    (tmp_path / "video.mp4").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        open_plain(tmp_path / "video.mp4")


def test_a_folder_left_open_to_all_is_made_private_at_the_start(tmp_path):
    data = tmp_path / "data"
    (data / "results" / "clx1").mkdir(parents=True)
    (data / "ledger.sqlite3").write_bytes(b"")
    (data / "results" / "clx1" / "video.mp4").write_bytes(b"x")
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    outside.chmod(0o644)
    (data / "link").symlink_to(outside)
    for each in (data, *data.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o755 if each.is_dir() else 0o644)
    store = Store(data)
    modes = {each: each.lstat().st_mode & 0o777 for each in (data, *data.rglob("*"))}
    store.close(delete=False)
    assert {mode for each, mode in modes.items() if each.is_dir()} == {0o700}
    assert {mode for each, mode in modes.items() if each.is_file() and not each.is_symlink()} == {
        0o600
    }
    assert outside.stat().st_mode & 0o777 == 0o644


def test_a_folder_is_removed_however_it_is_left(tmp_path):
    there = os.open(tmp_path, os.O_RDONLY)
    os.mkdir("deep", dir_fd=there)
    at = os.open("deep", os.O_RDONLY, dir_fd=there)
    for _ in range(1500):
        os.mkdir("d", dir_fd=at)
        deeper = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = deeper
    os.close(at)
    os.close(there)
    (tmp_path / "deep" / "shut").mkdir()
    (tmp_path / "deep" / "shut" / "file").write_bytes(b"")
    (tmp_path / "deep" / "shut").chmod(0)
    remove_tree(tmp_path / "deep")
    assert not (tmp_path / "deep").exists()
