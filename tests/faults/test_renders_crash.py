"""Kernels that die at the worst moments, against the project's own server and real renders."""

import contextlib
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import BudgetExceededError
from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import Step
from kodisc_jupyter.renders.session import RenderSession
from tests.support.render_server import Starter

pytestmark = [
    pytest.mark.render,
    pytest.mark.soak,
    pytest.mark.timeout(3000),
]

FULL = os.environ.get("KODISC_SOAK") == "1"
PATIENCE_S = 300.0
TOTAL_CREDITS = 1_000_000
KERNEL = Path(__file__).with_name("renders_kernel.py")

STEPS = (
    "rehearsing",
    "intent",
    "rehearsed",
    "balance",
    "posting",
    "accepted",
    "running",
    "settled",
    "fetched",
    "shown",
)


def scene(number, *, slow=False):
    """A scene that renders in a tenth of a second, or slowly enough to be seen running."""
    name = f"Tiny{number}"
    what = "time.sleep(3); self.wait(0.1)" if slow else "self.wait(0.1)"
    return name, (
        f"import time\nfrom manim import *\nclass {name}(Scene):\n    def construct(self):\n"
        f"        self.add(Dot())\n        {what}\n"
    )


@pytest.fixture(scope="module")
def render_server(tmp_path_factory):
    """The project's server with real Manim."""
    folder = tmp_path_factory.mktemp("server")
    starter = Starter(lambda: folder)
    yield starter("--workers", 2, "--data-dir", folder / "data", "--credits", TOTAL_CREDITS)
    starter.close()


class Witness:
    """A proxy in front of the server that remembers every POST and every job it made."""

    def __init__(self, upstream):
        self.posts = Counter()
        self.jobs = {}
        self.requests = 0
        self.lock = threading.Lock()
        witness, target = self, urlsplit(upstream)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                upstream = http.client.HTTPConnection(target.hostname, target.port)
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() in {"authorization", "content-type", "accept"}
                }
                upstream.request(self.command, self.path, body or None, headers)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                witness.note(self.command, body, answer.status, content)
                with contextlib.suppress(OSError):  # the kernel may be dead by now
                    self.send_response(answer.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = forward

            def handle_one_request(self):
                with contextlib.suppress(OSError):
                    super().handle_one_request()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}{target.path}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def note(self, method, body, status, content):
        with self.lock:
            self.requests += 1
            if method == "POST":
                name = json.loads(body)["className"]
                self.posts[name] += 1
                if status == 202:
                    self.jobs[json.loads(content)["jobId"]] = name

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def witness(render_server):
    witness = Witness(render_server.url)
    yield witness
    witness.close()


@pytest.fixture
def start_kernel(render_server, witness, tmp_path):
    """Start kernel processes over one home folder."""
    started = []

    def start(cells, **orders):
        process = subprocess.Popen(
            [sys.executable, str(KERNEL)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        orders = {
            "url": witness.url,
            "key": render_server.key,
            "home": str(tmp_path / "home"),
            "cells": cells,
            "patience_s": PATIENCE_S,
            "rehearse_at": render_server.url,
            **orders,
        }
        process.stdin.write(json.dumps(orders) + "\n")
        process.stdin.flush()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


@pytest.fixture
def backend(render_server, witness):
    client = Client(render_server.key, base_url=witness.url)
    yield Backend("local", client, "local")
    client.close()


TRIES = 6

CLEARING_UP = {
    "after intent": "before not sent",
    "after posting": "before uncertain",
    "before accepted": "after uncertain",
}
"""Deaths of the kernel that clears up after one that died here."""


def deaths(luck):
    """How each kernel will die: at every journal step, and at random moments in between."""
    moments = [f"{when} {step}" for step in STEPS for when in ("before", "after")]
    planned = [[(moment, 1)] for moment in moments]
    if FULL:
        planned += [[(moment, luck.randint(1, 3))] for moment in moments]
    planned += [[luck.uniform(0.02, 0.4)] for _ in range(40 if FULL else 4)]
    luck.shuffle(planned)
    for death in planned:
        after = CLEARING_UP.get(death[0][0]) if isinstance(death[0], tuple) else None
        if after:
            death.append((after, 1))
    return [death for deaths in planned for death in deaths]


def die(process, death):
    """Let a kernel run until its death; whether that is how it ended."""
    ready = process.stdout.readline()
    if not ready:
        assert process.wait(PATIENCE_S) == -9, process.stderr.read()
        return True
    limit = death if isinstance(death, float) else PATIENCE_S
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return isinstance(death, float)
    assert process.returncode in {0, -9}, process.stderr.read()
    return process.returncode == -9


def test_kernels_that_are_killed_lose_nothing_and_pay_nothing_twice(
    start_kernel, backend, witness, tmp_path, record_property
):
    luck = random.Random(20)
    cells = [scene(number) for number in range(200 if FULL else 25)]
    planned = deaths(luck)
    died = []
    began = time.monotonic()
    for number, death in enumerate(planned, start=1):
        at = None if isinstance(death, float) else death
        # The same cells again, and a few new ones.
        ready = cells[: -(-len(cells) * number // len(planned))]
        if die(start_kernel(ready, die_at=at), death):
            died.append("random" if at is None else at[0])
    every = {f"{when} {step}" for step in STEPS for when in ("before", "after")}
    every |= set(CLEARING_UP.values())
    for moment in sorted(every - set(died)):  # those that no kernel came to
        cause = next((one for one, then in CLEARING_UP.items() if then == moment), None)
        for _ in range(TRIES):
            cells.append(scene(len(cells), slow="running" in moment))
            if cause is not None and die(start_kernel(cells, die_at=(cause, 1)), cause):
                died.append(cause)
            if die(start_kernel(cells, die_at=(moment, 1)), moment):
                died.append(moment)
                break
    last = start_kernel(cells)
    said = [json.loads(line) for line in last.stdout.read().splitlines()]
    assert last.wait(PATIENCE_S) == 0, last.stderr.read()
    took_s = time.monotonic() - began

    journal = Journal(tmp_path / "home" / "journal.sqlite")
    rows = journal.all_records()
    journal.close()
    known = {row.job_id for row in rows if row.job_id}
    uncertain = Counter(row.scene for row in rows if row.step is Step.UNCERTAIN)
    completed = [row for row in rows if row.step is Step.COMPLETED]

    # Every job the server ever made is in the journal or listed as uncertain.
    lost = Counter(name for job_id, name in witness.jobs.items() if job_id not in known)
    assert not lost - uncertain
    assert known <= set(witness.jobs)
    # No identical render was submitted twice, except those listed as uncertain.
    twice = witness.posts - Counter(name for name, _ in cells)
    assert not twice - uncertain
    # Every cell has exactly one video that was paid for knowingly, and it is in the store.
    assert Counter(row.scene for row in completed) == Counter(name for name, _ in cells)
    assert all(row.video.stat().st_size == row.video_bytes > 0 for row in completed)
    assert said[-1]["videos"] == [
        str(next(row.video for row in completed if row.scene == name)) for name, _ in cells
    ]
    # Every credit can be seen: what the ledger lacks is in the journal, or behind an uncertain row.
    seen = sum(row.credits for row in completed)
    hidden = sum(
        backend.client.wait(job_id, timeout=PATIENCE_S).credits_cost
        for job_id in witness.jobs
        if job_id not in known
    )
    assert backend.client.get_me().credits.total == pytest.approx(TOTAL_CREDITS - seen - hidden)
    assert set(died) >= every
    figures = {
        "cells": len(cells),
        "kills": len(died),
        "kills at a random moment": died.count("random"),
        "steps killed at": f"{len(set(died) - {'random'})} of {len(every)}",
        "POSTs": sum(witness.posts.values()),
        "jobs made": len(witness.jobs),
        "jobs without a known ID": sum(lost.values()),
        "uncertain rows": sum(uncertain.values()),
        "videos in the store": len(completed),
        "seconds": round(took_s),
    }
    record_property("figures", figures)
    print("\ncrash test:", json.dumps(figures))


def test_two_kernels_that_run_the_same_cell_at_the_same_moment_submit_once(start_kernel, witness):
    cells = [scene(1001), scene(1002), scene(1003)]
    kernels = [start_kernel(cells, on_go=True) for _ in range(3)]
    for kernel in kernels:
        assert json.loads(kernel.stdout.readline()) == {"ready": True}
    for kernel in kernels:
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    said = []
    for kernel in kernels:
        line = kernel.stdout.readline()
        assert kernel.wait(PATIENCE_S) == 0, kernel.stderr.read()
        said.append(json.loads(line))
    assert witness.posts == Counter({"Tiny1001": 1, "Tiny1002": 1, "Tiny1003": 1})
    assert said[0]["jobs"] == said[1]["jobs"] == said[2]["jobs"]
    assert all(Path(video).stat().st_size for one in said for video in one["videos"])


def test_run_all_twice_the_second_time_is_free_and_at_once(backend, witness, tmp_path):
    requests = [
        RenderRequest(code, name, Quality.LOW) for name, code in map(scene, range(2000, 2012))
    ]
    first = RenderSession(home=tmp_path / "home")
    for request in requests:
        first.start(request, backend=backend)
    for opened in first.open_renders():
        opened.wait(PATIENCE_S)
    first.close()
    asked = witness.requests

    second = RenderSession(home=tmp_path / "home")
    cpu, wall = time.process_time(), time.perf_counter()
    renders = [second.start(request, backend=backend) for request in requests]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert all(render.state.reused and render.state.cost == 0 for render in renders)
    assert all(render.video.stat().st_size for render in renders)
    assert witness.requests == asked
    assert cpu < 1.0  # the wall clock belongs to the machine
    assert second.report().totals.credits == 0
    second.close()
    print(f"\nRun All of 12, the second time: {wall * 1000:.0f} ms, CPU {cpu * 1000:.0f} ms")


def run_all(session, requests, backend):
    for request in requests:
        session.start(request, backend=backend)


def test_a_budget_stops_a_run_all_of_real_renders(backend, witness, tmp_path):
    requests = [
        RenderRequest(code, name, Quality.LOW) for name, code in map(scene, range(3000, 3030))
    ]
    session = RenderSession(home=tmp_path / "home")
    cost = session.start(requests[0], backend=backend).wait(PATIENCE_S).credits_cost
    session.close()

    before = backend.client.get_me().credits.total
    session = RenderSession(home=tmp_path / "home", max_credits=4 * cost)
    with pytest.raises(BudgetExceededError, match=f"budget of this session is {4 * cost} credits"):
        run_all(session, requests[1:], backend)
    for opened in session.open_renders():
        opened.wait(PATIENCE_S)
    spent = before - backend.client.get_me().credits.total
    costs = [row.credits for row in session.jobs(50) if row.session == session.session_id]
    session.close()
    assert spent == pytest.approx(sum(costs))
    assert spent <= 4 * cost + max(costs)
    assert 1 <= len(costs) < 29
