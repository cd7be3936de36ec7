"""Users, credits, limits, turns, webhooks: what the server promises beside the pictures."""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import json
import queue
import socket
import ssl
import threading
from pathlib import Path
from traceback import format_exception
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kodisc_jupyter.api.webhooks import verify_webhook
from kodisc_jupyter.local.classroom.tariff import RATE, RESERVE
from kodisc_jupyter.local.classroom.users import UsersFileError, read_users

pytestmark = pytest.mark.render

TINY = """from manim import *
class Tiny(Scene):
    def construct(self):
        self.add(Dot())
"""
BROKEN = TINY.replace("Dot()", "Dit()")


def key(number: int) -> str:
    return "kdsc_live_" + f"{number:048x}"


def users_file(path: Path, **users) -> Path:
    lines = []
    for number, (name, settings) in enumerate(users.items(), 1):
        lines += [f"[users.{name}]", f'key = "{key(number)}"']
        lines += [f"{setting} = {json.dumps(value)}" for setting, value in settings.items()]
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def classroom(start_for_module, receiver, tmp_path_factory):
    """One server for a class, one render at a time; each test has students of its own."""
    students = {
        "nearly": {"credits": RESERVE["medium"] - 1},
        "five": {"credits": 5},
        "slow": {"credits": 5},
        "ada": {"credits": 50},
        "bob": {"free": 7, "credits": 0},
        "first": {},
        "second": {},
        "third": {},
        "told": {},
    }
    file = users_file(tmp_path_factory.mktemp("class") / "users.toml", **students)
    server = start_for_module(
        *("--users", file, "--workers", 1, "--sandbox", "off"),
        *("--webhook-ca", receiver.certificate),
    )
    return server, {name: key(number) for number, name in enumerate(students, 1)}


def test_unlimited_credits_cost_nothing_and_say_so(server):
    job = server.completed(TINY, "Tiny")
    me = server.call("GET", "/me").json()

    assert job["creditsCost"] == 0
    assert me["unlimited"] is True
    assert me["credits"] == {"paid": 0, "free": 0, "total": 0}
    assert server.key.startswith(me["keyPrefix"])
    assert len(me["keyPrefix"]) == len("kdsc_live_9c1d")


def test_credits_are_set_aside_then_settled_and_the_free_part_goes_first(start_server, gate):
    server = start_server("--credits", 10, "--free-credits", 6, "--workers", 1)
    assert server.credits() == {"paid": 10, "free": 6, "total": 16}
    job_id = server.post(gate.scene("Tiny"), "Tiny")
    reserved = server.credits()
    gate.open()
    job = server.wait(job_id)

    assert reserved == {"paid": 10, "free": 1, "total": 11}
    cost = job["creditsCost"]
    assert cost == -(-job["durationMs"] * RATE["low"] // 1000)
    assert server.credits() == {
        "paid": 10 - max(0, cost - 6),
        "free": max(0, 6 - cost),
        "total": 16 - cost,
    }
    assert server.call("GET", "/me").json()["unlimited"] is False


def test_a_balance_below_the_reserve_is_a_402_and_makes_no_job(classroom):
    server, keys = classroom
    body = {"code": TINY, "className": "Tiny", "quality": "medium"}
    answer = server.call("POST", "/render", json=body, key=keys["nearly"])

    assert answer.status_code == 402
    assert answer.json()["error"] == "insufficient_credits"
    assert "20 credits" in answer.json()["message"]
    assert server.credits(key=keys["nearly"])["total"] == RESERVE["medium"] - 1
    server.completed(TINY, "Tiny", key=keys["nearly"])


def test_a_failed_scene_costs_nothing(classroom):
    server, keys = classroom
    job = server.render(BROKEN, "Tiny", key=keys["five"])

    assert (job["status"], job["creditsCost"]) == ("failed", 0)
    assert server.credits(key=keys["five"])["total"] == 5


def test_a_render_that_the_balance_cannot_cover_fails_and_is_refunded(classroom):
    server, keys = classroom
    slow = f"import time\n{TINY}        time.sleep(3)\n"
    job = server.render(slow, "Tiny", key=keys["slow"])

    assert job["status"] == "failed"
    assert job["error"].startswith("insufficient_credits: the render was finished, but it costs ")
    assert (job["creditsCost"], job["result"]) == (0, None)
    assert server.credits(key=keys["slow"])["total"] == 5


def test_users_have_keys_credits_and_jobs_of_their_own(classroom):
    server, keys = classroom
    ada, bob = keys["ada"], keys["bob"]
    job = server.post(TINY, "Tiny", key=ada)

    assert server.key == "", "with several users no key is shown"
    assert server.call("GET", f"/render/{job}", key=bob).status_code == 404
    assert server.wait(job, key=ada)["status"] == "completed"
    assert server.credits(key=bob) == {"paid": 0, "free": 7, "total": 7}
    assert server.credits(key=ada)["total"] < 50
    ids = {server.call("GET", "/me", key=each).json()["userId"] for each in (ada, bob)}
    assert len(ids) == 2


def test_more_credits_in_the_users_file_are_a_top_up(start_server, tmp_path):
    options = ("--data-dir", tmp_path / "data", "--users", tmp_path / "users.toml")
    users_file(tmp_path / "users.toml", ada={"credits": 20})
    server = start_server(*options)
    server.completed(TINY, "Tiny", key=key(1))
    left = server.credits(key=key(1))["total"]
    server.stop()
    users_file(tmp_path / "users.toml", ada={"credits": 120})

    assert start_server(*options).credits(key=key(1))["total"] == left + 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[users", "not valid TOML"),
        ("", "has no [users.NAME] table"),
        ("[users.ada]\n", "users.ada: needs a key"),
        ('[users.ada]\nkey = "x"\n', "a key is kdsc_live_ followed by 48 hex characters"),
        (f'[users.ada]\nkey = "{key(1)}"\ncredit = 5\n', "unknown setting 'credit'"),
        (f'[users.ada]\nkey = "{key(1)}"\ncredits = -5\n', "credits must be a whole number"),
        (
            f'[users.ada]\nkey = "{key(1)}"\nwebhook_url = "http://x"\n',
            "webhook_url must be an https:// URL",
        ),
        (
            f'[users.ada]\nkey = "{key(1)}"\n[users.bob]\nkey = "{key(1)}"\n',
            "ada and bob have the same key",
        ),
    ],
)
def test_a_users_file_with_a_mistake_is_told_without_showing_a_key(tmp_path, text, words):
    (tmp_path / "users.toml").write_text(text)
    (tmp_path / "users.toml").chmod(0o600)
    with pytest.raises(UsersFileError) as told:
        read_users(tmp_path / "users.toml")

    assert words in str(told.value)
    assert key(1) not in "".join(format_exception(told.value))


def test_a_users_file_that_others_may_read_is_refused(run_server, tmp_path):
    file = users_file(tmp_path / "users.toml", ada={})
    file.chmod(0o640)
    status, said, _ = run_server("--users", file)

    assert status == 2
    assert f"type: chmod 600 {file}" in said


def test_no_key_gets_into_the_log(server):
    sent = key(7)
    for header in (f"Bearer {sent}", f"Bearer {sent[:30]}\0{sent[30:]}", f"Bearer\0{sent}"):
        with socket.create_connection(urlsplit(server.url)[1].split(":")) as raw:
            raw.sendall(
                f"GET /api/v2/me HTTP/1.1\r\nHost: x\r\nAuthorization: {header}\r\n\r\n".encode()
            )
            raw.recv(4096)
    assert sent[15:30] not in server.log.read_text()


def test_users_take_turns_and_each_users_jobs_keep_their_order(classroom, gate):
    server, keys = classroom
    ada, bob, cy = keys["first"], keys["second"], keys["third"]
    jobs = [(ada, server.post(gate.scene("Tiny"), "Tiny", key=ada))]
    jobs += [(ada, server.post(TINY, "Tiny", key=ada)) for _ in range(4)]
    jobs += [(bob, server.post(TINY, "Tiny", key=bob)) for _ in range(2)]
    jobs += [(cy, server.post(TINY, "Tiny", key=cy))]
    gate.open()
    ended = [(server.wait(job, key=owner)["completedAt"], owner) for owner, job in jobs]

    assert [time for time, owner in ended if owner == ada] == sorted(
        time for time, owner in ended if owner == ada
    )
    turns = [owner for _, owner in sorted(ended)]
    assert turns[:1] == [ada]
    assert sorted(turns[1:4]) == sorted([ada, bob, cy])
    assert sorted(turns[4:6]) == sorted([ada, bob])
    assert turns[6:] == [ada, ada]


def test_a_long_scene_does_not_block_a_short_one_when_a_core_is_free(start_server, gate):
    server = start_server("--workers", 2)
    long = server.post(gate.scene("Tiny"), "Tiny")
    server.wait(long, statuses=("running",))
    server.completed(TINY, "Tiny")

    assert server.job(long)["status"] == "running"
    gate.open()
    assert server.wait(long)["status"] == "completed"


def test_a_full_line_is_told_with_when_to_come_back(start_server, gate):
    server = start_server("--workers", 1, "--queue-limit", 2)
    running = server.post(gate.scene("Tiny"), "Tiny")
    server.wait(running, statuses=("running",))
    for _ in range(2):
        server.post(TINY, "Tiny")
    answer = server.call("POST", "/render", json={"code": TINY, "className": "Tiny"})

    assert answer.status_code == 503
    assert answer.json()["error"] == "overloaded"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_body_over_the_limit_is_told_and_the_connection_goes_on(server):
    for size in (200_001, 5_000_000):
        body = json.dumps({"code": "#" * size, "className": "Tiny"})
        answer = server.call("POST", "/render", data=body)
        assert answer.status_code == 413
        assert answer.json()["error"] == "body_too_large"
    assert server.call("GET", "/me").status_code == 200


def test_a_body_at_the_limit_is_taken(server):
    body = {"code": TINY, "className": "Tiny", "quality": "low", "metadata": ""}
    body["metadata"] = "m" * (200_000 - len(json.dumps(body)))
    answer = server.call("POST", "/render", data=json.dumps(body))

    assert answer.status_code == 202
    assert server.wait(answer.json()["jobId"])["metadata"] == body["metadata"]


def test_half_open_connections_keep_nobody_out(start_server):
    server = start_server("--connections", 3)
    address = ("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
    held = [socket.create_connection(address) for _ in range(12)]
    try:
        for connection in held:
            connection.sendall(b"GET /api")
        assert requests.get(f"{server.url}/openapi.json", timeout=60).status_code == 200
    finally:
        for connection in held:
            connection.close()


def test_with_users_webhooks_do_not_reach_this_machine(classroom, receiver, wait_until):
    server, keys = classroom
    server.render(BROKEN, "Tiny", webhookUrl=receiver.url, key=keys["told"])
    wait_until(lambda: "PermissionError" in server.log.read_text())
    assert receiver.received.empty()


def test_the_users_file_is_read_again_when_it_has_changed(start_server, tmp_path, wait_until):
    file = users_file(tmp_path / "users.toml", ada={"credits": 20})
    server = start_server("--users", file, "--sandbox", "off")
    assert server.credits(key=key(1))["total"] == 20
    users_file(file, ada={"credits": 50}, bob={"credits": 7})
    wait_until(lambda: server.call("GET", "/me", key=key(2)).status_code == 200)
    assert server.credits(key=key(1))["total"] == 50
    file.write_text("[users")
    wait_until(lambda: "the users stay as they were" in server.log.read_text())
    assert server.credits(key=key(2))["total"] == 7


def test_connections_over_the_limit_are_told(start_server, wait_until):
    server = start_server("--connections", 3)
    address = ("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
    held = [socket.create_connection(address) for _ in range(3)]
    try:
        for connection in held:
            connection.sendall(b"GET /api/v2/me HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 401")

        def refused():
            with socket.create_connection(address, timeout=60) as one_more:
                one_more.sendall(b"GET /api/v2/me HTTP/1.1\r\nHost: x\r\n\r\n")
                return one_more.recv(1000)

        answer = wait_until(lambda: (said := refused()).startswith(b"HTTP/1.1 503") and said)
    finally:
        for connection in held:
            connection.close()

    assert json.loads(answer.split(b"\r\n\r\n")[1])["error"] == "overloaded"
    wait_until(lambda: requests.get(f"{server.url}/openapi.json", timeout=60).status_code == 200)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v2",
        "/api/v2/renders",
        "/api/v2/render/",
        "/results",
        "/../data/key",
        "/%2e%2e/key",
        "/aaaaaaaaaaaaaaaaaaaaaa/r/../../key",
        "/aaaaaaaaaaaaaaaaaaaaaa/r/clx0000000000000000000000/video.mp4",
    ],
)
def test_any_other_address_is_a_404_in_json(server, path):
    answer = requests.get(server.origin + path, timeout=60)

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"


def test_a_files_address_cannot_be_guessed_from_its_job(server):
    job = server.completed(TINY, "Tiny")
    video = job["result"]["video"]
    token = video.removeprefix(server.origin + "/").split("/")[0]

    assert video == f"{server.origin}/{token}/r/{job['jobId']}/video.mp4"
    assert len(token) >= 22
    wrong = video.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert requests.get(wrong, timeout=60).status_code == 404
    assert requests.get(video.replace("video.mp4", "scene.py"), timeout=60).status_code == 404


def test_a_method_that_is_not_there_is_a_405_with_those_that_are(server):
    answer = server.call("DELETE", "/me")

    assert answer.status_code == 405
    assert answer.json()["error"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic {key}", "{key}"])
def test_a_request_without_a_good_key_is_a_401(server, header):
    headers = {} if header is None else {"Authorization": header.format(key=server.key)}
    answer = requests.get(f"{server.url}/me", headers=headers, timeout=60)

    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_metadata_comes_back_unchanged(server):
    for metadata in (None, 0, 1.5, "é😀\ud800", [], {"a": {"b": [True, None]}}, 10**40):
        job = server.render(BROKEN, "Tiny", metadata=metadata)
        assert job["metadata"] == metadata


def test_numbers_that_json_cannot_hold_are_not_json(server):
    for number in (b"NaN", b"Infinity", b"1e999"):
        body = b'{"code": "x", "className": "A", "metadata": ' + number + b"}"
        answer = server.call("POST", "/render", data=body)
        assert (answer.status_code, answer.json()) == (400, {"error": "JSON body required"})


class Receiver:
    """An HTTPS server on loopback that answers as it is told and keeps what it was sent."""

    def __init__(self, folder: Path) -> None:
        self.statuses: list[int] = []
        self.received: queue.Queue = queue.Queue()
        self.certificate = folder / "receiver.pem"
        self._certify(folder / "receiver.key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "receiver.key")
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver.received.put((dict(self.headers), body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._http.server_port}/hook"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def _certify(self, key_file: Path) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
        now = dt.datetime.now(dt.timezone.utc)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(private, hashes.SHA256())
        )
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def next(self):
        return self.received.get(timeout=240)

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    receiver = Receiver(tmp_path_factory.mktemp("receiver"))
    yield receiver
    receiver.close()


def test_webhooks_are_signed_and_say_what_the_poll_says(start_server, receiver):
    secret = "whsec_" + "12" * 24
    server = start_server("--webhook-ca", receiver.certificate, "--webhook-secret", secret)
    ended = {}
    for code, event in ((TINY, "completed"), (BROKEN, "failed")):
        job = server.render(code, "Tiny", webhookUrl=receiver.url, metadata={"n": event})
        headers, body = receiver.next()
        ended[event] = headers
        assert headers["Kodisc-Event"] == event
        assert headers["Content-Type"] == "application/json"
        assert json.loads(body) == job
        assert verify_webhook(body, headers["Kodisc-Signature"], secret).job_id == job["jobId"]
    assert set(ended) == {"completed", "failed"}


def test_a_webhook_url_has_three_states(start_server, receiver, tmp_path):
    file = users_file(
        tmp_path / "users.toml",
        ada={"webhook_url": receiver.url, "webhook_secret": "whsec_ada"},
    )
    server = start_server(
        *("--users", file, "--webhook-ca", receiver.certificate, "--workers", 1),
        *("--sandbox", "off", "--private-webhooks"),
    )
    server.key = key(1)
    none = server.render(BROKEN, "Tiny", webhookUrl=None)
    default = server.render(BROKEN, "Tiny")
    own = server.render(BROKEN, "Tiny", webhookUrl=receiver.url + "/own")
    told = {json.loads(receiver.next()[1])["jobId"] for _ in range(2)}

    assert told == {default["jobId"], own["jobId"]}
    assert none["jobId"] not in told
    assert receiver.received.empty()


def test_a_receiver_that_is_not_trusted_gets_nothing(start_server, receiver, wait_until):
    server = start_server()
    server.render(BROKEN, "Tiny", webhookUrl=receiver.url)

    wait_until(lambda: "attempt 1: SSL" in server.log.read_text())
    assert receiver.received.empty()
