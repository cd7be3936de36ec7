"""Real render servers in processes of their own, and what the system says of processes."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.renders import local_server

T = TypeVar("T")

PATIENCE_S = 240.0
"""How long anything may take before the test gives up; never what a test waits for."""

ENDED = ("completed", "failed")


def until(condition: Callable[[], T | None], patience_s: float = PATIENCE_S) -> T:
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

    process: subprocess.Popen[bytes]
    log: Path
    url: str
    key: str
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def origin(self) -> str:
        """The server's address without the API's path."""
        return self.url.removesuffix("/api/v2")

    def call(
        self, method: str, path: str, *, key: str | None = None, **options: Any
    ) -> requests.Response:
        """An answer of the API, under this or the server's own key."""
        headers = {"Authorization": f"Bearer {key or self.key}", **options.pop("headers", {})}
        return self.http.request(method, self.url + path, headers=headers, timeout=60, **options)

    def post(self, code: str, scene: str, *, key: str | None = None, **options: Any) -> str:
        """Enqueue a render; its job ID."""
        body = {"code": code, "className": scene, "quality": "low", **options}
        answer = self.call("POST", "/render", json=body, key=key)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobId"])

    def job(self, job_id: str, *, key: str | None = None) -> dict[str, Any]:
        """A job as it is now."""
        answer = self.call("GET", f"/render/{job_id}", key=key)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def wait(
        self, job_id: str, *, key: str | None = None, statuses: Collection[str] = ENDED
    ) -> dict[str, Any]:
        """A job, once it has one of these statuses."""

        def there() -> dict[str, Any] | None:
            job = self.job(job_id, key=key)
            return job if job["status"] in statuses else None

        return until(there)

    def render(
        self, code: str, scene: str, *, key: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """Render and wait for the end; the job."""
        return self.wait(self.post(code, scene, key=key, **options), key=key)

    def completed(self, code: str, scene: str, **options: Any) -> dict[str, Any]:
        """Render a scene that is right; the job."""
        job = self.render(code, scene, **options)
        assert job["status"] == "completed", job["error"]
        return job

    def failed(self, code: str, scene: str, **options: Any) -> str:
        """Render a scene that is wrong; the job's error."""
        job = self.render(code, scene, **options)
        assert job["status"] == "failed", job
        return str(job["error"])

    def fetch(self, url: str, path: Path) -> Path:
        """Download one of a job's files, with no key."""
        answer = requests.get(url, timeout=60)
        assert answer.status_code == 200, answer.text
        path.write_bytes(answer.content)
        return path

    def credits(self, *, key: str | None = None) -> dict[str, int]:
        """What ``/me`` says is left."""
        found: dict[str, int] = self.call("GET", "/me", key=key).json()["credits"]
        return found

    def stop(self) -> None:
        """Ask it to end, as a user would."""
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End it without giving it a chance to do anything."""
        self.process.kill()
        self.process.wait()

    @property
    def forker(self) -> int:
        """The pid of its process that makes the renders."""
        return until(lambda: next(iter(children(self.process.pid)), None))


def children(pid: int) -> list[int]:
    """The pids whose parent is ``pid``."""
    return [each.pid for each in process_tree.everyone().values() if each.parent == pid]


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    return pid in process_tree.everyone()


def clean_environment(home: Path) -> dict[str, str]:
    """This environment, without any setting of ours but the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KODISC_")}
    return {**kept, "KODISC_HOME": str(home)}


def share_server(of: Path, home: Path) -> Path:
    """Let ``home``, a KODISC_HOME with an empty journal, find the render server of another one."""
    local_server.ensure(of)
    place = local_server.folder(home)
    place.mkdir(parents=True, mode=0o700)
    shutil.copy2(local_server.folder(of) / "server.json", place)
    return home


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The first line that a process prints; empty when it ended before."""
    stdout = process.stdout
    assert stdout is not None
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    return lines.get(timeout=PATIENCE_S)


class Starter:
    """Starts servers, and ends every one of them."""

    def __init__(self, folder_of: Callable[[], Path]) -> None:
        self._folder_of = folder_of
        self.servers: list[Server] = []

    def __call__(self, *options: object, environment: dict[str, str] | None = None) -> Server:
        folder = self._folder_of()
        log = folder / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "kodisc_jupyter.local", *map(str, options)],
                stdout=subprocess.PIPE,
                stderr=file,
                env={**clean_environment(folder), **(environment or {})},
            )
        try:
            line = first_line(process)
        except queue.Empty:  # it says nothing; nobody else would end it
            process.kill()
            line = b""
        if not line:
            process.wait(60)
            raise AssertionError(f"no first line: {log.read_text()}")
        said = json.loads(line)
        server = Server(process, log, said["url"], said.get("key", ""))
        self.servers.append(server)
        return server

    def close(self) -> None:
        """End them all."""
        for server in self.servers:
            server.stop()
            if server.process.stdout is not None:
                server.process.stdout.close()
