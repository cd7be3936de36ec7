"""Each way that asking for a job can go wrong. A poll that fails never submits anything."""

import itertools
import json
import socket
import threading
import time

import pytest

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import (
    AuthenticationError,
    JobNotFoundError,
    KodiscError,
    NetworkError,
    RenderFailedError,
    ServerError,
    WaitTimeoutError,
)
from tests.support.faulty_server import (
    JOB_ID,
    KEY,
    answer,
    completed,
    cut,
    cut_in_body,
    dribble,
    head,
    job,
    running,
    stall,
)

HTML = b"<html>maintenance</html>"
OUTAGES = {
    "cut": cut,
    "cut in mid-body": cut_in_body(200, b'{"jobId": "x"}' * 9, 20),
    "500": answer(500, {"error": "boom"}),
    "502 with HTML": answer(502, HTML),
    "503 with Retry-After": answer(503, retry_after="2"),
    "429": answer(429, {"error": "slow down"}),
    "200 with HTML": answer(200, HTML),
    "200 with nothing": answer(200),
    "200 with invalid UTF-8": answer(200, b'{"jobId": "\xff"}'),
}
outages = pytest.mark.parametrize("fault", OUTAGES.values(), ids=OUTAGES.keys())


@outages
def test_a_short_outage_is_survived_without_submitting_again(server, client, fault):
    server.get = [running, fault, fault, fault, completed]

    done = client.wait(JOB_ID)

    assert done.credits_cost == 51
    assert len(server.gets) == 5
    assert server.posts == []


@outages
def test_an_outage_of_a_minute_means_out_of_sight_and_not_failed(server, client, seen, fault):
    server.get = [running, fault]

    with pytest.raises((NetworkError, ServerError)) as caught:
        client.wait(JOB_ID)

    assert not isinstance(caught.value, RenderFailedError)
    assert caught.value.job_id == JOB_ID
    assert str(caught.value).startswith(f"Nothing has been heard of job {JOB_ID} for 60 s: ")
    assert str(caught.value).endswith(
        f"It was not submitted again. The job goes on; wait for it again with its job ID, {JOB_ID}."
    )
    assert 60 <= seen.clock < 70
    assert server.posts == []


def test_a_poll_that_stalls_is_given_up_and_asked_again(server, make_client):
    server.get = [stall, completed]

    assert make_client(read_timeout_s=1.0).wait(JOB_ID).job_id == JOB_ID
    assert len(server.gets) == 2
    assert server.posts == []


def test_a_server_that_is_gone_in_mid_poll_is_out_of_sight(server, client, seen):
    def vanish(server, connection, request):
        running(server, connection, request)
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        raise ConnectionAbortedError

    server.get = [vanish]

    with pytest.raises(NetworkError, match="the connection was refused") as caught:
        client.wait(JOB_ID)

    assert "The job goes on" in str(caught.value)
    assert server.posts == []


def test_a_401_in_mid_poll_ends_the_waiting_and_says_that_the_job_goes_on(server, client):
    server.get = [running, answer(401, {"error": "unauthorized"})]

    with pytest.raises(AuthenticationError) as caught:
        client.wait(JOB_ID)

    assert caught.value.job_id == JOB_ID
    assert str(caught.value).startswith(
        f"{server.name} refused the key (401): unauthorized. Job {JOB_ID} goes on. The key came "
        "from the api_key argument."
    )
    assert (len(server.gets), len(server.posts)) == (2, 0)


def test_a_404_that_stays_ends_the_waiting(server, client):
    server.get = [running, answer(404, {"error": "not found"})]

    with pytest.raises(JobNotFoundError) as caught:
        client.wait(JOB_ID)

    assert caught.value.job_id == JOB_ID
    assert str(caught.value) == (
        f"There is no job '{JOB_ID}' for this user (404): not found. Jobs belong to the user who "
        "made them: check the job ID and the key."
    )
    assert (len(server.gets), len(server.posts)) == (5, 0)


def test_a_single_404_in_mid_poll_is_not_believed(server, client):
    server.get = [running, answer(404, {"error": "not found"}), running, completed]

    assert client.wait(JOB_ID).credits_cost == 51


def test_a_redirected_poll_is_not_followed(server, start_server, client):
    elsewhere = start_server()
    server.get = [running, answer(302, location=f"{elsewhere.url}/render/{JOB_ID}")]

    with pytest.raises(ServerError, match="the key was not sent there") as caught:
        client.wait(JOB_ID)

    assert not caught.value.transient
    assert elsewhere.connections == 0
    assert (len(server.gets), len(server.posts)) == (2, 0)


STRANGE = {
    "unknown status": (job("melting"), "has an unknown status 'melting'"),
    "no status": (job(None), "has an unknown status None"),
    "no jobId": (answer(200, {"status": "queued"}), "has no jobId"),
    "not an object": (answer(200, [1]), "is not a JSON object"),
    "completed without a result": (job("completed"), "is completed but has no result"),
    "completed without a video": (job("completed", result={}), "is completed but has no video"),
}


@pytest.mark.parametrize(("fault", "text"), STRANGE.values(), ids=STRANGE.keys())
def test_an_answer_that_cannot_be_understood_is_a_clear_error(server, client, fault, text):
    server.get = [fault]

    with pytest.raises(ServerError) as caught:
        client.wait(JOB_ID)

    assert str(caught.value).startswith(f"The server's answer {text}; this version cannot read it.")
    assert caught.value.job_id == JOB_ID
    assert (len(server.gets), len(server.posts)) == (1, 0)


def test_an_answer_for_another_job_is_refused(server, client):
    server.get = [job("completed", jobId="somebody-elses", result={"video": "https://x/v.mp4"})]

    with pytest.raises(ServerError, match="answered for another job, 'somebody-elses'"):
        client.get_render(JOB_ID)


def test_a_failed_job_raises_with_the_jobs_own_error_and_cost(server, client):
    server.get = [running, job("failed", error="NameError: name 'Squar' is not defined")]

    with pytest.raises(RenderFailedError) as caught:
        client.wait(JOB_ID)

    assert caught.value.job_id == JOB_ID
    assert caught.value.job.credits_cost == 0
    assert str(caught.value) == (
        "The render failed: NameError: name 'Squar' is not defined. You were charged 0 credits."
    )
    assert server.posts == []


def test_a_timeout_ends_the_waiting_and_not_the_job(server, client, seen):
    with pytest.raises(WaitTimeoutError) as caught:
        client.wait(JOB_ID, timeout=30)

    assert caught.value.job_id == JOB_ID
    assert str(caught.value) == (
        f"Job {JOB_ID} was not done after 30 s. The job goes on; wait for it again with its "
        f"job ID, {JOB_ID}."
    )
    assert seen.clock == 30
    assert server.posts == []


def test_polls_come_soon_at_first_and_then_every_few_seconds(server, client, seen):
    server.get = [running] * 8 + [completed]

    client.wait(JOB_ID)

    assert seen.sleeps[0] == 1.0
    assert seen.sleeps == sorted(seen.sleeps)
    assert seen.sleeps[-1] == 5.0


def test_a_retry_after_slows_the_polls(server, client, seen):
    server.get = [answer(503, retry_after="40"), completed]

    client.wait(JOB_ID)

    assert seen.sleeps == [40.0]


def test_a_clock_that_jumps_disturbs_neither_waits_nor_retries(server, client, seen, monkeypatch):
    days = iter(range(10_000))
    monkeypatch.setattr(time, "time", lambda: next(days) * 86_400.0)
    server.get = [
        running,
        answer(
            503,
            date="Wed, 01 Jan 2025 00:00:00 GMT",
            retry_after="Wed, 01 Jan 2025 00:00:09 GMT",
        ),
        completed,
    ]

    client.wait(JOB_ID, timeout=60)

    assert seen.sleeps == [1.0, 9.0]
    assert (len(server.gets), len(server.posts)) == (3, 0)


def test_cancelling_ends_a_wait_at_once(server, make_client):
    client = Client(KEY, base_url=server.url)
    cancel = threading.Event()
    began = time.monotonic()

    with pytest.raises(WaitTimeoutError):
        client.wait(JOB_ID, poll_s=3600, cancel=cancel, on_poll=lambda job: cancel.set())

    assert time.monotonic() - began < 600
    assert server.posts == []


def test_headers_that_dribble_in_are_given_up_after_four_read_timeouts(server, make_client):
    server.get = [dribble(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05)]
    client = Client(KEY, base_url=server.url, read_timeout_s=0.2)

    with pytest.raises(NetworkError, match=r"no answer within 0.2 s"):
        client.get_render(JOB_ID, attempts=1)


def test_a_body_that_dribbles_in_is_given_up_after_four_read_timeouts(server):
    server.get = [dribble(head(200, 100_000), b" ", 0.01)]
    clock = itertools.count(step=3.0)
    client = Client(KEY, base_url=server.url, read_timeout_s=5.0, monotonic=lambda: next(clock))

    with pytest.raises(ServerError, match=r"the answer was not complete after 20 s"):
        client.get_render(JOB_ID, attempts=1)


def test_one_attempt_asks_once(server, client, seen):
    server.get = [answer(503)]

    with pytest.raises(ServerError) as caught:
        client.get_render(JOB_ID, attempts=1)

    assert caught.value.transient
    assert caught.value.job_id == JOB_ID
    assert (len(server.gets), seen.sleeps) == (1, [])


def test_the_account_is_asked_for_five_times(server, client, seen):
    server.get = [answer(503)]

    with pytest.raises(ServerError):
        client.get_me()

    assert (len(server.gets), seen.sleeps) == (5, [1.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize(
    "balance", [{}, {"credits": {}}, {"credits": {"paid": "1", "free": 2}}, {"credits": None}]
)
def test_an_account_without_a_balance_is_a_clear_error(server, client, balance):
    server.get = [answer(200, balance)]

    with pytest.raises(ServerError, match=r"has (no credits|credits that are not numbers)"):
        client.get_me()


@pytest.mark.parametrize("job_id", ["", ".", ".."])
def test_what_cannot_be_a_job_id_is_not_asked_for(server, client, job_id):
    with pytest.raises(JobNotFoundError, match="is not a job ID; nothing was sent"):
        client.get_render(job_id)

    assert server.connections == 0


def test_a_job_id_is_opaque_and_cannot_leave_its_place_in_the_path(server, client):
    strange = "../me?x=#y é"
    server.get = [answer(200, json.dumps({"jobId": strange, "status": "queued"}).encode())]

    assert client.get_render(strange).job_id == strange
    assert server.gets[0].path == "/api/v2/render/..%2Fme%3Fx%3D%23y%20%C3%A9"


def test_no_fault_ends_in_an_error_of_another_library(server, client):
    for fault in [*OUTAGES.values(), *(fault for fault, _ in STRANGE.values())]:
        server.get = [fault]
        with pytest.raises(KodiscError):
            client.get_render(JOB_ID, attempts=1)
