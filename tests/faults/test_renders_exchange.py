"""Renders over the real client, against a server that misbehaves on purpose."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kodisc_jupyter.api.errors import NetworkError, SubmissionUncertainError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.record import Step
from kodisc_jupyter.renders.money import settlement
from kodisc_jupyter.renders.session import RenderSession
from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.renders.watch import pacing
from tests.support.faulty_server import JOB_ID, KEY, accepted, account, cut, running, stall

PATIENCE_S = 60.0
REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setitem(pacing.FIRST_POLL_S, "cloud", 0.01)
    monkeypatch.setitem(pacing.NEXT_POLL_S, "cloud", 0.013)
    session = RenderSession(home=tmp_path / "home")
    yield session
    session.close()


def test_an_attempt_that_was_cut_off_is_in_the_receipt(session, server, client):
    server.post = [cut, accepted]
    server.get = [account(), running]
    states = []
    render = session.start(
        REQUEST, backend=Backend("cloud", client, "cloud:x"), on_state=states.append
    )
    assert render.state.uncertain == 1
    assert "may have started another job" in settlement(render.state)
    assert render.state.balance_before.total == 2040
    retrying = next(state for state in states if state.phase is Phase.RETRYING)
    assert (retrying.retry.attempt, retrying.retry.attempts) == (2, 5)
    assert "cut off" in retrying.retry.reason
    (row,) = session.jobs()
    assert (row.attempts, row.uncertain_attempts, row.job_id) == (2, 1, JOB_ID)


def test_without_resubmitting_a_cut_off_attempt_ends_as_uncertain(session, server, make_client):
    server.post = [cut]
    server.get = [account(1000), account(949)]
    backend = Backend("cloud", make_client(resubmit_uncertain=False), "cloud:x")
    with pytest.raises(SubmissionUncertainError):
        session.start(REQUEST, backend=backend)
    assert len(server.posts) == 1
    (row,) = session.jobs()
    assert row.step is Step.UNCERTAIN
    assert (row.balance_before.total, row.balance_after.total) == (1200, 1149)


def test_a_server_that_cannot_be_reached_costs_nothing_and_is_not_uncertain(
    session, server, client
):
    server.close()
    with pytest.raises(NetworkError):
        session.start(REQUEST, backend=Backend("cloud", client, "cloud:x"))
    assert [row.step for row in session.jobs()] == [Step.NOT_SENT]


def test_a_kernel_with_an_open_job_exits_at_once(server, tmp_path):
    server.get = [running]
    script = (
        "import sys; from pathlib import Path\n"
        "from kodisc_jupyter.api.client import Client\n"
        "from kodisc_jupyter.api.models import RenderRequest\n"
        "from kodisc_jupyter.renders.backend import Backend\n"
        "from kodisc_jupyter.renders.session import RenderSession\n"
        "url, key, home = sys.argv[1:]\n"
        "session = RenderSession(home=Path(home))\n"
        "backend = Backend('local', Client(key, base_url=url), 'local', unlimited=True)\n"
        "print(session.start(RenderRequest('x', 'A'), backend=backend).job.job_id)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, server.url, KEY, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, JOB_ID, "")


def test_a_kernel_killed_while_its_request_is_on_its_way_leaves_an_uncertain_row(
    session, server, client, tmp_path
):
    server.post = [stall, accepted]
    server.get = [account()]
    kernel = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("renders_kernel.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    orders = {"url": server.url, "key": KEY, "home": str(tmp_path / "home"), "patience_s": 9}
    kernel.stdin.write(json.dumps({**orders, "cells": [["Hello", REQUEST.code]]}) + "\n")
    kernel.stdin.flush()
    server.arrived.wait(PATIENCE_S)
    while not server.posts:
        server.arrived.clear()
        assert server.arrived.wait(PATIENCE_S)
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.wait(PATIENCE_S)
    kernel.stdin.close()
    kernel.stdout.close()

    backend = Backend("local", client, "local")
    (row,) = session.jobs(backend=backend)
    assert row.step is Step.UNCERTAIN
    assert (row.balance_before.total, row.balance_after.total) == (2040, 2040)
