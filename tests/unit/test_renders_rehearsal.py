"""When a render is rehearsed, and what is made of the render server's answer."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.notebook.rehearsal.before_sending import is_wanted
from kodisc_jupyter.renders.local_server import Address, LocalServerError
from kodisc_jupyter.renders.rehearsal import Outcome, from_json
from kodisc_jupyter.renders.rehearsal_request import rehearse
from kodisc_jupyter.renders.server.interruptible_connection import InterruptibleConnection

REQUEST = RenderRequest("code", "A", Quality.LOW, metadata={"secret": 1}, webhook_url="https://x")


@pytest.mark.parametrize(
    ("setting", "unlimited", "possible", "wanted"),
    [
        ("auto", False, True, True),
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("always", True, True, True),
        ("always", False, False, False),
        ("never", False, True, False),
    ],
)
def test_auto_rehearses_what_costs_credits(setting, unlimited, possible, wanted):
    assert is_wanted(setting, unlimited=unlimited, possible=lambda: possible) is wanted


@pytest.fixture
def server(tmp_path):
    """A render server that answers with what the test says; ``asked`` is what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
            status, content = self.server.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answer = [], (200, b"{}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.find = lambda _: Address(f"http://127.0.0.1:{server.server_port}/api/v2", "k", 1)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_only_the_scene_and_its_size_are_told(server, tmp_path):
    server.answer = (200, json.dumps({"outcome": "ok", "seconds": 2, "frames": 30}).encode())
    found = rehearse(REQUEST, tmp_path, limit_s=3, find_server=server.find)
    ((path, headers, body),) = server.asked
    assert path == "/local/rehearsals"
    assert headers["Authorization"] == "Bearer k"
    assert body == {
        "code": "code",
        "className": "A",
        "quality": "low",
        "timeLimitS": 3,
        "measure": False,
    }
    assert (found.outcome, found.seconds, found.frames) == (Outcome.OK, 2, 30)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((404, b"{}"), "older version"),
        ((500, b"{}"), "answered with 500"),
        ((200, b"not json"), "Expecting value"),
        ((200, b"[]"), "makes no sense"),
        ((200, b'{"outcome": "surprise"}'), "surprise"),
        ((200, b'{"outcome": "ok", "seconds": "long"}'), "long"),
        ((200, b'{"outcome": "ok", "frames": Infinity}'), "makes no sense"),
        ((200, b'{"outcome": "error"}'), "makes no sense"),
        ((200, b'{"outcome": "stopped", "error": "It was killed."}'), "It was killed."),
    ],
)
def test_a_strange_answer_is_no_rehearsal_and_no_error(server, tmp_path, answer, says):
    server.answer = answer
    found = rehearse(REQUEST, tmp_path, find_server=server.find)
    assert found.outcome is Outcome.STOPPED
    assert says in found.why
    assert found.error is None


def test_a_server_that_does_not_start_is_no_rehearsal(tmp_path):
    def broken(_):
        raise LocalServerError("It did not start.")

    found = rehearse(REQUEST, tmp_path, find_server=broken)
    assert found.outcome is Outcome.STOPPED
    assert "It did not start." in found.why


def test_the_server_sees_that_nobody_waits_also_after_it_said_that_it_will_close():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = InterruptibleConnection(60.0)
        connection = line.open("127.0.0.1", listener.getsockname()[1])
        server = listener.accept()[0]
        with server:
            server.settimeout(60.0)
            connection.request("GET", "/")
            server.recv(65_536)
            server.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhalf")
            answer = connection.getresponse()
            line.end()
            assert server.recv(1) == b""
        answer.close()


def test_a_report_that_knows_more_than_this_version_is_read():
    report = {
        "outcome": "ok",
        "seconds": 1.5,
        "frames": 45,
        "animations": [{"start": 0, "seconds": 1.5, "line": 4, "what": "Create", "more": 1}],
        "sections": [{"name": "one", "start": 0}],
        "captions": [{"start": 0, "end": 1, "text": "hello"}],
        "files": [{"path": "/home/x", "line": None}],
        "slow": [[4, 0.5]],
        "tomorrow": {},
    }
    found = from_json(report)
    assert found.is_whole
    assert found.animations[0].line == 4
    assert found.sections[0].name == "one"
    assert found.captions[0].text == "hello"
    assert found.files[0].path == "/home/x"
    assert found.slow == ((4, 0.5),)
