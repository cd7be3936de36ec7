"""One server for a class, with its scenes locked in, for all attacks; and what they may not touch.

The attacker, Mallory, has a key like everybody. A scene of Ada's runs beside every attack. After
it the secrets, the ledger, Ada's video, her process, her running scene and the server are as
before, and a right scene of Mallory's own still renders. Everything happens on this machine's
loopback.
"""

from __future__ import annotations

import contextlib
import sqlite3
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.support.render_server import Server, Starter, children, is_alive, until

ADA, MALLORY = ("kdsc_live_" + digit * 48 for digit in "ab")
GOOD = "from manim import *\n\n\nclass Good(Scene):\n    def construct(self):\n        self.play(Create(Circle()), run_time=0.2)\n"
BESIDE = """import time
from pathlib import Path
from manim import *
class Beside(Scene):
    def construct(self):
        while not Path("gate").exists():
            time.sleep(0.02)
        self.play(Create(Circle()), run_time=0.2)
"""
TIME_LIMIT_S = 90
BESIDE_FOR_S = 20.0
"""A scene of Ada's runs beside attacks for so long; then it may end, and another one begins."""


@dataclass
class Neighbour:
    """A scene of Ada's that runs beside the attacks, until it is let go on."""

    job_id: str
    forker: int
    scene: Path
    balance: int
    since: float = field(default_factory=time.monotonic)


@dataclass
class Class:
    """The server, its files, and what must stay as it is."""

    server: Server
    folder: Path
    rooms: Path
    renderer: int
    users: Path
    video: str
    video_bytes: bytes
    kept: dict[Path, str]
    neighbour: Neighbour | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def attack(self, lines: str, *, head: str = "") -> dict:
        """Run ``lines`` in a scene of Mallory's; the job as it ended."""
        code = "import os, sys, time, json, socket, signal, subprocess\nfrom pathlib import Path\nfrom manim import *\n"
        code += textwrap.dedent(head) + "\n\nclass Attack(Scene):\n    def construct(self):\n"
        code += textwrap.indent(textwrap.dedent(lines).strip(), "        ") + "\n"
        return self.server.render(code, "Attack", key=MALLORY)

    def tells(self, expression: str, *, head: str = "") -> str:
        """What an expression is inside the sandbox: the scene fails with its ``repr``.

        The marks do not stand in the code, whose lines an error of the expression would quote.
        """
        job = self.attack(f"raise SystemExit('<' * 2 + repr({expression}) + '>' * 2)", head=head)
        assert job["status"] == "failed", job
        assert "<<" in job["error"], job["error"]
        return job["error"].rsplit("<<", 1)[1].rsplit(">>", 1)[0]

    def balances(self) -> list:
        with sqlite3.connect(f"file:{self.data / 'ledger.sqlite3'}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT user, granted, allowance FROM accounts").fetchall()
        database.close()
        return sorted(rows)

    def begin_beside(self) -> None:
        """Have a scene of Ada's run, a new one when the last has run for long."""
        if self.neighbour is not None and time.monotonic() - self.neighbour.since > BESIDE_FOR_S:
            self.end_beside()
        if self.neighbour is not None:
            return
        job_id = self.server.post(BESIDE, "Beside", key=ADA)
        self.server.wait(job_id, key=ADA, statuses=("running",))
        scene = scene_folder(self.rooms, job_id)
        room = str(scene.parents[2])
        (forker,) = [pid for pid in children(self.renderer) if room in _command(pid)]
        left = self.server.credits(key=ADA)["total"]
        self.neighbour = Neighbour(job_id, forker, scene, left)

    def end_beside(self) -> None:
        """Let Ada's scene go on: it completes."""
        beside, self.neighbour = self.neighbour, None
        if beside is None:
            return
        with contextlib.suppress(FileNotFoundError):  # its time was over
            (beside.scene / "gate").touch()
        job = self.server.wait(beside.job_id, key=ADA)
        if job["status"] != "completed":  # other tests ran since, longer than a scene may
            assert f"longer than {TIME_LIMIT_S} seconds" in job["error"]

    def ada_renders(self, code: str) -> None:
        """A render of Ada's own, beside the one that goes on; she pays for it."""
        job = self.server.render(code, "Good", key=ADA)
        assert job["status"] == "completed", job["error"]
        assert self.neighbour is not None
        self.neighbour.balance -= job["creditsCost"]

    def is_unharmed(self) -> None:
        """Assert that nobody else was touched."""
        assert self.server.process.poll() is None
        assert {path: path.read_text() for path in self.kept} == self.kept
        assert requests.get(self.video, timeout=60).content == self.video_bytes
        assert self.server.credits(key=MALLORY)["total"] <= 100_000
        assert self.balances() == [("ada", 1000, 0), ("mallory", 100_000, 0)]
        beside = self.neighbour
        assert beside is not None
        assert self.server.job(beside.job_id, key=ADA)["status"] == "running"
        assert self.server.credits(key=ADA)["total"] == beside.balance
        assert is_alive(beside.forker)
        log = self.server.log.read_text()
        assert ADA not in log
        assert MALLORY not in log


def scene_folder(rooms: Path, job_id: str) -> Path:
    """Where a job's scene runs, once it does; folders beside it may vanish while this looks."""

    def found() -> Path | None:
        with contextlib.suppress(FileNotFoundError):
            return next(rooms.rglob(f"jobs/{job_id}/scene"), None)
        return None

    return until(found)


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")


def make_class(
    folder: Path, starter: Starter, *options, rooms=None, renderer=None, **more
) -> Class:
    """Start a server for Ada and Mallory; ``rooms`` is where scenes run, ``renderer`` below whom."""
    users = folder / "class.toml"
    users.write_text(
        f'[users.ada]\nkey = "{ADA}"\ncredits = 1000\n'
        f'[users.mallory]\nkey = "{MALLORY}"\ncredits = 100000\n'
    )
    users.chmod(0o600)
    server = starter(
        *("--users", users, "--data-dir", folder / "data", "--workers", 3),
        *(
            "--memory-limit",
            1024,
            "--disk-limit",
            64,
            "--render-timeout",
            TIME_LIMIT_S,
            "--segments-limit",
            16,
        ),
        *options,
        **more,
    )
    job = server.render(GOOD, "Good", key=ADA)
    assert job["status"] == "completed", job["error"]
    video = job["result"]["video"]
    secret = folder / "data" / "webhook-secret"
    return Class(
        server,
        folder,
        rooms or folder / "data" / "work",
        renderer or server.process.pid,
        users,
        video,
        requests.get(video, timeout=60).content,
        {path: path.read_text() for path in (users, secret)},
    )


@pytest.fixture(scope="package")
def locked_in(sandbox, tmp_path_factory):
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    try:
        made = make_class(tmp_path_factory.mktemp("class"), starter)
        yield made
        made.end_beside()
    finally:
        starter.close()


@pytest.fixture
def class_(locked_in):
    """The class; whatever the attack did, nobody else is harmed by it, and scenes still render."""
    yield from attacked(locked_in)


def attacked(made: Class):
    """What stands around every attack."""
    made.begin_beside()
    yield made
    made.is_unharmed()
    job = made.server.render(GOOD, "Good", key=MALLORY)
    assert job["status"] == "completed", job["error"]
