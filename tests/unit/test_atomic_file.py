"""A file is there whole or not at all, and nothing is left beside it."""

import pytest

from kodisc_jupyter.atomic_file import PARTS, atomic_file, part_of


def test_what_was_written_takes_the_place_of_what_was_there(tmp_path):
    target = tmp_path / "video.MP4"
    target.write_bytes(b"old")
    with atomic_file(target) as part:
        assert part.suffix == ".mp4"  # an encoder goes by it
        part.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"video.MP4": b"new"}


def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path):
    target = tmp_path / "page.html"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic_file(target) as part:
        assert part.write_bytes(b"half") / 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"page.html": b"old"}


def test_a_file_that_cannot_take_its_place_is_an_error_and_is_removed(tmp_path):
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(OSError, match="taken"), atomic_file(target) as part:
        part.write_bytes(b"new")
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_leaves_is_found_by_its_name(tmp_path):
    part_of(tmp_path / "a.mp4").touch()
    part_of(tmp_path / "total").touch()
    (tmp_path / "video.mp4").touch()
    assert len(list(tmp_path.glob(PARTS))) == 2
    assert part_of(tmp_path / "a.mp4") != part_of(tmp_path / "a.mp4")
