"""Where a finished figure takes its files from."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from kodisc_jupyter.api.models import AspectRatio, Job, JobStatus
from kodisc_jupyter.notebook.display.links import is_embedded
from kodisc_jupyter.notebook.display.output.embedding import (
    POSTER_LIMIT_BYTES,
    SERVER_LIMIT_BYTES,
    VideoOptions,
    shown_width,
    sources,
    transcript,
)
from kodisc_jupyter.notebook.display.output.poster import small_poster
from kodisc_jupyter.renders.media import small_copy
from kodisc_jupyter.renders.state import Media, Phase
from tests.support.states import render_state

CDN = "https://cdn.kodisc.test/r/clx1"
CUES = b"WEBVTT\n\n00:00.000 --> 00:02.000\nThe theorem\n"


def noisy_jpeg() -> bytes:
    """A picture of high quality's size that is far over the limit."""
    noise = np.random.default_rng(1).integers(0, 255, (108, 192, 3), np.uint8)
    made = io.BytesIO()
    Image.fromarray(noise).resize((1920, 1080)).save(made, "JPEG", quality=95)
    assert len(made.getvalue()) > 200_000
    return made.getvalue()


@pytest.fixture(autouse=True)
def _beside(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")


@pytest.fixture
def media(tmp_path):
    for name, content in {"v.mp4": b"V" * 3000, "p.jpg": b"P" * 300, "c.vtt": CUES}.items():
        (tmp_path / name).write_bytes(content)
    return Media(tmp_path / "v.mp4", tmp_path / "p.jpg", tmp_path / "c.vtt")


@pytest.fixture
def local(media):
    job = Job("clx1", JobStatus.COMPLETED)
    return render_state(Phase.COMPLETED, backend="local", unlimited=True, job=job, media=media)


@pytest.fixture
def cloud(local, media):
    public = media._replace(
        video_url=f"{CDN}/video.mp4",
        poster_url=f"{CDN}/thumb.jpg",
        captions_url=f"{CDN}/captions.vtt",
    )
    return local._replace(backend="cloud", unlimited=False, media=public)


def test_a_local_video_is_embedded_with_its_poster_and_captions(local):
    shown = sources(local, VideoOptions())
    assert is_embedded(shown.src)
    assert is_embedded(shown.poster_src)
    assert is_embedded(shown.captions_src)
    assert shown.transcript == "The theorem"
    assert shown.note == ""


def test_a_local_servers_own_address_is_not_a_link_for_a_notebook(local, media):
    served = media._replace(video_url="http://127.0.0.1:51234/files/video.mp4")
    assert is_embedded(sources(local._replace(media=served), VideoOptions()).src)


def test_a_cloud_video_is_linked(cloud):
    shown = sources(cloud, VideoOptions())
    assert (shown.src, shown.poster_src) == (f"{CDN}/video.mp4", f"{CDN}/thumb.jpg")
    assert shown.captions_url == f"{CDN}/captions.vtt"


def test_a_cloud_video_is_embedded_when_asked(cloud):
    assert is_embedded(sources(cloud, VideoOptions(embed=True)).src)


def test_a_video_over_the_limit_is_saved_beside_the_notebook_and_linked(local):
    shown = sources(local, VideoOptions(embed_limit_mb=0.002))
    assert shown.src == "kodisc/HelloKodisc-low-clx1.mp4"
    assert Path(shown.src).read_bytes() == b"V" * 3000
    assert is_embedded(shown.poster_src)
    assert Path(shown.captions_url).read_bytes() == CUES
    assert shown.note == (
        "Saved beside the notebook as kodisc/HelloKodisc-low-clx1.mp4 (too large to embed here). "
        "Keep that folder with the notebook."
    )
    assert sorted(path.suffix for path in Path("kodisc").iterdir()) == [".mp4", ".vtt"]


def test_a_video_that_a_jupyter_server_would_drop_is_linked(local, media):
    media.video.write_bytes(b"V" * 2_500_000)
    shown = sources(local, VideoOptions(message_limit=SERVER_LIMIT_BYTES))
    assert shown.src == "kodisc/HelloKodisc-low-clx1.mp4"
    assert "(too large to embed here)" in shown.note
    assert is_embedded(sources(local, VideoOptions()).src)


def test_what_is_embedded_passes_a_jupyter_server(local, media):
    media.video.write_bytes(b"V" * 1_600_000)
    media.poster.write_bytes(b"P" * 48_000)
    shown = sources(local, VideoOptions(message_limit=SERVER_LIMIT_BYTES))
    assert is_embedded(shown.src)
    assert len(shown.src) + 2 * len(shown.poster_src) < SERVER_LIMIT_BYTES


def test_link_saves_a_local_video_beside_the_notebook(local):
    shown = sources(local, VideoOptions(embed=False))
    assert shown.src == "kodisc/HelloKodisc-low-clx1.mp4"
    assert shown.note == (
        "Saved beside the notebook as kodisc/HelloKodisc-low-clx1.mp4. "
        "Keep that folder with the notebook."
    )


def test_a_folder_that_cannot_be_written_is_said_and_the_video_is_named(local, media):
    Path("kodisc").write_text("in the way")
    shown = sources(local, VideoOptions(embed=False))
    assert shown.src is None
    assert str(media.video) in shown.note


def test_captions_without_a_cue_are_not_offered(cloud, media):
    media.captions.write_bytes(b"WEBVTT\n\n")
    shown = sources(cloud, VideoOptions())
    assert shown.captions_src is None
    assert shown.captions_url is None


def test_a_large_poster_is_made_smaller_and_one_that_is_no_picture_left_out(local, media):
    media.poster.write_bytes(noisy_jpeg())
    poster = sources(local, VideoOptions()).poster_src
    assert is_embedded(poster)
    assert len(poster) < POSTER_LIMIT_BYTES * 4 / 3 + 100
    media.poster.write_bytes(b"P" * 200_000)
    assert sources(local, VideoOptions()).poster_src is None


@pytest.mark.parametrize("missing", ["", "PIL"])
def test_a_picture_is_made_smaller_by_whatever_is_installed(missing, media, monkeypatch):
    media.poster.write_bytes(noisy_jpeg())
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    small = small_poster(media.poster, 48_000)
    assert small is not None
    assert len(small) <= 48_000
    with av.open(io.BytesIO(small)) as opened:
        frame = next(opened.decode(video=0))
    assert frame.width / frame.height == pytest.approx(16 / 9, rel=0.01)
    assert frame.width >= 320


def test_without_any_library_a_small_picture_stays_and_a_large_one_is_left_out(media, monkeypatch):
    large = noisy_jpeg()
    for name in ("PIL", "av"):
        monkeypatch.setitem(sys.modules, name, None)
    assert small_poster(media.poster, 48_000) == b"P" * 300
    media.poster.write_bytes(large)
    assert small_poster(media.poster, 48_000) is None


def test_a_cloud_only_installation_links_what_is_too_large(local, media, monkeypatch):
    monkeypatch.setattr(small_copy.importlib.util, "find_spec", lambda _: None)
    shown = sources(local, VideoOptions(embed_limit_mb=media.video.stat().st_size / 1.5e6))
    assert shown.src == "kodisc/HelloKodisc-low-clx1.mp4"


def test_the_copy_is_at_least_as_wide_as_the_figure_shows_it(local):
    assert small_copy.target_size(1920, 1080, 854) == (854, 480)
    assert small_copy.target_size(480, 854, 854) == (480, 854)
    assert shown_width(local, VideoOptions(width="1000px")) == 1000
    assert shown_width(local, VideoOptions(width="60%")) == 854
    upright = local._replace(aspect_ratio=AspectRatio.UPRIGHT)
    assert shown_width(upright, VideoOptions()) == 360


def test_a_video_that_is_gone_is_said_and_a_public_one_still_linked(local, cloud, media):
    media.video.unlink()
    assert "not on this machine" in sources(local, VideoOptions()).note
    assert sources(cloud, VideoOptions()).src == f"{CDN}/video.mp4"


def test_hostile_names_stay_in_the_folder(local):
    job = Job("../../x", JobStatus.COMPLETED)
    shown = sources(local._replace(scene="../evil/\x00", job=job), VideoOptions(embed=False))
    assert shown.src is not None
    assert shown.src.startswith("kodisc/")
    assert ".." not in shown.src


def test_a_transcript_is_the_cues_words_without_times_and_tags():
    vtt = (
        b"WEBVTT\n\nNOTE made by hand\n\n1\n00:00.000 --> 00:02.000 align:start\n"
        b"<v Teacher>The <i>theorem</i>\nof Pythagoras\r\n\r\n00:02.000 --> 00:03.000\n\xff\n"
    )
    assert transcript(vtt) == "The theorem of Pythagoras\n\ufffd"
    assert transcript(b"") == ""
    assert transcript(b"WEBVTT\n\n") == ""
