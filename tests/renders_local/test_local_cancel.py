"""Cancelling a job of a render server, and stopping the one of this machine for good."""

from __future__ import annotations

import psutil
import pytest

from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError
from kodisc_jupyter.renders import local_server
from tests.support.render_server import until

FOREVER = """\
from manim import *


class Forever(Scene):
    def construct(self):
        while True:
            pass
"""
WITH_A_CHILD = """\
import subprocess
import sys

from manim import *


class Parent(Scene):
    def construct(self):
        subprocess.run([sys.executable, "-c", "import signal; signal.pause()"])
"""
SMALL = """\
from manim import *


class Small(Scene):
    def construct(self):
        self.wait(0.1)
"""


def cancel(server, job_id, **options):
    return server.http.post(
        f"{server.origin}/local/jobs/{job_id}/cancel",
        headers={"Authorization": f"Bearer {options.get('key', server.key)}"},
        timeout=60,
    )


def renders_of(server) -> list[psutil.Process]:
    """What runs below the forker."""
    (forker,) = psutil.Process(server.process.pid).children()
    return forker.children(recursive=True)


@pytest.fixture(scope="module")
def server(start_for_module):
    """A server whose renders cost something, one at a time."""
    return start_for_module("--workers", 1, "--credits", 1000)


@pytest.mark.parametrize(("code", "scene"), [(FOREVER, "Forever"), (WITH_A_CHILD, "Parent")])
def test_a_running_job_is_cancelled_with_all_its_processes(server, code, scene):
    left = server.credits()["total"]
    job_id = server.post(code, scene)
    server.wait(job_id, statuses=("running",))
    answer = cancel(server, job_id)
    assert (answer.status_code, answer.json()) == (200, {"cancelled": [job_id]})
    job = server.job(job_id)
    assert (job["status"], job["error"], job["creditsCost"]) == ("failed", "cancelled", 0)
    assert server.credits()["total"] == left
    until(lambda: not renders_of(server))
    assert server.render(SMALL, "Small")["status"] == "completed"
    assert server.job(job_id)["error"] == "cancelled"


def test_only_ones_own_open_jobs_can_be_cancelled(server):
    job_id = server.post(FOREVER, "Forever")
    assert cancel(server, job_id, key="kdsc_live_" + "0" * 48).status_code == 401
    assert cancel(server, "clx" + "0" * 22).status_code == 404
    assert cancel(server, job_id).status_code == 200
    assert cancel(server, job_id).status_code == 409


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "home"
    local_server.stop(tmp_path / "home")


def client_of(address):
    from kodisc_jupyter.api.client import Client

    return Client(address.key, base_url=address.url)


def test_stop_ends_what_is_open_for_good_and_another_can_start_at_once(home):
    from kodisc_jupyter.api.models import Quality, RenderRequest

    address = local_server.ensure(home)
    with client_of(address) as client:
        jobs = [
            client.enqueue_render(RenderRequest(f"{FOREVER}# {n}", "Forever", Quality.LOW)).job_id
            for n in range(3)
        ]
    dropped = local_server.stop(home)
    assert sorted(dropped or ()) == sorted(jobs)
    for _ in range(2):
        again = local_server.ensure(home)
        with client_of(again) as client:
            assert {client.get_render(job_id).error for job_id in jobs} == {"cancelled"}
        assert local_server.stop(home) == ()
    assert local_server.stop(home) is None


def test_the_client_side_of_cancelling_says_what_is_wrong(server):
    from kodisc_jupyter.api.models import Quality, RenderRequest

    address = local_server.Address(server.url, server.key, server.process.pid)
    with pytest.raises(JobNotFoundError, match="does not know job"):
        local_server.cancel(address, "nobody's/../job")
    with client_of(address) as client:
        job = client.enqueue_render(RenderRequest(FOREVER, "Forever", Quality.LOW))
        local_server.cancel(address, job.job_id)
        with pytest.raises(KodiscError, match="has ended already"):
            local_server.cancel(address, job.job_id)
