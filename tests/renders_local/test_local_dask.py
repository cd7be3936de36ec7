"""A real Dask cluster of two workers: results come back, and a killed worker loses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import requests

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


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder, wait_until) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen] = []
        told = folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", told)
        wait_until(lambda: told.exists() and told.read_text())
        self.address = json.loads(told.read_text())["address"]
        self.workers = [self._worker(n) for n in range(2)]

    def _worker(self, number: int) -> subprocess.Popen:
        place = self._folder / f"worker{number}"
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", place)
        return self._start("worker", self.address, *options)

    def _start(self, *command) -> subprocess.Popen:
        host = ("--host", "127.0.0.1")
        with (self._folder / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *map(str, command), *host],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__DISK": "false"},
            )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path, wait_until):
    cluster = Cluster(tmp_path, wait_until)
    yield cluster
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
        import os
        from kodisc_jupyter.local.processes import process_tree
        forker = os.getppid()
        worker = process_tree.everyone()[forker].parent
        os.kill(worker, 9)
        import time
        time.sleep(600)
"""
    error = server.failed(code, "Job")

    assert "workers died while they rendered it" in error
    wait_until(lambda: all(worker.poll() is not None for worker in cluster.workers))


def test_a_failing_scene_fails_on_the_cluster_as_it_does_here(cluster, start_server):
    server = start_server("--dask", cluster.address)
    error = server.failed("from manim import *\nclass A(Scene):\n    x = 1 / 0\n", "A")

    assert error.startswith('Traceback (most recent call last):\n  File "scene.py", line 2')
    assert error.endswith("ZeroDivisionError: division by zero")


def test_a_job_on_a_cluster_is_cancelled_where_it_runs(
    cluster, start_server, processes, wait_until, tmp_path
):
    here = tmp_path / "scenes"
    here.mkdir()
    server = start_server("--dask", cluster.address)
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
