"""Real render servers in processes of their own, and what their tests ask of them."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

PATIENCE_S = 240.0
"""How long anything may take before the test gives up; never what a test waits for."""

ENDED = ("completed", "failed")


def until(condition, patience_s: float = PATIENCE_S):
    """The first true value of ``condition()``, asked again and again."""
    pause = threading.Event()
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "gave up waiting"
        pause.wait(0.02)
    return value


@dataclass
class Server:
    """A running ``python -m kodisc_jupyter.local``."""

    process: subprocess.Popen
    log: Path
    url: str
    key: str
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/api/v2")

    def call(self, method, path, *, key=None, **options):
        headers = {"Authorization": f"Bearer {key or self.key}", **options.pop("headers", {})}
        return self.http.request(method, self.url + path, headers=headers, timeout=60, **options)

    def post(self, code, scene, *, key=None, **options):
        """Enqueue a render; its job ID."""
        body = {"code": code, "className": scene, "quality": "low", **options}
        answer = self.call("POST", "/render", json=body, key=key)
        assert answer.status_code == 202, answer.text
        return answer.json()["jobId"]

    def job(self, job_id, *, key=None):
        answer = self.call("GET", f"/render/{job_id}", key=key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, job_id, *, key=None, statuses=ENDED):
        def there():
            job = self.job(job_id, key=key)
            return job if job["status"] in statuses else None

        return until(there)

    def render(self, code, scene, *, key=None, **options):
        """Render and wait for the end; the job."""
        return self.wait(self.post(code, scene, key=key, **options), key=key)

    def completed(self, code, scene, **options):
        job = self.render(code, scene, **options)
        assert job["status"] == "completed", job["error"]
        return job

    def failed(self, code, scene, **options):
        job = self.render(code, scene, **options)
        assert job["status"] == "failed", job
        return job["error"]

    def fetch(self, url, path):
        """Download one of a job's files, with no key."""
        answer = requests.get(url, timeout=60)
        assert answer.status_code == 200, answer.text
        path.write_bytes(answer.content)
        return path

    def credits(self, *, key=None):
        return self.call("GET", "/me", key=key).json()["credits"]

    def stop(self):
        """Ask it to end, as a user would."""
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self):
        """End it without giving it a chance to do anything."""
        self.process.kill()
        self.process.wait()

    @property
    def forker(self):
        """The pid of its process that makes the renders."""
        return until(lambda: next(iter(children(self.process.pid)), None))


def children(pid):
    """The pids whose parent is ``pid``."""
    from kodisc_jupyter.local.processes import process_tree

    return [each.pid for each in process_tree.everyone().values() if each.parent == pid]


def is_alive(pid):
    from kodisc_jupyter.local.processes import process_tree

    return pid in process_tree.everyone()


def clean_environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KODISC_")}
    return {**kept, "KODISC_HOME": str(home)}


def first_line(process):
    lines = queue.Queue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    return lines.get(timeout=PATIENCE_S)


class Starter:
    """Starts servers, and ends every one of them."""

    def __init__(self, folder_of) -> None:
        self._folder_of = folder_of
        self.servers: list[Server] = []

    def __call__(self, *options, environment=None) -> Server:
        folder = self._folder_of()
        log = folder / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "kodisc_jupyter.local", *map(str, options)],
                stdout=subprocess.PIPE,
                stderr=file,
                env={**clean_environment(folder), **(environment or {})},
            )
        line = first_line(process)
        if not line:
            process.wait(60)
            raise AssertionError(f"no first line: {log.read_text()}")
        said = json.loads(line)
        server = Server(process, log, said["url"], said.get("key", ""))
        self.servers.append(server)
        return server

    def close(self):
        for server in self.servers:
            server.stop()
            server.process.stdout.close()


@pytest.fixture
def start_server(tmp_path_factory):
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    yield starter
    starter.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it as they found it."""
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    yield starter("--workers", 2, "--memory-limit", 1024)
    starter.close()


@pytest.fixture(scope="module")
def start_for_module(tmp_path_factory):
    """Starts servers that live as long as the module's tests."""
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    yield starter
    starter.close()


@pytest.fixture
def run_server(tmp_path):
    """Run a server that is expected to end by itself: its exit status and its last words."""

    def run(*options, **more):
        ended = subprocess.run(
            [sys.executable, "-m", "kodisc_jupyter.local", *map(str, options)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=clean_environment(tmp_path),
            check=False,
            **more,
        )
        return ended.returncode, ended.stderr.strip(), ended.stdout

    return run


@pytest.fixture(scope="session")
def wait_until():
    return until


@pytest.fixture(scope="session")
def processes():
    """What the system says of processes: ``children(pid)`` and ``is_alive(pid)``."""

    @dataclass(frozen=True)
    class Processes:
        children = staticmethod(children)
        is_alive = staticmethod(is_alive)

    return Processes()
