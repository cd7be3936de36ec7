"""Where a scene is cut: the same places every time, and none so heavy that a core waits for it."""

from __future__ import annotations

import pytest

from kodisc_jupyter.stage.drawing.drawing import LEAST_FRAMES, SEGMENT_FRAMES, segment_length


@pytest.mark.parametrize(
    ("frames", "weight", "length"),
    [(1, 20, 1), (30, 20, 30), (45, 20, 45), (60, 20, 30), (30, 220, 15), (60, 5000, 12)],
)
def test_light_frames_make_long_segments_and_heavy_ones_short_ones(frames, weight, length):
    assert segment_length(frames, weight) == length


def test_no_segment_is_longer_than_is_needed_for_their_number():
    for frames in range(1, 300):
        for weight in (20, 100, 250, 1000):
            length = segment_length(frames, weight)
            number = -(-frames // length)
            assert length <= max(LEAST_FRAMES, min(SEGMENT_FRAMES, 4000 // weight))
            assert number * (length - 1) < frames <= number * length
