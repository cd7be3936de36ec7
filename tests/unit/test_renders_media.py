"""The media store: whole files, safe names, a size cap, a full disk."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from kodisc_jupyter.api.errors import KodiscError, NetworkError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders.media.background import run_behind
from kodisc_jupyter.renders.media.store import (
    MediaStore,
    Stored,
    folder_name,
    media_limit_bytes,
    to_evict,
)
from kodisc_jupyter.renders.state import Phase

DEADLINE_S = 60.0
DAY_S = 86400.0


@pytest.mark.parametrize(
    "job_id",
    ["../../etc/passwd", "a/b", "C:\\x", "CON", "Upper", "ü", "", ".", "x" * 300, "a\0b", "\ud800"],
)
def test_an_odd_job_id_is_still_one_plain_folder(job_id, tmp_path):
    name = folder_name(job_id)
    assert name.startswith("job-")
    assert (tmp_path / name).parent == tmp_path
    assert len({folder_name(one) for one in (job_id, job_id + "x", "clx9f0a1b0000abcd")}) == 3


def test_an_ordinary_job_id_names_its_folder():
    assert folder_name("clx9f0a1b0000abcd1234efgh") == "clx9f0a1b0000abcd1234efgh"


def test_the_oldest_unprotected_videos_go_first():
    stored = [Stored(Path(f"/m/{n}"), 100, at=n * DAY_S) for n in range(6)]
    now = 6.5 * DAY_S
    assert to_evict(stored, limit=600, protected=[], now=now) == []
    assert to_evict(stored, limit=350, protected=[Path("/m/1")], now=now) == [
        Path("/m/0"),
        Path("/m/2"),
        Path("/m/3"),
    ]


def test_a_video_of_today_stays_even_when_the_store_is_too_large():
    stored = [Stored(Path("/m/new"), 10**12, at=100 * DAY_S)]
    assert to_evict(stored, limit=1, protected=[], now=100.5 * DAY_S) == []


def test_making_room_removes_whole_jobs_from_the_disk(tmp_path):
    store = MediaStore(tmp_path, limit_bytes=150)
    for number, job_id in enumerate(("aaaa", "bbbb", "cccc")):
        folder = store.folder(job_id)
        folder.mkdir()
        (folder / "video.mp4").write_bytes(b"x" * 100)
        os.utime(folder / "video.mp4", (number, number))
    store.make_room({"aaaa"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aaaa"]


def test_the_limit_comes_from_the_environment_unless_it_is_nonsense(monkeypatch):
    monkeypatch.setenv("KODISC_MEDIA_LIMIT_MB", "100")
    assert media_limit_bytes() == 100_000_000
    for nonsense in ("", "lots", "-1", "nan"):
        monkeypatch.setenv("KODISC_MEDIA_LIMIT_MB", nonsense)
        assert media_limit_bytes() == 5_000_000_000


@pytest.mark.parametrize(
    "problem",
    [
        KodiscError("video.mp4 could not be written to /m: the disk is full."),
        OSError(28, "No space left on device"),
        NetworkError("cdn.example could not be reached"),
    ],
)
def test_a_video_that_cannot_be_kept_is_completed_all_the_same_with_its_url(
    session, cloud, service, problem
):
    service.download_error = problem
    render = session.start(RenderRequest("x", "A"), backend=cloud)
    job = render.wait(DEADLINE_S)
    assert render.state.phase is Phase.COMPLETED
    assert render.video is None
    assert render.state.media.video_url == job.result.video
    assert "not kept on this machine" in render.state.note

    service.download_error = None
    assert session.start(RenderRequest("x", "A"), backend=cloud).video.exists()
    assert len(service.posts) == 1


def test_a_missing_thumbnail_does_not_lose_the_video(session, cloud, service):
    service.instant = False
    render = session.start(RenderRequest("x", "A"), backend=cloud)
    service.finish(render.job.job_id)
    for url in list(service.files):
        if not url.endswith("video.mp4"):
            del service.files[url]
    render.wait(DEADLINE_S)
    assert render.video.exists()
    assert render.state.media.poster is None
    assert render.state.media.poster_url.endswith("thumb.jpg")


def test_a_stored_video_that_was_cut_off_is_fetched_again(session, cloud, service):
    render = session.start(RenderRequest("x", "A"), backend=cloud)
    render.wait(DEADLINE_S)
    whole = render.video.read_bytes()
    render.video.write_bytes(whole[:3])
    assert session.start(RenderRequest("x", "A"), backend=cloud).video.read_bytes() == whole


def test_what_a_killed_kernel_half_fetched_is_swept_away_after_an_hour(
    session, cloud, service, tmp_path
):
    folder = tmp_path / "home" / "media" / "job00001"
    folder.mkdir(parents=True)
    for name, age_s in ((".video.mp4.old.part", 7200), (".video.mp4.new.part", 60)):
        (folder / name).write_bytes(b"half")
        modified = time.time() - age_s
        os.utime(folder / name, (modified, modified))
    session.start(RenderRequest("x", "A"), backend=cloud).wait(DEADLINE_S)
    assert sorted(path.name for path in folder.iterdir()) == [
        ".video.mp4.new.part",
        "captions.vtt",
        "thumb.jpg",
        "video.mp4",
    ]


# What is shown is what was fetched


def test_a_video_replaced_by_one_of_the_same_size_is_noticed_and_fetched_again(
    session, cloud, service
):
    request = RenderRequest("x", "A")
    first = session.start(request, backend=cloud)
    first.wait(DEADLINE_S)
    first.video.write_bytes(b"x" * first.video.stat().st_size)
    again = session.start(request, backend=cloud)
    assert again.video.read_bytes() == b"job00001 video.mp4"
    assert len(service.posts) == 1


def test_a_video_that_is_a_link_to_another_file_is_not_shown(session, cloud, tmp_path):
    request = RenderRequest("x", "A")
    first = session.start(request, backend=cloud)
    first.wait(DEADLINE_S)
    secret = tmp_path / ".env"
    secret.write_bytes(first.video.read_bytes())
    first.video.unlink()
    first.video.symlink_to(secret)
    again = session.start(request, backend=cloud)
    assert not again.video.is_symlink()
    assert secret.read_bytes() == b"job00001 video.mp4"


@pytest.mark.parametrize("name", ["thumb.jpg", "captions.vtt"])
def test_a_picture_or_captions_that_are_a_link_are_left_out(session, cloud, tmp_path, name):
    request = RenderRequest("x", "A")
    first = session.start(request, backend=cloud)
    first.wait(DEADLINE_S)
    (tmp_path / "id_rsa").write_text("secret")
    (first.video.parent / name).unlink()
    (first.video.parent / name).symlink_to(tmp_path / "id_rsa")
    media = session.start(request, backend=cloud).state.media
    assert (media.poster is None, media.captions is None) == (
        name == "thumb.jpg",
        name == "captions.vtt",
    )


def test_a_jobs_folder_that_is_a_link_is_not_written_through(session, cloud, service, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    session.store.root.mkdir(parents=True)
    session.store.folder("job00001").symlink_to(elsewhere)
    render = session.start(RenderRequest("x", "A"), backend=cloud)
    assert render.wait(DEADLINE_S).credits_cost == 51
    assert list(elsewhere.iterdir()) == []
    assert "is a link to somewhere else" in render.state.note
    assert render.state.media.video_url == "https://cdn.example/r/job00001/video.mp4"
    again = session.start(RenderRequest("x", "A"), backend=cloud)
    assert again.state.reused
    assert "is a link to somewhere else" in again.state.note
    assert again.state.media.video_url == "https://cdn.example/r/job00001/video.mp4"
    assert len(service.posts) == 1


def test_words_of_an_encoder_that_are_no_text_are_still_its_failure(tmp_path):
    (tmp_path / "noisy.py").write_text(
        "import sys; sys.stderr.buffer.write(b'no \\xff'); sys.exit(1)"
    )
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run_behind("noisy", folder=tmp_path, limit_s=DEADLINE_S)
    assert failed.value.stderr == "no \ufffd"
