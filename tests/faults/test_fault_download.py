"""Each way that fetching a file can go wrong: the file is whole, or it is not there."""

import errno
import gzip
import itertools
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import KodiscError, NetworkError, ServerError
from kodisc_jupyter.api.exchange.download import CAPTIONS, MAX_BYTES, PICTURE, TOTAL_S, Arrival
from kodisc_jupyter.api.exchange.download import VIDEO as VIDEO_KIND
from tests.support.faulty_server import KEY, answer, cut, cut_in_body, dribble, stall

VIDEO = bytes(range(256)) * 1000


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "new folder" / "video.mp4"


def left_in(target: Path) -> list[str]:
    return [path.name for path in target.parent.iterdir()] if target.parent.exists() else []


def test_a_file_arrives_whole_and_the_key_is_not_sent(server, client, target):
    server.get = [answer(200, VIDEO)]

    assert client.download(f"{server.origin}/video.mp4", target) == target

    assert target.read_bytes() == VIDEO
    assert left_in(target) == ["video.mp4"]
    assert "authorization" not in server.gets[0].headers
    assert KEY not in str(server.requests)


def test_netrc_sends_no_password_to_the_files_host(server, client, target, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setattr(
        "kodisc_jupyter.api.exchange.http_session.is_loopback", lambda host: False
    )  # as for a real host: there the environment is trusted
    server.get = [answer(200, VIDEO)]

    client.download(f"{server.origin}/video.mp4", target)

    assert "authorization" not in server.gets[0].headers


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (cut_in_body(200, VIDEO, 1000), "cut off"),
        (cut, "the connection was cut off"),
        (answer(502, b"<html>"), "did not give the file (502)"),
    ],
    ids=["cut in mid-body", "cut", "502"],
)
def test_a_download_is_tried_five_times_and_leaves_nothing_behind(
    server, client, seen, target, fault, text
):
    server.get = [fault]

    with pytest.raises((NetworkError, ServerError)) as caught:
        client.download(f"{server.origin}/video.mp4", target)

    assert text in str(caught.value)
    assert "nothing more was charged" in str(caught.value)
    assert (len(server.gets), len(server.posts)) == (5, 0)
    assert seen.sleeps == [1.0, 2.0, 4.0, 8.0]
    assert left_in(target) == []


def test_a_time_to_come_back_at_is_obeyed_also_without_the_servers_own_clock(
    server, client, seen, target
):
    began = time.time()
    at = formatdate(began + 20, usegmt=True)
    server.get = [answer(503, retry_after=at), answer(200, VIDEO)]

    client.download(f"{server.origin}/video.mp4", target)

    (slept,) = seen.sleeps
    assert 19 - (time.time() - began) <= slept <= 20  # a date has whole seconds


def test_a_cut_download_succeeds_the_second_time(server, client, target):
    server.get = [cut_in_body(200, VIDEO, 1000), answer(200, VIDEO)]

    client.download(f"{server.origin}/video.mp4", target)

    assert target.read_bytes() == VIDEO
    assert left_in(target) == ["video.mp4"]


def test_a_stalled_download_is_given_up_and_tried_again(server, make_client, target):
    server.get = [stall, answer(200, VIDEO)]

    make_client(read_timeout_s=1.0).download(f"{server.origin}/video.mp4", target)

    assert target.read_bytes() == VIDEO


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_gone_is_not_asked_for_again(server, client, target, status):
    server.get = [answer(status)]

    with pytest.raises(ServerError, match=rf"does not have the file \(any more\) \({status}\)"):
        client.download(f"{server.origin}/video.mp4", target)

    assert len(server.gets) == 1


def test_a_redirect_is_followed_without_the_key(server, start_server, client, target):
    elsewhere = start_server()
    server.get = [answer(302, location=f"{elsewhere.origin}/real.mp4")]
    elsewhere.get = [answer(200, VIDEO)]

    client.download(f"{server.origin}/video.mp4", target)

    assert target.read_bytes() == VIDEO
    assert KEY not in str(elsewhere.requests)


def test_redirects_in_a_circle_end(server, client, target):
    server.get = [answer(302, location="/again.mp4")]

    with pytest.raises(ServerError, match="redirects more than 5 times"):
        client.download(f"{server.origin}/video.mp4", target)

    assert len(server.gets) == 6
    assert left_in(target) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/video.mp4",
        "ftp://127.0.0.1/video.mp4",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//127.0.0.1/x",
        "https://",
        "http://[::1",
        "",
    ],
)
def test_only_https_and_http_on_loopback_are_fetched(client, target, url):
    with pytest.raises(KodiscError, match="is not an https:// URL, so it was not fetched"):
        client.download(url, target)

    assert left_in(target) == []


@pytest.mark.parametrize("location", ["http://cdn.example/video.mp4", "file:///etc/passwd"])
def test_a_redirect_is_held_to_the_same_rule(server, client, target, location):
    server.get = [answer(302, location=location)]

    with pytest.raises(KodiscError, match="is not an https:// URL"):
        client.download(f"{server.origin}/video.mp4", target)

    assert len(server.gets) == 1


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_larger_than_allowed_is_not_kept(server, client, target, announced):
    def unannounced(server, connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + VIDEO)
        raise ConnectionAbortedError

    server.get = [answer(200, VIDEO) if announced else unannounced]

    with pytest.raises(KodiscError, match="larger than 1000 bytes, so it was not kept"):
        client.download(f"{server.origin}/video.mp4", target, max_bytes=1000)

    assert len(server.gets) == 1
    assert left_in(target) == []


class _FullDisk:
    """A file on a disk with no room left."""

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, chunk):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_a_clear_error_and_leaves_nothing_behind(
    server, client, target, monkeypatch
):
    server.get = [answer(200, VIDEO)]
    really_open = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode: _FullDisk(really_open(path, mode)))

    with pytest.raises(KodiscError) as caught:
        client.download(f"{server.origin}/video.mp4", target)

    assert str(caught.value) == (
        f"video.mp4 could not be written to {target.parent}: the disk is full. Make room, then "
        "save it again; the render itself is not touched."
    )
    assert len(server.gets) == 1
    assert left_in(target) == []


def test_a_folder_that_cannot_be_made_is_a_clear_error(server, client, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")

    with pytest.raises(KodiscError, match=r"video.mp4 could not be written to"):
        client.download(f"{server.origin}/video.mp4", tmp_path / "taken" / "video.mp4")

    assert server.connections == 0


def test_an_old_file_stays_until_the_new_one_is_whole(server, client, tmp_path):
    target = tmp_path / "video.mp4"
    target.write_bytes(b"old")
    server.get = [cut_in_body(200, VIDEO, 1000)]

    with pytest.raises(NetworkError):
        client.download(f"{server.origin}/video.mp4", target)

    assert target.read_bytes() == b"old"


# A download ends, whatever comes


MP4 = b"\x00\x00\x00\x18ftypmp42" + VIDEO
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("kind", [VIDEO_KIND, None], ids=["as a video", "as any file"])
def test_a_file_that_drips_is_given_up_and_not_tried_again(server, target, kind):
    server.get = [dribble(HEAD + MP4[:100], b"x", 0.01)]
    clock = itertools.count(step=7.0)
    client = Client(KEY, base_url=server.url, monotonic=lambda: next(clock))

    with pytest.raises(KodiscError, match="arrives too slowly") as caught:
        client.download(f"{server.origin}/video.mp4", target, kind=kind)

    assert "nothing more was charged" in str(caught.value)
    assert len(server.gets) == 1
    assert left_in(target) == []


def test_a_file_that_never_ends_stops_at_the_ceiling(server, client, target, monkeypatch):
    monkeypatch.setattr("kodisc_jupyter.api.exchange.download.MAX_BYTES", 1_000_000)
    server.get = [dribble(HEAD + MP4[:100], b"x" * 100_000, 0.0)]

    with pytest.raises(KodiscError, match="larger than 1000000 bytes"):
        client.download(f"{server.origin}/video.mp4", target, kind=VIDEO_KIND)

    assert left_in(target) == []


@pytest.mark.parametrize(
    ("size", "seconds", "given_up"),
    [
        (0, 59.0, False),
        (100, 61.0, True),
        (20_000_000, 1800.0, False),
        (20_000_000, 2100.0, True),
        (1_900_000_000, 3599.0, False),
        (1_900_000_000, 3601.0, True),
    ],
)
def test_a_slow_but_steady_network_gets_its_video_within_an_hour(size, seconds, given_up):
    arrival = Arrival(MAX_BYTES, VIDEO_KIND, lambda: seconds, TOTAL_S)
    assert (arrival.refusal(size, MP4[:16], seconds) is not None) == given_up


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_a_compressed_file_is_refused(server, client, target, coding):
    server.get = [answer(200, gzip.compress(MP4), content_encoding=coding)]

    with pytest.raises(KodiscError, match="compressed, which was not asked for"):
        client.download(f"{server.origin}/video.mp4", target, kind=VIDEO_KIND)

    assert len(server.gets) == 1
    assert left_in(target) == []


STRANGERS = {
    "a web page": b"<!doctype html><title>Log in</title>" * 10,
    "a key": b"-----BEGIN OPENSSH PRIVATE KEY-----\n" * 10,
    "a few bytes": b"no",
    "nothing": b"",
}


@pytest.mark.parametrize("content", STRANGERS.values(), ids=STRANGERS.keys())
@pytest.mark.parametrize("kind", [VIDEO_KIND, PICTURE, CAPTIONS], ids=lambda kind: kind.name)
def test_what_is_not_the_file_it_should_be_is_not_kept(server, client, target, content, kind):
    server.get = [answer(200, content)]

    with pytest.raises(KodiscError, match=f"not {kind.name}, so it was not kept"):
        client.download(f"{server.origin}/file", target, kind=kind)

    assert len(server.gets) == 1
    assert left_in(target) == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (VIDEO_KIND, MP4),
        (PICTURE, b"\xff\xd8\xff\xe0" + VIDEO),
        (PICTURE, b"\x89PNG\r\n\x1a\n" + VIDEO),
        (CAPTIONS, b"WEBVTT\n\n"),
        (CAPTIONS, b"\xef\xbb\xbfWEBVTT\n"),
    ],
)
def test_what_is_the_file_it_should_be_is_kept(server, client, target, kind, content):
    server.get = [answer(200, content, content_encoding="identity")]

    client.download(f"{server.origin}/file", target, kind=kind)

    assert target.read_bytes() == content
