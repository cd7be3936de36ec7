"""The API in the vendor's place, with jobs that end when they are told to: for figures about us.

It renders nothing, so that what is measured is the client's side alone, and it writes down when
each request came.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEY = "kdsc_live_" + "b7" * 24
BASE = "/api/v2"
COST = 51


@dataclass
class Job:
    """A job that runs for ``lasts_s`` seconds, or for ever."""

    job_id: str
    body: dict[str, Any]
    made: float
    lasts_s: float | None
    polls: list[float] = field(default_factory=list)

    @property
    def ends(self) -> float:
        """When it is completed, in seconds since the epoch."""
        return float("inf") if self.lasts_s is None else self.made + self.lasts_s


@dataclass
class Api:
    """The server's side of the story."""

    url: str
    lasts_s: float | None = 0.0
    video: bytes = b"\0\0\0\x18ftypmp42" + bytes(20_000)
    refuse: bool = False
    jobs: dict[str, Job] = field(default_factory=dict)
    requests: list[tuple[float, str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def posts(self) -> int:
        return sum(method == "POST" for _, method, _ in self.requests)

    def cloud(self) -> dict[str, str]:
        """The environment of a kernel that takes this for Kodisc's fleet.

        Rehearsals are real work of another process, with a figure of their own.
        """
        return {"KODISC_KEY": KEY, "KODISC_BASE_URL": self.url, "KODISC_REHEARSE": "never"}

    def pose_as_local(self, home: Path) -> None:
        """Be what kernels with this ``KODISC_HOME`` find as the server on this machine."""
        state = {"url": self.url, "key": KEY, "pid": os.getpid(), "version": "0"}
        (home / "local").mkdir(parents=True, exist_ok=True)
        (home / "local" / "server.json").write_text(json.dumps(state), encoding="utf-8")

    def balance(self) -> dict[str, int]:
        """What is left of 9,000 credits: each render that is done cost its 51."""
        done = sum(job.ends <= time.time() for job in [*self.jobs.values()])
        return {"paid": 9000 - COST * done, "free": 0, "total": 9000 - COST * done}

    def enqueue(self, body: dict[str, Any]) -> Job:
        with self.lock:
            job_id = f"clbench{len(self.jobs):018d}"
            job = self.jobs[job_id] = Job(job_id, body, time.time(), self.lasts_s)
        return job

    def describe(self, job: Job) -> dict[str, Any]:
        now = time.time()
        job.polls.append(now)
        done = now >= job.ends
        at = f"{self.url.removesuffix(BASE)}/r/{job.job_id}"
        files = {"video": "video.mp4", "thumbnail": "thumb.jpg", "captions": "captions.vtt"}
        return {
            "jobId": job.job_id,
            "endpoint": "render",
            "status": "completed" if done else "running",
            "creditsCost": COST if done else 0,
            "durationMs": round((job.lasts_s or 0) * 1000) if done else None,
            "result": {name: f"{at}/{file}" for name, file in files.items()} if done else None,
            "error": None,
            "metadata": None,
            "createdAt": _iso(job.made),
            "completedAt": _iso(job.ends) if done else None,
        }


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))


@contextlib.contextmanager
def api_server() -> Iterator[Api]:
    """Serve on a free port for the length of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_address[1]}{BASE}")
    server.api = api  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # headers and body in one packet
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        api = self._seen()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if api.refuse:
            self._answer(402, {"error": "insufficient_credits", "message": "Not enough credits."})
            return
        job = api.enqueue(body)
        self._answer(202, {"jobId": job.job_id, "status": "queued", "endpoint": "render"})

    def do_GET(self) -> None:
        api = self._seen()
        kind, _, rest = self.path.removeprefix(BASE).removeprefix("/").partition("/")
        job_id = rest.partition("/")[0]
        if kind == "me":
            about = {"userId": "usr_b", "keyId": "key_b", "keyPrefix": KEY[:14]}
            self._answer(200, {**about, "credits": api.balance()})
        elif kind == "render" and job_id in api.jobs:
            self._answer(200, api.describe(api.jobs[job_id]))
        elif kind == "r" and rest.endswith(".mp4"):
            self._send(200, "video/mp4", api.video)
        elif kind == "r" and rest.endswith(".jpg"):
            self._send(200, "image/jpeg", b"\xff\xd8\xff" + bytes(9_000))
        elif kind == "r":
            self._send(200, "text/vtt", b"WEBVTT\n")
        else:
            self._answer(404, {"error": "not found"})

    def _seen(self) -> Api:
        api: Api = self.server.api  # type: ignore[attr-defined]
        with api.lock:
            api.requests.append((time.time(), self.command, self.path))
        return api

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(said).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""
