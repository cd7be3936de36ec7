"""A video that is too large for a notebook is encoded again, smaller, or linked."""

from __future__ import annotations

import base64
import io
import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.notebook.display.links import is_embedded
from kodisc_jupyter.notebook.display.output.embedding import (
    POSTER_LIMIT_BYTES,
    VideoOptions,
    needs_smaller,
    sources,
)
from kodisc_jupyter.renders.media.small_copy import small_copy
from kodisc_jupyter.renders.state import Media, Phase
from tests.support.states import render_state


def write_video(path: Path) -> None:
    """A second of 720p in which a square moves over a pattern, encoded in haste."""
    rows, columns = np.mgrid[0:720, 0:1280]
    pattern = ((rows * columns) % 97 + 60).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=30, options={"preset": "ultrafast", "crf": "12"}
        )
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for at in range(30):
            frame = np.repeat(pattern[:, :, None], 3, axis=2)
            frame[300:400, at * 20 : at * 20 + 100] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture
def media(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    write_video(tmp_path / "v.mp4")
    return Media(tmp_path / "v.mp4")


@pytest.fixture
def local(media):
    job = Job("clx1", JobStatus.COMPLETED)
    return render_state(Phase.COMPLETED, backend="local", job=job, media=media, unlimited=True)


def test_a_video_too_large_for_a_message_is_embedded_smaller_and_stays_as_it_is(local, media):
    Path("av.py").write_text("raise ImportError('beside the notebook')")  # is not what encodes
    size = media.video.stat().st_size
    options = VideoOptions(message_limit=4 * POSTER_LIMIT_BYTES + size)  # a third more is needed
    assert needs_smaller(local, options)
    shown = sources(local, options)
    assert is_embedded(shown.src)
    assert shown.note.startswith("A smaller copy is in this notebook: ")
    assert shown.note.endswith("The original: %kodisc save clx1 HelloKodisc.mp4")
    content = base64.b64decode(shown.src.partition(",")[2])
    assert len(content) < size * 3 / 4
    with av.open(io.BytesIO(content)) as copy, av.open(str(media.video)) as original:
        streams = copy.streams.video[0], original.streams.video[0]
        assert streams[0].width == 854
        assert {stream.frames for stream in streams} == {30}
        assert streams[0].average_rate == streams[1].average_rate
    assert media.video.stat().st_size == size
    made = sorted(media.video.parent.glob("small-*"))
    assert sources(local, options).src == shown.src  # and not encoded again
    assert sorted(media.video.parent.glob("small-*")) == made


def test_a_video_that_could_only_be_spoilt_is_linked(local, media):
    shown = sources(local, VideoOptions(embed_limit_mb=0.003))
    assert shown.src == "kodisc/HelloKodisc-low-clx1.mp4"
    assert not list(media.video.parent.glob("small-*"))


def test_a_video_equal_to_another_has_its_copy_and_is_not_encoded_again(media, monkeypatch):
    limit = media.video.stat().st_size // 2
    folders = [media.video.parent / name for name in ("one", "other", "third")]
    for folder in folders:
        folder.mkdir()
        shutil.copy(media.video, folder)
    one, other, third = (folder / media.video.name for folder in folders)
    made = small_copy(one, limit, 854)
    assert made is not None
    third.write_bytes(third.read_bytes()[:-1] + b"?")
    encoded = []
    monkeypatch.setattr(
        "kodisc_jupyter.renders.media.small_copy.run_behind",
        lambda _module, video, *_, **__: encoded.append(video),
    )
    copied = small_copy(other, limit, 854)
    assert copied is not None
    assert copied.parent == other.parent
    assert copied.read_bytes() == made.read_bytes()
    assert small_copy(third, limit, 854) is None
    assert encoded == [third]


def test_a_copy_of_a_video_that_was_replaced_since_is_not_used_any_more(media):
    limit = media.video.stat().st_size // 2
    folder = media.video.parent / "job"
    folder.mkdir()
    video = Path(shutil.copy(media.video, folder))
    made = small_copy(video, limit, 854)
    assert made is not None
    made.write_bytes(b"of the video that was there before")
    os.utime(made, (1, 1))
    again = small_copy(video, limit, 854)
    assert again == made
    assert again.read_bytes().startswith(b"\0\0\0")
