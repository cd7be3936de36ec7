"""A finished video saved as another kind of file, or refused before anything is sent."""

from __future__ import annotations

from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.display import OnFinish, RenderDisplay
from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
from kodisc_jupyter.renders.media.convert import gif_size, save_video
from kodisc_jupyter.renders.state import Media, Phase
from tests.support.states import render_state

FRAMES, FPS = 27, 30
SIZE = (960, 540)


def write_video(path, *, sound=False):
    """A square that moves and changes its colour; the last frame has it far on the right, red."""
    wide, high = SIZE
    with av.open(str(path), "w") as out:
        shown = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        shown.width, shown.height, shown.pix_fmt = wide, high, "yuv420p"
        heard = out.add_stream("aac", rate=44_100) if sound else None
        for at in range(FRAMES):
            picture = np.zeros((high, wide, 3), np.uint8)
            picture[200:300, at * 30 : at * 30 + 100] = (255 * at // (FRAMES - 1), 40, 40)
            out.mux(shown.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(shown.encode(None))
        if heard:
            tone = np.sin(np.arange(44_100 * FRAMES // FPS) / 16).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(tone[None], format="flt", layout="mono")
            frame.sample_rate = 44_100
            frame.pts = 0
            out.mux(heard.encode(frame))
            out.mux(heard.encode(None))


def is_red(pixel):
    """Near enough: it has been encoded."""
    return pixel[0] > 200 and max(pixel[1:]) < 80


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    write_video(path)
    return path


def test_a_gif_has_the_videos_length_at_15_frames_a_second_and_800_pixels(video, tmp_path):
    target = save_video(video, tmp_path / "new" / "o1.gif")
    assert [path.name for path in target.parent.iterdir()] == ["o1.gif"]
    with Image.open(target) as image:
        assert image.format == "GIF"
        assert image.size == (800, 450)
        assert image.info["loop"] == 0
        durations = []
        for at in range(image.n_frames):
            image.seek(at)
            durations.append(image.info["duration"])
        last = image.convert("RGB").getpixel(((26 * 30 + 50) * 800 // 960, 250 * 800 // 960))
    assert abs(len(durations) - FRAMES / FPS * 15) <= 1
    assert abs(sum(durations) - 1000 * FRAMES / FPS) <= 1000 / 15 + 10
    assert min(durations) >= 60
    assert is_red(last)


def test_a_small_video_is_not_made_larger_and_an_upright_one_keeps_its_shape():
    assert gif_size(640, 360) == (640, 360)
    assert gif_size(1080, 1920) == (800, 1422)


def test_a_webm_is_vp9_or_vp8_of_the_same_size_and_length(video, tmp_path):
    with av.open(str(save_video(video, tmp_path / "o1.webm"))) as made:
        assert "webm" in made.format.name
        assert not made.streams.audio
        shown = made.streams.video[0]
        assert shown.codec_context.name.removeprefix("lib") in {"vp9", "vp8", "vpx-vp9", "vpx"}
        assert (shown.width, shown.height) == SIZE
        assert sum(1 for _ in made.decode(video=0)) == FRAMES


def test_a_webm_keeps_the_sound(tmp_path):
    write_video(tmp_path / "video.mp4", sound=True)
    with av.open(str(save_video(tmp_path / "video.mp4", tmp_path / "o1.webm"))) as made:
        assert made.streams.audio[0].codec_context.name in {"opus", "libopus", "vorbis"}
        heard = [frame.to_ndarray() for frame in made.decode(audio=0)]
        rate = made.streams.audio[0].rate
    assert sum(part.shape[-1] for part in heard) / rate == pytest.approx(FRAMES / FPS, abs=0.1)
    assert max(float(np.abs(part).max()) for part in heard) > 0.5


def test_a_png_is_the_last_frame_at_the_videos_size(video, tmp_path):
    with Image.open(save_video(video, tmp_path / "o1.PNG")) as image:
        assert image.format == "PNG"
        assert image.size == SIZE
        last = image.convert("RGB").getpixel((26 * 30 + 50, 250))
    assert is_red(last)


def test_an_mp4_is_the_video_itself(video, tmp_path):
    assert save_video(video, tmp_path / "o1.mp4").read_bytes() == video.read_bytes()


def test_what_cannot_be_read_leaves_the_old_file_and_no_other(tmp_path):
    broken = tmp_path / "video.mp4"
    broken.write_bytes(b"no video at all")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "o1.gif").write_bytes(b"old")
    with pytest.raises(KodiscError, match=r"o1\.gif could not be made: .*Invalid"):
        save_video(broken, folder / "o1.gif")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"o1.gif": b"old"}


def test_the_end_of_a_render_says_where_its_gif_is_or_why_not(video, tmp_path):
    shown = []
    screen = SimpleNamespace(show=shown.append, finish=shown.append)
    state = render_state(Phase.COMPLETED, scene="One", backend="local", media=Media(video=video))
    for target in (tmp_path / "o1.gif", video / "o2.gif"):
        RenderDisplay(screen, OnFinish(VideoOptions(), save=target), None).update(state)
    notes = [state.note for state in shown]
    assert notes[:2] == [
        "The video is here; o1.gif is made from it.",
        f"Saved as {tmp_path / 'o1.gif'}.",
    ]
    assert [state.phase for state in shown] == 2 * [Phase.FETCHING, Phase.COMPLETED]
    with Image.open(tmp_path / "o1.gif") as image:
        assert image.format == "GIF"
    assert "o2.gif could not be written" in notes[3]
