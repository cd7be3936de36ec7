"""A real Dask cluster of two workers: results come back, and a killed worker loses nothing."""

from __future__ import annotations

import pytest
import requests

from tests.renders_local.dask_cluster import Cluster

pytestmark = pytest.mark.render

SCENE = """import time
from pathlib import Path
from manim import *
class Job(Scene):
    def construct(self):
        here = Path({here!r})
        (here / "began-{n}").touch()
        while {n} < 2 and not (here / "gate").exists(): time.sleep(0.01)
        self.play(Create(Square()), run_time=0.2)
"""


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def steady(tmp_path_factory, start_for_module):
    """A cluster whose workers nobody kills, and a server that renders on it."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster, start_for_module("--dask", cluster.address)
    cluster.close()


def test_a_worker_killed_in_mid_render_loses_no_job(
    cluster, start_server, processes, wait_until, tmp_path
):
    here = tmp_path / "scenes"
    here.mkdir()
    server = start_server("--dask", cluster.address)
    jobs = [server.post(SCENE.format(here=str(here), n=n), "Job") for n in range(4)]
    for n in range(2):
        wait_until((here / f"began-{n}").exists)
    killed = cluster.workers[0]
    family = [killed.pid]
    for pid in family:
        family += processes.children(pid)
    assert len(family) == 3  # the worker, its forker, the render
    killed.kill()
    killed.wait()
    (here / "gate").touch()

    ended = [server.wait(job) for job in jobs]
    assert [job["status"] for job in ended] == ["completed"] * 4, [job["error"] for job in ended]
    for job in ended:
        assert requests.get(job["result"]["video"], timeout=60).content[4:8] == b"ftyp"
        assert job["durationMs"] > 0
    wait_until(lambda: not any(processes.is_alive(pid) for pid in family))


def test_a_job_whose_workers_die_twice_is_given_up(cluster, start_server, processes, wait_until):
    server = start_server("--dask", cluster.address)
    code = """from manim import *
class Job(Scene):
    def construct(self):
        import os, signal
        from kodisc_jupyter.local.processes import process_tree
        forker = os.getppid()
        worker = process_tree.everyone()[forker].parent
        os.kill(worker, 9)
        signal.pause()
"""
    error = server.failed(code, "Job")

    assert "workers died while they rendered it" in error
    wait_until(lambda: all(worker.poll() is not None for worker in cluster.workers))


def test_a_failing_scene_fails_on_the_cluster_as_it_does_here_and_a_right_one_brings_its_report(
    steady,
):
    _, server = steady
    error = server.failed("from manim import *\nclass A(Scene):\n    x = 1 / 0\n", "A")

    assert error.startswith('Traceback (most recent call last):\n  File "scene.py", line 2')
    assert error.endswith("ZeroDivisionError: division by zero")
    code = (
        "from manim import *\nclass A(Scene):\n    def construct(self):\n        self.wait(0.5)\n"
    )
    job = server.completed(code, "A")
    told = server.http.get(
        f"{server.origin}/local/jobs/{job['jobId']}/report",
        headers={"Authorization": f"Bearer {server.key}"},
        timeout=60,
    ).json()
    assert told["outcome"] == "ok"
    assert told["seconds"] == pytest.approx(0.5, abs=0.05)


def test_a_job_on_a_cluster_is_cancelled_where_it_runs(steady, processes, wait_until, tmp_path):
    here = tmp_path / "scenes"
    here.mkdir()
    cluster, server = steady
    held = server.post(SCENE.format(here=str(here), n=0), "Job")
    wait_until((here / "began-0").exists)
    answer = server.http.post(
        f"{server.origin}/local/jobs/{held}/cancel",
        headers={"Authorization": f"Bearer {server.key}"},
        timeout=60,
    )
    assert answer.json() == {"cancelled": [held]}
    assert server.job(held)["error"] == "cancelled"
    workers = [worker.pid for worker in cluster.workers]

    def renders():
        forkers = [pid for worker in workers for pid in processes.children(worker)]
        return [pid for forker in forkers for pid in processes.children(forker)]

    wait_until(lambda: not renders())
    (here / "gate").touch()
    assert server.render(SCENE.format(here=str(here), n=1), "Job")["status"] == "completed"
    assert server.job(held)["error"] == "cancelled"


def test_a_cluster_whose_workers_cannot_lock_scenes_in_is_refused_at_the_start(
    run_server, tmp_path, wait_until
):
    broken = tmp_path / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho not allowed here >&2\nexit 1\n")
    broken.chmod(0o755)
    cluster = Cluster(tmp_path, workers=1, path=f"{broken.parent}:")
    try:
        log = tmp_path / "worker.log"
        wait_until(lambda: "Registered to" in log.read_text())
        status, why, _ = run_server("--dask", cluster.address, "--sandbox", "on")
    finally:
        cluster.close()
    assert status == 2
    said = why.splitlines()[-1]
    assert said.startswith("Scenes cannot be locked in on the cluster's worker tcp://127.0.0.1:")
    assert "not allowed here" in said
