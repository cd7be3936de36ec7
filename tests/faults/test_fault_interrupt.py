"""Ctrl-C at every stage, as a real SIGINT to a real process."""

import json
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.support.faulty_server import (
    KEY,
    PATIENCE_S,
    accepted,
    answer,
    head,
    stall,
    wait_for_hang_up,
)

PROGRAM = """
import json, os, signal, socket, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.models import RenderRequest

stage, url, folder = sys.argv[1:]
client = Client(base_url=url)
request = RenderRequest("# " + "x" * 190_000, "HelloKodisc")

def reached(*_):
    print("reached", flush=True)

def connecting(*_, **__):
    reached()
    threading.Event().wait()

try:
    if stage == "connecting":
        socket.getaddrinfo = connecting
    if stage in ("connecting", "sending", "answer"):
        client.submit(request)
    elif stage == "retry":
        client.submit(request, on_retry=reached)
    elif stage == "poll":
        client.wait("job-1")
    elif stage == "between polls":
        client.wait("job-1", poll_s=3600, on_poll=reached)
    elif stage == "download":
        client.download(url + "/video.mp4", Path(folder) / "video.mp4")
except BaseException as error:
    import traceback
    print(json.dumps({
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "text": str(error),
        "attempts": getattr(error, "attempts", None),
        "uncertain": getattr(error, "uncertain", None),
        "trace": "".join(traceback.format_exception(error)),
        "chain": [repr(error.__cause__), repr(error.__context__)],
        "files": os.listdir(folder),
    }))
"""


@pytest.fixture
def interrupt_at(server, tmp_path, monkeypatch):
    """Run a stage, send SIGINT once it is reached, and give what the user saw."""
    monkeypatch.setenv("KODISC_KEY", KEY)
    processes = []

    def run(stage: str, *, seen_by: str) -> dict:
        folder = tmp_path / "out"
        folder.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), stage, server.url, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        if seen_by == "process":
            assert process.stdout.readline() == "reached\n"
        else:
            assert server.arrived.wait(PATIENCE_S)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert err == ""
        assert KEY not in out
        told = json.loads(out.splitlines()[-1])
        assert told["kinds"][-3] == "KeyboardInterrupt"
        return told

    yield run
    for process in processes:
        process.kill()
        process.wait()


def test_while_connecting_nothing_was_sent(server, interrupt_at):
    told = interrupt_at("connecting", seen_by="process")

    assert (told["attempts"], told["uncertain"]) == (1, 0)
    assert told["text"] == (
        "Interrupted while the render was being submitted. No job was made and nothing was charged."
    )
    assert told["chain"] == ["None", "None"]
    assert server.connections == 0


def test_while_sending_a_job_may_have_been_made(server, interrupt_at):
    def read_some(connection):
        seen = b""
        while b"xxx" not in seen:  # of the code: the body has begun, whatever else is slow
            seen = seen[-2:] + connection.recv(1000)
        server.arrived.set()
        wait_for_reset(server, connection)

    server.before_request = [read_some]

    told = interrupt_at("sending", seen_by="server")

    assert (told["attempts"], told["uncertain"]) == (1, 1)
    assert server.connections == 1


def wait_for_reset(server, connection):
    try:
        while connection.recv(65_536):
            pass
    except OSError:
        return


def test_while_waiting_for_the_answer_a_job_may_have_been_made(server, interrupt_at):
    server.post = [stall]

    told = interrupt_at("answer", seen_by="server")

    assert (told["attempts"], told["uncertain"]) == (1, 1)
    assert told["text"] == (
        "Interrupted while the render was being submitted. It may have started a "
        "job. Before you send it again, look at %kodisc jobs: it shows whether the balance fell."
    )
    assert told["chain"] == ["None", "None"]
    assert len(server.posts) == 1


@pytest.mark.parametrize(("status", "uncertain"), [(429, 0), (503, 1)])
def test_while_waiting_to_try_again_nothing_more_is_sent(server, interrupt_at, status, uncertain):
    server.post = [answer(status, retry_after="100"), accepted]

    told = interrupt_at("retry", seen_by="process")

    assert (told["attempts"], told["uncertain"]) == (1, uncertain)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("stage", "fault", "seen_by"),
    [("poll", stall, "server"), ("between polls", None, "process")],
    ids=["during a poll", "between polls"],
)
def test_while_polling_only_the_waiting_stops(server, interrupt_at, stage, fault, seen_by):
    server.get = [fault or answer(200, {"jobId": "job-1", "status": "running"})]

    told = interrupt_at(stage, seen_by=seen_by)

    assert told["text"] == (
        "Stopped waiting. The job goes on; wait for it again with its job ID, job-1."
    )
    assert told["chain"] == ["None", "None"]
    assert server.posts == []


def test_while_downloading_no_half_file_is_left(server, interrupt_at):
    def half(server, connection, request):
        connection.sendall(head(200, 1_000_000) + b"\0" * 500_000)
        wait_for_hang_up(server, connection)
        raise ConnectionAbortedError

    server.get = [half]

    told = interrupt_at("download", seen_by="server")

    assert told["files"] == []
    assert (len(server.gets), len(server.posts)) == (1, 0)
