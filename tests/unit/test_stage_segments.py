"""Kept pieces of videos, the cores of a server, and how far a render is: files, without Manim."""

from __future__ import annotations

import os

import pytest

from kodisc_jupyter.stage import progress
from kodisc_jupyter.stage.drawing.copies import Cores, make_cores
from kodisc_jupyter.stage.drawing.segments import DamagedError, Segment, SegmentStore

SEGMENT = Segment(2, b"head", ((0, 0, True, b"first"), (1, 1, False, b"second")))


def test_a_segment_comes_back_from_its_file_as_it_was(tmp_path):
    store = SegmentStore(tmp_path)
    store.put("ab12", SEGMENT)
    assert store.get("ab12", 2) == SEGMENT
    assert [path.name for path in tmp_path.rglob("*.*")] == ["ab12.segment"]


@pytest.mark.parametrize("where", [0, 20, 60, -1])
def test_a_damaged_segment_is_no_segment_and_its_file_goes(tmp_path, where):
    store = SegmentStore(tmp_path)
    store.put("ab12", SEGMENT)
    data = bytearray(store.path("ab12").read_bytes())
    data[where] ^= 1
    store.path("ab12").write_bytes(data)
    assert store.get("ab12", 2) is None
    assert not store.path("ab12").exists()


@pytest.mark.parametrize("end", [0, 10, 40, -1])
def test_half_a_segment_is_damaged(end):
    with pytest.raises(DamagedError):
        Segment.from_bytes(SEGMENT.to_bytes()[:end])


def test_a_segment_of_another_length_is_not_the_one(tmp_path):
    store = SegmentStore(tmp_path)
    store.put("ab12", SEGMENT)
    assert store.get("ab12", 3) is None


def test_the_segments_that_were_not_used_for_the_longest_go_first(tmp_path):
    store = SegmentStore(tmp_path)
    for number, key in enumerate(("aa1", "bb2", "cc3")):
        store.put(key, SEGMENT)
        os.utime(store.path(key), (1000 + number, 1000 + number))
    assert store.get("aa1", 2) == SEGMENT  # used now
    one = store.path("aa1").stat().st_size
    store.prune(2 * one)
    assert store.get("bb2", 2) is None
    assert store.sizes() == [one, one]
    assert store.clear() == 2 * one
    assert store.sizes() == []


def test_clearing_follows_no_link_out_of_the_folder(tmp_path):
    kept, store = SegmentStore(tmp_path / "others"), SegmentStore(tmp_path / "own")
    kept.put("ab12", SEGMENT)
    store.folder.mkdir()
    (store.folder / "ab").symlink_to(kept.folder / "ab")
    store.clear()
    assert SegmentStore(kept.folder).get("ab12", 2) == SEGMENT


def test_a_core_is_taken_once_and_free_when_it_is_let_go(tmp_path):
    make_cores(tmp_path, 2)
    cores, others = Cores(tmp_path), Cores(tmp_path)
    first, second = cores.take(), others.take()
    assert first is not None
    assert second is not None
    assert cores.take() is None
    os.close(second)
    third = cores.take()
    assert third is not None
    os.close(first)
    os.close(third)


def test_a_server_with_fewer_cores_forgets_the_others(tmp_path):
    make_cores(tmp_path, 4)
    make_cores(tmp_path, 1)
    assert len(Cores(tmp_path)) == 1
    assert len(Cores(None)) == 0


def said(work):
    """What is read of a render's folder: progress and picture."""
    folder = os.open(work / progress.FOLDER, os.O_RDONLY)
    try:
        return progress.read(folder), progress.read_preview(folder)
    finally:
        os.close(folder)


def test_progress_is_what_every_process_has_drawn_of_what_there_will_be(tmp_path):
    first, second = progress.ProgressWriter(tmp_path), progress.ProgressWriter(tmp_path)
    first.add(10)
    second.add(5)
    assert said(tmp_path)[0] == progress.Progress(15, None)
    assert said(tmp_path)[0].percent is None
    first.set_total(60)
    assert said(tmp_path)[0].percent == 25
    first.add(100)
    assert said(tmp_path)[0].percent == 99


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"\xff\xd8\xff" + bytes(progress.PREVIEW_LIMIT_BYTES)]
)
def test_what_is_no_small_jpeg_is_no_preview(tmp_path, data):
    (tmp_path / progress.FOLDER).mkdir()
    (tmp_path / progress.FOLDER / progress.PREVIEW).write_bytes(data)
    assert said(tmp_path) == (None, None)


def test_a_preview_that_is_a_link_to_another_file_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xff\xd8\xff secret")
    (tmp_path / progress.FOLDER).mkdir()
    (tmp_path / progress.FOLDER / progress.PREVIEW).symlink_to(secret)
    assert said(tmp_path) == (None, None)
