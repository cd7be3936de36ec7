"""A recognisable key is planted, and then looked for in all that a run shows or keeps."""

import http.client
import logging
import pickle
import traceback

import pytest

from kodisc_jupyter.api.auth import Key
from kodisc_jupyter.api.errors import KodiscError, NetworkError
from kodisc_jupyter.api.models import RenderRequest
from tests.support.faulty_server import (
    JOB_ID,
    KEY,
    accepted,
    account,
    answer,
    completed,
    cut,
    cut_in_body,
    job,
    stall,
)

REQUEST = RenderRequest("from manim import *", "HelloKodisc")
SECRET = KEY.removeprefix("kdsc_live_")[:12]
"""Enough of the key to be no accident, and less than a mangled copy would keep."""

ECHO = {"error": f"bad key {KEY}", "message": f"You sent Authorization: Bearer {KEY}."}
FAULTS = {
    "succeeds": None,
    "400 that echoes the key": answer(400, ECHO),
    "401 that echoes the key": answer(401, ECHO),
    "402": answer(402, {"error": "insufficient_credits"}),
    "404": answer(404, {"error": "not found"}),
    "418 that echoes the key": answer(418, ECHO),
    "500 that echoes the key": answer(500, ECHO),
    "502 page that echoes the key": answer(502, f"<html>{KEY}</html>".encode()),
    "200 page that echoes the key": answer(200, f"<html>{KEY}</html>".encode()),
    "redirect": answer(302, location="https://elsewhere.example/"),
    "cut": cut,
    "cut in mid-body": cut_in_body(200, b"x" * 100, 10),
    "stall": stall,
    "failed": job("failed", error="ZeroDivisionError"),
}


def shown_by(error):
    """All that an error and the errors behind it could show, however it is printed."""
    seen, queue, shown = set(), [error], []
    while queue:
        thing = queue.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        shown += [repr(thing), str(thing)]
        if isinstance(thing, BaseException):
            shown += traceback.format_exception(thing)
            queue += [thing.__cause__, thing.__context__, *thing.args]
            queue += getattr(thing, "__notes__", [])
        if isinstance(thing, (list, tuple, set, frozenset)):
            queue += thing
        elif isinstance(thing, dict):
            queue += [*thing.keys(), *thing.values()]
        elif hasattr(thing, "__dict__") and not isinstance(thing, type):
            queue += vars(thing).values()
    return "\n".join(shown)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_no_output_log_error_or_file_has_the_key(
    server, start_server, make_client, tmp_path, caplog, capfd, monkeypatch, fault
):
    cdn = start_server()
    monkeypatch.setenv("KODISC_KEY", KEY)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 2)
    caplog.set_level(logging.DEBUG)
    server.post = [fault or accepted]
    server.get = [fault] if fault else [account(), completed]
    cdn.get = [answer(200, b"video")]
    client = make_client(None, read_timeout_s=1.0 if fault is not stall else 0.1)
    told = []

    calls = [
        client.get_me,
        lambda: client.wait(JOB_ID),
        lambda: client.submit(REQUEST, on_retry=told.append),
        lambda: client.download(f"{cdn.origin}/video.mp4", tmp_path / "out" / "video.mp4"),
    ]
    for call in calls:
        try:
            told.append(call())
        except KodiscError as error:
            told.append(error)
            told.append(shown_by(error))

    assert any(
        request.headers.get("authorization") == f"Bearer {KEY}" for request in server.requests
    )
    out, err = capfd.readouterr()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    everything = f"{told!r} {told} {out} {err} {caplog.text} {caplog.records} {client!r} {files}"
    everything += " ".join(str(vars(record)) for record in caplog.records)
    assert "urllib3" in everything, "the libraries' own logs were looked at"
    assert SECRET not in everything


def test_netrc_does_not_override_the_key(server, make_client, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\ndefault login me password secret")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    # As for a real host: on loopback the environment is not even asked.
    monkeypatch.setattr("kodisc_jupyter.api.exchange.http_session.is_loopback", lambda host: False)
    client = make_client()
    server.get = [account(), completed]

    client.get_me()
    client.submit(REQUEST)

    assert [request.headers["authorization"] for request in server.requests] == [
        f"Bearer {KEY}"
    ] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_does_not_carry_the_key(
    server, start_server, make_client, status
):
    elsewhere = start_server()
    client = make_client()
    server.get = server.post = [answer(status, location=elsewhere.url)]

    for call in (client.get_me, lambda: client.get_render(JOB_ID), lambda: client.submit(REQUEST)):
        with pytest.raises(KodiscError, match="the key was not sent there"):
            call()

    assert elsewhere.connections == 0
    assert len(server.posts) == 1


def test_a_proxy_of_the_environment_is_used_and_never_sees_the_key(
    server, make_client, monkeypatch
):
    monkeypatch.setenv("HTTPS_PROXY", server.origin)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.get = [answer(407)]
    client = make_client(base_url="https://kodisc.example/api/v2", resubmit_uncertain=False)

    with pytest.raises(NetworkError, match="the proxy could not be used") as caught:
        client.submit(REQUEST)

    assert {(request.method, request.path) for request in server.requests} == {
        ("CONNECT", "kodisc.example:443")
    }
    assert KEY not in str(server.requests)
    assert (caught.value.attempts, caught.value.uncertain) == (1, 0)
    assert "environment variable HTTPS_PROXY" in caught.value.hint


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    server, start_server, make_client, monkeypatch
):
    proxy = start_server()
    monkeypatch.setenv("HTTP_PROXY", proxy.origin)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.get = [account()]

    make_client().get_me()

    assert proxy.connections == 0
    assert len(server.gets) == 1


def test_cookies_of_an_answer_are_not_sent_back(server, make_client):
    server.get = [answer(503, set_cookie="session=1; Path=/"), account()]

    make_client().get_me()

    assert "cookie" not in server.gets[1].headers


def test_a_key_in_a_client_is_not_shown_by_verbose_tracebacks(server, make_client):
    assert SECRET not in repr(vars(make_client()))
    assert SECRET not in repr(Key(KEY, "KODISC_KEY"))
    assert SECRET not in f"{Key(KEY, 'KODISC_KEY')}"


def test_a_client_is_not_pickled_with_its_key(make_client):
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(make_client())
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(Key(KEY, "KODISC_KEY"))
