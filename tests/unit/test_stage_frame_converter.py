"""What is converted in part is what FFmpeg makes of the whole picture, byte by byte."""

import av
import numpy as np
import pytest

from kodisc_jupyter.stage.drawing import frame_converter
from kodisc_jupyter.stage.drawing.frame_converter import FrameConverter

HEIGHT, WIDTH = 94, 130


def planes(frame):
    return [
        np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width]
        for plane in frame.planes
    ]


def by_ffmpeg(pixels):
    return av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="yuv420p")


def assert_converted(converter, pixels):
    made, whole = converter.convert(pixels), by_ffmpeg(pixels)
    assert made.format.name == whole.format.name
    assert (made.color_range, made.colorspace) == (whole.color_range, whole.colorspace)
    for ours, theirs in zip(planes(made), planes(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def noise(random, height=HEIGHT, width=WIDTH):
    return random.integers(0, 256, (height, width, 4), np.uint8)


@pytest.mark.parametrize("size", [(94, 130), (480, 854), (16, 16), (93, 130), (94, 131)])
def test_any_change_is_converted_as_in_the_whole_picture(size):
    random = np.random.default_rng(1)
    pixels = noise(random, *size)
    converter = FrameConverter("yuv420p")
    for _ in range(25):
        assert_converted(converter, pixels)
        pixels = pixels.copy()
        top, bottom = sorted(random.integers(0, size[0] + 1, 2))
        left, right = sorted(random.integers(0, size[1] + 1, 2))
        pixels[top:bottom, left:right] = noise(random, bottom - top, right - left)


@pytest.mark.parametrize("row", [0, 1, 15, 16, 17, 46, 47, 48, 92, 93])
@pytest.mark.parametrize("column", [0, 15, 16, 129])
def test_one_pixel_is_enough(row, column):
    random = np.random.default_rng(2)
    first = noise(random)
    second = first.copy()
    second[row, column] ^= 0xFF
    converter = FrameConverter("yuv420p")
    for pixels in (first, second, second.copy(), first):
        assert_converted(converter, pixels)


def test_a_frame_that_was_given_away_does_not_change():
    random = np.random.default_rng(3)
    first = noise(random)
    second = first.copy()
    second[40:50, 40:50] = 0
    converter = FrameConverter("yuv420p")
    given = converter.convert(first)
    before = [plane.copy() for plane in planes(given)]
    converter.convert(second)
    for then, now in zip(before, planes(given), strict=True):
        np.testing.assert_array_equal(then, now)


def test_a_small_change_is_converted_by_itself(monkeypatch):
    sizes = []
    reformat = FrameConverter._reformat

    def noting(converter, reformatter, pixels):
        sizes.append(pixels.shape[:2])
        return reformat(converter, reformatter, pixels)

    monkeypatch.setattr(FrameConverter, "_reformat", noting)
    converter = FrameConverter("yuv420p")
    pixels = np.zeros((480, 854, 4), np.uint8)
    converter.convert(pixels)
    pixels = pixels.copy()
    pixels[100:104, 200:208] = 255
    converter.convert(pixels)
    converter.convert(pixels.copy())
    assert sizes == [(480, 854), (48, 16)]


def test_a_picture_of_another_size_is_converted_whole():
    random = np.random.default_rng(6)
    converter = FrameConverter("yuv420p")
    for height, width in ((94, 130), (48, 64), (94, 130)):
        assert_converted(converter, noise(random, height, width))


def test_other_formats_are_left_to_ffmpeg():
    random = np.random.default_rng(4)
    converter = FrameConverter("yuv444p")
    for _ in range(2):
        pixels = noise(random)
        whole = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="yuv444p")
        made = converter.convert(pixels)
        for ours, theirs in zip(planes(made), planes(whole), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_an_old_pyav_has_to_copy(monkeypatch):
    monkeypatch.setattr(frame_converter, "_as_pyav_can", lambda: (frame_converter._copy, {}))
    random = np.random.default_rng(5)
    first = noise(random)
    second = first.copy()
    second[10:20, 40:60] = 7
    converter = FrameConverter("yuv420p")
    for pixels in (first, second):
        assert_converted(converter, pixels)
