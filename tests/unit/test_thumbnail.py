"""Which frame of a video becomes its picture."""

from __future__ import annotations

import numpy as np
import pytest

from kodisc_jupyter.stage.thumbnail import Thumbnail

BLANK = np.zeros((120, 200, 4), np.uint8)


def shown(width: int) -> np.ndarray:
    """A frame with a white bar in it."""
    frame = BLANK.copy()
    frame[30:90, :width] = 255
    return frame


@pytest.fixture
def thumbnail():
    return Thumbnail()


def test_a_frame_that_is_held_wins_over_a_fuller_one_in_motion(thumbnail):
    thumbnail.look(shown(100), repeat=15)
    thumbnail.look(shown(199))
    thumbnail.end(lambda: BLANK)
    assert np.array_equal(thumbnail.frame, shown(100))


def test_a_frame_that_equals_the_one_before_is_settled(thumbnail):
    for width in (40, 60, 60, 80):
        thumbnail.look(shown(width))
    thumbnail.end(lambda: BLANK)
    assert np.array_equal(thumbnail.frame, shown(60))


def test_a_difference_of_one_pixel_is_motion(thumbnail):
    almost = shown(60)
    almost[31, 61] = 255  # between those that are looked at first
    thumbnail.look(shown(40), repeat=2)
    thumbnail.look(almost)
    thumbnail.look(shown(60))
    thumbnail.end(lambda: BLANK)
    assert np.array_equal(thumbnail.frame, shown(40))


def test_how_the_scene_ended_is_drawn_where_the_video_ends_in_motion(thumbnail):
    thumbnail.look(shown(50), repeat=15)
    thumbnail.look(shown(99))
    thumbnail.end(lambda: shown(100))
    assert np.array_equal(thumbnail.frame, shown(100))


def test_an_end_that_the_video_holds_is_not_drawn_again(thumbnail):
    thumbnail.look(shown(50), repeat=15)
    thumbnail.end(lambda: pytest.fail("drawn"))
    assert np.array_equal(thumbnail.frame, shown(50))


def test_a_black_end_shows_the_last_settled_frame_before_it(thumbnail):
    for frame, repeat in ((shown(50), 15), (shown(80), 15), (shown(40), 1), (BLANK, 15)):
        thumbnail.look(frame, repeat)
    assert np.array_equal(thumbnail.frame, shown(80))


def test_without_any_settled_frame_the_fullest_is_taken(thumbnail):
    for width in (20, 100, 60):
        thumbnail.look(shown(width))
    thumbnail.end(lambda: BLANK)
    assert np.array_equal(thumbnail.frame, shown(100))


def test_an_end_that_cannot_be_drawn_costs_no_picture(thumbnail):
    thumbnail.look(shown(30))
    thumbnail.end(lambda: 1 / 0)
    assert np.array_equal(thumbnail.frame, shown(30))


def test_it_is_written_as_a_jpeg(thumbnail, tmp_path):
    thumbnail.save(tmp_path / "none.jpg")
    assert not (tmp_path / "none.jpg").exists()
    thumbnail.look(shown(90), repeat=2)
    thumbnail.save(tmp_path / "thumb.jpg")
    assert (tmp_path / "thumb.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
