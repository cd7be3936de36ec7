"""A server behind a Unix socket, its own or one that systemd hands over, and the client to it."""

from __future__ import annotations

import os
import socket
import stat
import sys
from urllib.parse import quote

import pytest

from kodisc_jupyter.api.address import checked_base_url
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import KodiscError, NetworkError
from kodisc_jupyter.api.models import JobStatus, RenderRequest

TINY = """from manim import *
class Tiny(Scene):
    def construct(self):
        self.add(Dot())
"""
KEY = "kdsc_live_" + "0123456789ab" * 4

AS_SYSTEMD = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "kodisc_jupyter.local", "--key", sys.argv[2]])
"""


def url_of(path):
    return f"http+unix://{quote(str(path), safe='')}/api/v2"


@pytest.fixture
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("Socket") / "kodisc.sock"


def stale(path):
    """A socket's file that nobody listens on any more, as a killed server leaves it."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))


@pytest.mark.render
def test_a_client_renders_and_downloads_over_a_unix_socket(
    start_server, run_server, path, tmp_path, monkeypatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    stale(path)
    server = start_server("--socket", path)
    assert server.url == url_of(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    with Client(server.key, base_url=server.url) as client:
        assert client.get_me().unlimited
        job = client.wait(client.enqueue_render(RenderRequest(TINY, "Tiny")).job_id)
        assert job.status is JobStatus.COMPLETED
        assert client.beside("/api/v2/openapi.json")["servers"] == [{"url": server.url}]
        video = client.download(job.result.video, tmp_path / "video.mp4")
        assert video.read_bytes()[4:8] == b"ftyp"
        elsewhere = f"http+unix://{quote(str(tmp_path / 'other.sock'), safe='')}/file"
        with pytest.raises(KodiscError, match="was not fetched"):
            client.download(elsewhere, tmp_path / "stolen")

    status, said, _ = run_server("--socket", path)
    assert (status, said.splitlines()[-1]) == (
        2,
        f"cannot listen on {path}: another server listens there",
    )
    server.stop()
    assert not path.exists()


def test_a_file_that_is_no_socket_is_not_replaced(run_server, path):
    path.write_text("mine")
    status, said, _ = run_server("--socket", path)
    assert status == 2
    assert "which is no socket" in said
    assert path.read_text() == "mine"


def test_a_socket_that_systemd_passes_is_served_and_left(path):
    import json
    import subprocess

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        process = subprocess.Popen(
            [sys.executable, "-c", AS_SYSTEMD, str(listening.fileno()), KEY],
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if "KODISC" not in name},
        )
        try:
            said = json.loads(process.stdout.readline())
            assert said["url"] == url_of(path)
            with Client(KEY, base_url=said["url"]) as client:
                assert client.get_me().unlimited
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()
    assert path.exists()


def test_a_socket_that_is_not_there_is_named_and_nothing_was_sent(path):
    with (
        Client(KEY, base_url=url_of(path)) as client,
        pytest.raises(NetworkError, match=f"{path} could not be reached"),
    ):
        client.get_me(attempts=1)


@pytest.mark.parametrize("url", ["http+unix://", "http+unix://kodisc.sock/api/v2"])
def test_a_url_without_the_path_of_a_socket_is_refused(url):
    with pytest.raises(KodiscError, match="does not hold the path of a Unix socket"):
        checked_base_url(url)
