"""Where a finished figure takes its files from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from kodisc_jupyter.api.models import AspectRatio, Job, JobStatus, Quality
from kodisc_jupyter.notebook.display.embedding import (
    SERVER_LIMIT_BYTES,
    VideoOptions,
    sources,
    transcript,
)
from kodisc_jupyter.notebook.display.links import is_embedded
from kodisc_jupyter.renders.state import Media, Phase, RenderState

CDN = "https://cdn.kodisc.test/r/clx1"
CUES = b"WEBVTT\n\n00:00.000 --> 00:02.000\nThe theorem\n"


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
    return RenderState(
        render_id="r1",
        phase=Phase.COMPLETED,
        scene="HelloKodisc",
        quality=Quality.LOW,
        aspect_ratio=AspectRatio.WIDE,
        backend="local",
        began_at=0.0,
        phase_at=0.0,
        job=Job("clx1", JobStatus.COMPLETED),
        media=media,
        unlimited=True,
    )


@pytest.fixture
def cloud(local, media):
    public = media._replace(
        video_url=f"{CDN}/video.mp4",
        poster_url=f"{CDN}/thumb.jpg",
        captions_url=f"{CDN}/captions.vtt",
    )
    return dataclasses.replace(local, backend="cloud", unlimited=False, media=public)


def test_a_local_video_is_embedded_with_its_poster_and_captions(local):
    shown = sources(local, VideoOptions())
    assert is_embedded(shown.src)
    assert is_embedded(shown.poster_src)
    assert is_embedded(shown.captions_src)
    assert shown.transcript == "The theorem"
    assert shown.note == ""


def test_a_local_servers_own_address_is_not_a_link_for_a_notebook(local, media):
    served = media._replace(video_url="http://127.0.0.1:51234/files/video.mp4")
    assert is_embedded(sources(dataclasses.replace(local, media=served), VideoOptions()).src)


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
    assert Path(shown.poster_src).read_bytes() == b"P" * 300
    assert Path(shown.captions_url).read_bytes() == CUES
    assert "over the limit of 0.002 MB" in shown.note
    assert [path.name[0] for path in Path("kodisc").iterdir()] == ["H", "H", "H"]


def test_a_video_that_a_jupyter_server_would_drop_is_linked(local, media):
    media.video.write_bytes(b"V" * 2_500_000)
    shown = sources(local, VideoOptions(message_limit=SERVER_LIMIT_BYTES))
    assert shown.src == "kodisc/HelloKodisc-low-clx1.mp4"
    assert "more than a Jupyter server passes on at once" in shown.note
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
    assert "keep kodisc/HelloKodisc-low-clx1.mp4 with it" in shown.note


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


def test_a_large_poster_is_left_out_of_an_embedding(local, media):
    media.poster.write_bytes(b"P" * 200_000)
    assert sources(local, VideoOptions()).poster_src is None


def test_a_video_that_is_gone_is_said_and_a_public_one_still_linked(local, cloud, media):
    media.video.unlink()
    assert "not on this machine" in sources(local, VideoOptions()).note
    assert sources(cloud, VideoOptions()).src == f"{CDN}/video.mp4"


def test_hostile_names_stay_in_the_folder(local):
    job = Job("../../x", JobStatus.COMPLETED)
    shown = sources(
        dataclasses.replace(local, scene="../evil/\x00", job=job), VideoOptions(embed=False)
    )
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
