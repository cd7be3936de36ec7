"""Many jobs of many users at once: all finished, none lost, fair, and the server still answers.

Small in ``make test``; at full size, with the figures printed, in ``make soak``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.event_loop import run_apart

pytestmark = [pytest.mark.render, pytest.mark.soak]

FULL = os.environ.get("KODISC_SOAK") == "1"
USERS = 10 if FULL else 4
JOBS = 200 if FULL else 40
POLLS = 10_000 if FULL else 1_000
MEMORY_LIMIT = 1_500_000_000

SCENE = """from manim import *
class Job{n}(Scene):
    def construct(self):
        self.play(Create(Circle()), run_time={seconds})
"""


def key(number: int) -> str:
    return "kdsc_live_" + f"{number:048x}"


def post_all(server) -> list[tuple[int, str]]:
    """Every user's jobs at once, each user from a thread of its own."""
    seconds = "0.5" if FULL else "0.1"

    def post(user: int) -> list[tuple[int, str]]:
        return [
            (user, server.post(SCENE.format(n=n, seconds=seconds), f"Job{n}", key=key(user)))
            for n in range(JOBS // USERS)
        ]

    with ThreadPoolExecutor(USERS) as threads:
        return [job for jobs in threads.map(post, range(1, USERS + 1)) for job in jobs]


class Watch:
    """The largest memory that the server and everything below it had, in bytes."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stopped = threading.Event()
        self.most = 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        from kodisc_jupyter.local.processes import process_tree

        while not self._stopped.wait(0.25):
            seen = process_tree.everyone()
            members = process_tree.of(self._pid, seen)
            self.most = max(self.most, sum(each.memory_bytes for each in members))

    def stop(self) -> int:
        self._stopped.set()
        self._thread.join()
        return self.most


async def ask(url: str, path: str, api_key: str, times: int, connections: int) -> float:
    """``times`` polls over kept-alive connections; how many were answered each second."""
    parts = urlsplit(url)
    request = (
        f"GET {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {api_key}\r\n\r\n"
    ).encode()

    async def one(count: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in range(count):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            assert json.loads(await reader.readexactly(length))["status"]
        writer.close()

    began = time.monotonic()
    await asyncio.gather(*(one(times // connections) for _ in range(connections)))
    return times / (time.monotonic() - began)


def test_many_jobs_of_many_users_all_finish_in_turn(start_server, tmp_path: Path, capsys):
    users = tmp_path / "users.toml"
    users.write_text("".join(f'[users.user{n}]\nkey = "{key(n)}"\n' for n in range(1, USERS + 1)))
    users.chmod(0o600)
    server = start_server(
        *("--users", users, "--workers", 2, "--data-dir", tmp_path / "data", "--sandbox", "off")
    )
    memory = Watch(server.process.pid)
    began = time.monotonic()
    jobs = post_all(server)
    assert len({job for _, job in jobs}) == JOBS
    owner, last = jobs[-1]
    rate = run_apart(ask(server.url, f"/render/{last}", key(owner), POLLS, 20))
    still_open = server.job(last, key=key(owner))["status"]

    ended = [(server.wait(job, key=key(user)), user) for user, job in jobs]
    took_s = time.monotonic() - began
    most = memory.stop()

    assert Counter(job["status"] for job, _ in ended) == {"completed": JOBS}
    order = [user for _, user in sorted((job["completedAt"], user) for job, user in ended)]
    behind = 0
    for at in range(len(order) - JOBS // 4):
        done = Counter(order[: at + 1])
        behind = max(behind, max(done.values()) - min(done.get(n, 0) for n in range(1, USERS + 1)))
    users.chmod(0o600)
    assert most < MEMORY_LIMIT
    with capsys.disabled():
        print(
            f"\n{JOBS} jobs of {USERS} users in {took_s:.1f} s; {rate:,.0f} polls a second "
            f"while rendering; at most {most / 1e6:,.0f} MB; at most {behind} jobs ahead"
        )
    if FULL:
        assert still_open in ("queued", "running"), "the polls were to be answered meanwhile"
        assert rate >= 1000


def test_the_server_keeps_no_more_memory_after_many_requests(server):
    from kodisc_jupyter.local.processes import process_tree

    job = server.post("x = 1", "Nothing")
    server.wait(job)
    path = f"/render/{job}"
    run_apart(ask(server.url, path, server.key, 1_000, 10))
    before = process_tree.everyone()[server.process.pid].memory_bytes
    run_apart(ask(server.url, path, server.key, 3_000, 10))
    after = process_tree.everyone()[server.process.pid].memory_bytes

    assert after - before < 10_000_000


def test_jobs_survive_servers_that_are_killed_at_any_moment(start_server, tmp_path: Path):
    """Kill the server again and again while jobs come in; in the end each has completed once."""
    options = ("--data-dir", tmp_path / "data", "--workers", 2, "--credits", 10_000)
    luck = random.Random(7)
    jobs: list[str] = []
    server = start_server(*options)
    for n in range(20 if FULL else 2):
        jobs += [
            server.post(SCENE.format(n=n, seconds=0.1), f"Job{n}")
            for _ in range(luck.randint(1, 4))
        ]
        threading.Event().wait(luck.random() * 2)  # any moment
        server.kill()
        server = start_server(*options)
    ended = [server.wait(job) for job in jobs]

    given_up = [job for job in ended if job["status"] == "failed"]
    assert all("the server stopped each time" in job["error"] for job in given_up)
    assert len(given_up) <= len(jobs) // 2
    assert server.credits()["total"] == 10_000 - sum(job["creditsCost"] for job in ended)
