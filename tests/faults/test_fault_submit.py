"""Each way a submission can go wrong: what was sent, how often, and what the user saw."""

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass

import pytest

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import (
    AuthenticationError,
    InsufficientCreditsError,
    InvalidRequestError,
    NetworkError,
    ServerError,
    SubmissionCancelledError,
    SubmissionUncertainError,
)
from kodisc_jupyter.api.models import RenderRequest
from tests.support.faulty_server import (
    JOB_ID,
    KEY,
    accepted,
    account,
    answer,
    cut,
    cut_in_body,
    hang_up,
    head,
    stall,
)

REQUEST = RenderRequest("from manim import *", "HelloKodisc")
ACCEPTED = json.dumps({"jobId": JOB_ID, "status": "queued", "endpoint": "render"}).encode()
HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Case:
    """A fault that always happens, and its reason in the user's words."""

    fault: object
    reason: str
    error: type[Exception]
    read_timeout_s: float = 5.0


UNCERTAIN = {
    "cut after the request was read": Case(cut, "the connection was cut off", NetworkError),
    "stall past the read timeout": Case(stall, "no answer within 1 s", NetworkError, 1.0),
    "500": Case(answer(500, {"error": "boom"}), "the server answered 500", ServerError),
    "502 with HTML": Case(answer(502, HTML), "the server answered 502", ServerError),
    "503": Case(answer(503), "the server answered 503", ServerError),
    "500 cut in its body": Case(
        cut_in_body(500, b'{"error": "boom"}', 5), "the server answered 500", ServerError
    ),
    "garbage in place of HTTP": Case(
        lambda server, connection, request: (
            connection.sendall(b"\0\1nonsense\r\n\r\n"),
            cut(server, connection, request),
        ),
        "the connection was cut off",
        NetworkError,
    ),
}
uncertain = pytest.mark.parametrize("case", UNCERTAIN.values(), ids=UNCERTAIN.keys())


@uncertain
def test_an_attempt_that_may_have_arrived_is_sent_again_and_the_receipt_says_so(
    server, make_client, seen, case
):
    server.post = [case.fault, accepted]
    told = []

    submission = make_client(read_timeout_s=case.read_timeout_s).submit(
        REQUEST, on_retry=lambda retry: told.append(str(retry))
    )

    assert submission.job.job_id == JOB_ID
    assert (submission.attempts, submission.uncertain) == (2, 1)
    assert submission.reasons == (case.reason,)
    assert told == [f"retrying in 1 s (2 of 5): {case.reason}"]
    assert seen.sleeps == [1.0]
    assert len(server.posts) == 2
    assert server.posts[0].body == server.posts[1].body


@uncertain
def test_after_five_uncertain_attempts_the_error_says_that_a_job_may_have_been_made(
    server, make_client, seen, case
):
    server.post = [case.fault]

    with pytest.raises(case.error) as caught:
        make_client(read_timeout_s=case.read_timeout_s).submit(REQUEST)

    assert len(server.posts) == 5
    assert seen.sleeps == [1.0, 2.0, 4.0, 8.0]
    assert (caught.value.attempts, caught.value.uncertain) == (5, 5)
    assert "All 5 attempts failed, but any of them may have started a job." in str(caught.value)
    assert "whether the balance fell" in str(caught.value)


@uncertain
def test_with_resubmit_uncertain_off_nothing_is_sent_twice(server, make_client, seen, case):
    server.post = [case.fault]

    with pytest.raises(SubmissionUncertainError) as caught:
        make_client(read_timeout_s=case.read_timeout_s, resubmit_uncertain=False).submit(REQUEST)

    assert len(server.posts) == 1
    assert seen.sleeps == []
    assert (caught.value.attempts, caught.value.uncertain) == (1, 1)
    assert str(caught.value).startswith(
        f"The render may or may not have been accepted: {case.reason}. It was not sent again, "
        "because resubmit_uncertain is off."
    )


UNREADABLE = {
    "no jobId": (answer(202, {"status": "queued"}), "without a job"),
    "jobId of the wrong kind": (answer(202, {"jobId": 7, "status": "queued"}), "without a job"),
    "not an object": (answer(202, [1, 2]), "without a job"),
    "empty body": (answer(202), "its body is empty"),
    "HTML": (answer(200, HTML), "its body is a web page, not JSON"),
    "not JSON": (answer(202, b"accepted!"), "its body is not JSON"),
    "deep nesting": (answer(202, b"[" * 100_000), "its body is not JSON"),
    "invalid UTF-8": (answer(202, b'{"jobId": "\xff\xfe"}'), "its body is not UTF-8 text"),
    "cut in mid-body": (
        cut_in_body(202, ACCEPTED, 20),
        "its body could not be read: the connection was cut off",
    ),
    "50 MB announced": (
        lambda server, connection, request: connection.sendall(head(202, 50_000_000)),
        "its body could not be read: the answer is larger than 5 MB",
    ),
}


@pytest.mark.parametrize("resubmit", [True, False])
@pytest.mark.parametrize(("fault", "problem"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_accepted_render_whose_job_id_cannot_be_read_is_never_sent_again(
    server, make_client, fault, problem, resubmit
):
    server.post = [fault]

    with pytest.raises(SubmissionUncertainError) as caught:
        make_client(resubmit_uncertain=resubmit).submit(REQUEST)

    assert len(server.posts) == 1
    assert caught.value.uncertain == 1
    assert f"but {problem}: a job was probably made, and its ID is not known." in str(caught.value)
    assert "It was not sent again, so that you do not pay twice." in str(caught.value)


def test_a_body_of_50_mb_without_a_length_is_read_to_the_limit_only(server, make_client):
    sent = []

    def flood(server, connection, request):
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n")
        for _ in range(50):
            connection.sendall(b" " * 1_000_000)
            sent.append(1_000_000)

    server.post = [flood]

    with pytest.raises(SubmissionUncertainError, match="larger than 5 MB"):
        make_client().submit(REQUEST)

    assert len(server.posts) == 1
    server.close()
    assert sum(sent) < 50_000_000


def test_an_accepted_job_is_kept_whatever_else_is_odd_about_the_answer(server, client):
    server.post = [answer(200, {"jobId": JOB_ID, "status": "melting", "new": {"field": 1}})]

    submission = client.submit(REQUEST)

    assert submission.job.job_id == JOB_ID
    assert (submission.attempts, submission.uncertain) == (1, 0)
    assert len(server.posts) == 1


def test_a_retry_after_is_waited_for_and_told(server, client, seen):
    server.post = [answer(503, retry_after="7"), accepted]
    told = []

    submission = client.submit(REQUEST, on_retry=lambda retry: told.append(str(retry)))

    assert told == ["retrying in 7 s (2 of 5): the server answered 503"]
    assert seen.sleeps == [7.0]
    assert (len(server.posts), submission.uncertain) == (2, 1)


def test_a_retry_after_of_an_hour_is_obeyed_for_two_minutes(server, client, seen):
    server.post = [answer(503, retry_after="3600"), accepted]

    client.submit(REQUEST)

    assert seen.sleeps == [120.0]
    assert len(server.posts) == 2


def test_a_429_is_tried_again_and_is_never_uncertain(server, make_client, seen):
    server.post = [answer(429, {"error": "slow down"}, retry_after="3"), accepted]

    submission = make_client(resubmit_uncertain=False).submit(REQUEST)

    assert seen.sleeps == [3.0]
    assert (submission.attempts, submission.uncertain) == (2, 0)
    assert submission.reasons == ("the server answered 429",)
    assert len(server.posts) == 2


def test_five_429_say_that_no_job_was_made(server, client):
    server.post = [answer(429, {"error": "slow down"})]

    with pytest.raises(ServerError) as caught:
        client.submit(REQUEST)

    assert len(server.posts) == 5
    assert str(caught.value) == (
        f"{server.name} takes no more requests right now (429): slow down. All 5 attempts failed. "
        "No job was made and nothing was charged. Wait a little, then try again."
    )


@pytest.mark.parametrize("resubmit", [True, False])
def test_a_refused_connection_is_tried_five_times_and_no_job_was_made(
    server, make_client, seen, resubmit
):
    client = make_client(resubmit_uncertain=resubmit)
    server.close()

    with pytest.raises(NetworkError) as caught:
        client.submit(REQUEST)

    assert seen.sleeps == [1.0, 2.0, 4.0, 8.0]
    assert server.posts == []
    assert (caught.value.delivered, caught.value.attempts, caught.value.uncertain) == (False, 5, 0)
    assert str(caught.value) == (
        f"{client.base_url[7:-7]} could not be reached: the connection was refused. All 5 "
        "attempts failed. No job was made and nothing was charged. Check the network connection, then try "
        "again."
    )


def test_a_name_that_is_not_found_is_tried_five_times_and_no_job_was_made(
    server, make_client, seen, monkeypatch
):
    asked = []

    def not_found(host, *rest, **options):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)

    with pytest.raises(NetworkError) as caught:
        make_client(base_url="https://kodisc.example/api/v2", resubmit_uncertain=False).submit(
            REQUEST
        )

    assert asked == ["kodisc.example"] * 5
    assert server.connections == 0
    assert (caught.value.delivered, caught.value.uncertain) == (False, 0)
    assert str(caught.value).startswith(
        "kodisc.example could not be reached: the server's name was not found."
    )


def test_a_host_that_does_not_speak_tls_is_never_sent_the_request(server, make_client):
    server.before_request = [
        lambda connection: connection.recv(1) and connection.sendall(b"HTTP/1.1 400 No\r\n\r\n")
    ] * 5
    secure = server.url.replace("http:", "https:")

    with pytest.raises(NetworkError, match="no secure connection could be made") as caught:
        make_client(base_url=secure, resubmit_uncertain=False).submit(REQUEST)

    assert server.connections == 5
    assert server.posts == []
    assert (caught.value.delivered, caught.value.uncertain) == (False, 0)


def test_cut_before_any_byte_of_the_request_was_read_is_uncertain_once_all_of_it_had_left(
    server, client
):
    def all_is_there(connection):
        return connection.recv(65_536, socket.MSG_PEEK).endswith(b'"className":"HelloKodisc"}')

    def hang_up_unread(connection):
        while not all_is_there(connection):
            pass
        hang_up_quietly(connection)

    server.before_request = [hang_up_unread]

    submission = client.submit(REQUEST)

    assert len(server.posts) == 1
    assert server.connections == submission.attempts == 2
    assert submission.uncertain == 1
    assert submission.reasons == ("the connection was cut off",)


def test_cut_as_soon_as_the_connection_stands_is_tried_again(server, client):
    server.before_request = [hang_up_quietly]

    submission = client.submit(REQUEST)

    assert len(server.posts) == 1
    assert submission.attempts == 2
    # It depends on who was faster whether any of the body had left.
    assert submission.reasons[0] in {"the connection was cut off", "no connection could be made"}


def hang_up_quietly(connection):
    with contextlib.suppress(ConnectionAbortedError):
        hang_up(connection)


ANSWERS = {
    "400": (
        answer(400, {"error": "fps must be a positive integer", "message": "Got -1."}),
        InvalidRequestError,
        (
            "SERVER refused the request (400): fps must be a positive integer: Got -1. No job was made; nothing was "
            "charged. Change fps and send it again."
        ),
    ),
    "400 without JSON": (
        answer(400, HTML),
        InvalidRequestError,
        (
            "SERVER refused the request (400): the server gave no reason (its body is a web page, not JSON). No job was made; "
            "nothing was charged. Change the request, then send it again."
        ),
    ),
    "401": (
        answer(401, {"error": "unauthorized"}),
        AuthenticationError,
        (
            "SERVER refused the key (401): unauthorized. No job was made; nothing was charged. The key came from "
            "the api_key argument. It may be mistyped, revoked or unknown; keys are looked for in the api_key argument, "
            "KODISC_KEY, Colab's secrets, the system keyring and this session's login, in this order."
        ),
    ),
    "402": (
        answer(402, {"error": "insufficient_credits"}),
        InsufficientCreditsError,
        (
            "Not enough credits to reserve this render (402): insufficient_credits. No job was made; nothing was "
            "charged. Ask whoever runs this server for more."
        ),
    ),
    "413": (
        answer(413, {"error": "too large"}),
        InvalidRequestError,
        (
            "The request is too large for SERVER (413): too large. No job was made; nothing was charged. Send less "
            "code or metadata."
        ),
    ),
}


@pytest.mark.parametrize(("fault", "kind", "text"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_that_says_no_is_never_tried_again(server, client, seen, fault, kind, text):
    server.post = [fault]
    server.get = [account(2, 5)]

    with pytest.raises(kind) as caught:
        client.submit(REQUEST)

    assert len(server.posts) == 1
    assert seen.sleeps == []
    assert str(caught.value) == text.replace("SERVER", server.name)
    assert (caught.value.attempts, caught.value.uncertain) == (1, 0)


def test_a_404_for_the_endpoint_names_the_base_url(server, client):
    server.post = [answer(404, {"error": "not found"})]

    with pytest.raises(ServerError) as caught:
        client.submit(REQUEST)

    assert len(server.posts) == 1
    assert str(caught.value) == (
        f"The server does not know POST /render (404): not found. Check the base URL, {server.url}."
    )


def test_a_402_after_an_uncertain_attempt_does_not_claim_that_no_job_was_made(server, client):
    server.post = [answer(503), answer(402, {"error": "insufficient_credits"})]
    server.get = [answer(500)]

    with pytest.raises(InsufficientCreditsError) as caught:
        client.submit(REQUEST)

    assert len(server.posts) == 2
    assert caught.value.uncertain == 1
    assert "This attempt made no job." in str(caught.value)
    assert "1 of them may have started a job" in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(server, start_server, client, status):
    elsewhere = start_server()
    server.post = [answer(status, location=f"{elsewhere.url}/render")]

    with pytest.raises(ServerError) as caught:
        client.submit(REQUEST)

    assert len(server.posts) == 1
    assert elsewhere.connections == 0
    assert str(caught.value) == (
        f"The server wants to redirect to '{elsewhere.origin[7:]}' ({status}); the key was not sent there. "
        f"Check the base URL, {server.url}."
    )


def test_a_broken_rule_is_found_before_anything_is_sent(server, client):
    with pytest.raises(InvalidRequestError) as caught:
        client.submit(RenderRequest("x = 1", "Not a name"))

    assert server.connections == 0
    assert (caught.value.field, caught.value.error) == (
        "className",
        "className must be a valid Python identifier",
    )


def test_the_same_key_goes_out_with_every_attempt(server, client):
    server.post = [answer(503), answer(429), accepted]

    client.submit(REQUEST)

    assert [request.headers["authorization"] for request in server.posts] == [f"Bearer {KEY}"] * 3


@pytest.mark.parametrize(("status", "uncertain"), [(429, 0), (503, 1)])
def test_calling_it_off_ends_a_wait_at_once_and_sends_nothing_more(server, status, uncertain):
    server.post = [answer(status, retry_after="100"), accepted]
    cancel = threading.Event()
    began = time.monotonic()

    with pytest.raises(SubmissionCancelledError) as caught:
        Client(KEY, base_url=server.url).submit(
            REQUEST, on_retry=lambda retry: cancel.set(), cancel=cancel
        )

    assert time.monotonic() - began < 100
    assert len(server.posts) == 1
    assert (caught.value.attempts, caught.value.uncertain) == (1, uncertain)
    assert str(caught.value).startswith("The render was called off. ")
    assert caught.value.__context__ is None


def test_an_error_of_a_callback_carries_the_counts_of_what_was_sent(server, client):
    server.post = [answer(503), accepted]

    def attempt(number):
        if number == 2:
            raise SubmissionCancelledError("Called off.")

    with pytest.raises(SubmissionCancelledError) as caught:
        client.submit(REQUEST, on_attempt=attempt)

    assert (caught.value.attempts, caught.value.uncertain) == (1, 1)
    assert len(server.posts) == 1


def test_a_clock_that_jumps_disturbs_no_retry(server, client, seen, monkeypatch):
    years = iter(range(-1000, 1000))
    monkeypatch.setattr(time, "time", lambda: next(years) * 3.0e7)
    server.post = [
        answer(500),
        answer(
            503,
            date="Wed, 01 Jan 2025 00:00:00 GMT",
            retry_after="Wed, 01 Jan 2025 00:00:05 GMT",
        ),
        accepted,
    ]

    assert client.submit(REQUEST).attempts == 3

    assert seen.sleeps == [1.0, 5.0]
    assert len(server.posts) == 3


def test_each_attempt_is_told_before_it_is_sent(server, client):
    server.post = [answer(503), answer(503), accepted]
    told = []

    client.submit(REQUEST, on_attempt=lambda number: told.append((number, len(server.posts))))

    assert told == [(1, 0), (2, 1), (3, 2)]


def test_a_connection_that_is_never_answered_is_never_delivered(make_client, monkeypatch):
    def silent(self, address):
        raise TimeoutError("timed out")

    client = make_client(resubmit_uncertain=False, connect_timeout_s=3.0)
    monkeypatch.setattr(socket.socket, "connect", silent)

    with pytest.raises(NetworkError, match="no connection within 3 s") as caught:
        client.submit(REQUEST)

    assert (caught.value.attempts, caught.value.uncertain) == (5, 0)
