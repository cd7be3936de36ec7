"""A class server with its scenes locked in, beside the same one without a sandbox."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from kodisc_jupyter.local.processes import process_tree
from tests.bench import scenes
from tests.bench.figures import Figure, Series
from tests.support.render_server import Server, Starter

USERS, JOBS_EACH, WORKERS = 50, 4, 2
STUDENTS = 30
NEW_USERS, LATER_RENDERS = 8, 8
SETTLED_S = 0.6
"""A server whose processes have used no processor for so long has its spare process ready."""

OPEN = ("queued", "running")


def classroom(folder: Path) -> list[Figure]:
    """All figures of a class: waits of one user, memory of thirty, fifty at once."""
    return [*waits(folder), memory(folder), *load(folder)]


def waits(folder: Path) -> list[Figure]:
    """From a POST to the finished video, of a user who is new and of one who is known."""
    new: dict[str, list[float]] = {"auto": [], "off": []}
    later: dict[str, list[float]] = {"auto": [], "off": []}
    with (
        class_server(folder / "auto", "auto") as locked,
        class_server(folder / "off", "off") as off,
    ):
        servers = {"auto": locked, "off": off}
        for turn in range(NEW_USERS):
            for kind, server in servers.items():
                settle(server)
                new[kind].append(1000 * wait_of(server, turn, turn))
        for turn in range(LATER_RENDERS):
            for kind, server in servers.items():
                later[kind].append(1000 * wait_of(server, 0, 100 + turn))
    return [
        Figure(
            "classroom", f"{what} render of a user, locked in, with the spare process", "ms",
            Series.of(ours["auto"]), f"≤ {most} ms slower", slower(ours) <= most,
            "without a sandbox", Series.of(ours["off"]),
            note=f"{slower(ours):.0f} ms slower (medians)",
        )
        for what, ours, most in (("first", new, 300), ("later", later, 40))
    ]  # fmt: skip


def slower(times: dict[str, list[float]]) -> float:
    """Milliseconds that the sandbox costs, by the medians."""
    return statistics.median(times["auto"]) - statistics.median(times["off"])


def memory(folder: Path) -> Figure:
    """What the server and everything below it use once thirty students have rendered."""
    used = {}
    for kind in ("auto", "off"):
        with class_server(folder / f"memory-{kind}", kind) as server:
            jobs = [
                (user, server.post(code(user), "Numbered", key=key(user)))
                for user in range(STUDENTS)
            ]
            for user, job in jobs:
                ended = server.wait(job, key=key(user))
                if ended["status"] != "completed":
                    raise RuntimeError(ended["error"])
            used[kind] = process_tree.memory_together(below(server)) / 1e6
    return Figure(
        "classroom", f"memory of the server with {STUDENTS} students at once, locked in", "MB",
        Series.of([used["auto"]]), "", None, "without a sandbox", Series.of([used["off"]]),
        note=f"{(used['auto'] - used['off']) / STUDENTS:.0f} MB for each student",
    )  # fmt: skip


def load(folder: Path) -> list[Figure]:
    """Everybody sends everything at once; how long until it is taken, and until there is a video."""
    taken: dict[str, list[float]] = {}
    first: dict[str, list[float]] = {}
    lost: dict[str, int] = {}
    whole: dict[str, float] = {}
    for kind in ("auto", "off"):
        with class_server(folder / f"load-{kind}", kind) as server:
            taken[kind], first[kind], lost[kind], whole[kind] = send_all(server)
    count = USERS * JOBS_EACH
    what = f"{USERS} users with {JOBS_EACH} jobs each on {WORKERS} workers, locked in"
    late = {kind: percentile(values, 0.95) for kind, values in taken.items()}
    return [
        Figure(
            "classroom", f"{what}: jobs lost, of {count}", "", Series.of([lost["auto"]]), "0",
            lost["auto"] == 0, "without a sandbox", Series.of([lost["off"]]),
            note=f"all done after {whole['auto']:.0f} s, without a sandbox {whole['off']:.0f} s",
        ),
        Figure(
            "classroom", "the same: a POST's answer", "ms", Series.of(taken["auto"]), "", None,
            "without a sandbox", Series.of(taken["off"]),
            note=f"95th percentile {late['auto']:.0f} ms, without a sandbox {late['off']:.0f} ms",
        ),
        Figure(
            "classroom", "the same: wait for a user's first video", "s", Series.of(first["auto"]),
            "", None, "without a sandbox", Series.of(first["off"]),
            note=f"the first video of all after {min(first['auto']):.1f} s, without a sandbox "
            f"{min(first['off']):.1f} s",
        ),
    ]  # fmt: skip


def send_all(server: Server) -> tuple[list[float], list[float], int, float]:
    """Milliseconds of each POST, seconds to each user's first video, lost jobs, seconds in all."""
    settle(server)
    took: list[float] = []
    began = time.monotonic()

    def send(user: int) -> list[str]:
        jobs = []
        for turn in range(JOBS_EACH):
            asked = time.monotonic()
            jobs.append(server.post(code(user * JOBS_EACH + turn), "Numbered", key=key(user)))
            took.append(1000 * (time.monotonic() - asked))
        return jobs

    with ThreadPoolExecutor(USERS) as crowd:
        sent = list(crowd.map(send, range(USERS)))
    waiting = {user: list(jobs) for user, jobs in enumerate(sent)}
    first: dict[int, float] = {}
    lost = USERS * JOBS_EACH - len({job for jobs in sent for job in jobs})
    pause = threading.Event()
    while any(waiting.values()):
        for user, jobs in waiting.items():
            for job in jobs[:1]:  # a user's jobs are rendered in their order
                ended = server.job(job, key=key(user))
                if ended["status"] not in OPEN:
                    jobs.remove(job)
                    lost += ended["status"] != "completed"
                    first.setdefault(user, time.monotonic() - began)
        pause.wait(0.05)
    return took, list(first.values()), lost, time.monotonic() - began


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[max(0, round(share * len(values)) - 1)]


@contextlib.contextmanager
def class_server(folder: Path, sandbox: str) -> Iterator[Server]:
    """A server for :data:`USERS` users, with or without a sandbox."""
    folder.mkdir(parents=True)
    users = folder / "class.toml"
    users.write_text("".join(f'[users.user{n}]\nkey = "{key(n)}"\n' for n in range(USERS)))
    users.chmod(0o600)
    starter = Starter(lambda: folder)
    try:
        options = ("--workers", WORKERS, "--data-dir", folder / "data", "--sandbox", sandbox)
        yield starter("--users", users, *options)
    finally:
        starter.close()


def settle(server: Server) -> None:
    """Wait until no process below the server works: Manim is loaded wherever it is to be."""
    pause = threading.Event()
    before, quiet = -1.0, 0.0
    while quiet < SETTLED_S:
        pause.wait(0.1)
        spent = sum(_spent(each.pid) for each in below(server))
        quiet = quiet + 0.1 if abs(spent - before) < 0.02 else 0.0
        before = spent


def below(server: Server) -> list[process_tree.Process]:
    """The server's process and its descendants."""
    return process_tree.of(server.process.pid, process_tree.everyone())


def _spent(pid: int) -> float:
    with contextlib.suppress(psutil.Error):
        return float(sum(psutil.Process(pid).cpu_times()[:2]))
    return 0.0


def wait_of(server: Server, user: int, at: int) -> float:
    """Seconds from a POST until its video is there."""
    began = time.monotonic()
    job = server.post(code(at), "Numbered", key=key(user))
    pause = threading.Event()
    while (ended := server.job(job, key=key(user)))["status"] in OPEN:
        pause.wait(0.005)
    if ended["status"] != "completed":
        raise RuntimeError(ended["error"])
    return time.monotonic() - began


def key(user: int) -> str:
    """The key of a user."""
    return f"kdsc_live_{user:048x}"


def code(at: int) -> str:
    """A short scene that is like no other."""
    return scenes.numbered(at)
