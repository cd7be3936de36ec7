"""One server for a class, with its scenes locked in, for all attacks; and what they may not touch.

The attacker, Mallory, has a key like everybody. After each attack the secrets, the ledger, Ada's
video and the server are as before, Ada's render that went on beside it is done, and so is a right
scene of Mallory's own. Everything happens on this machine's loopback.
"""

from __future__ import annotations

import sqlite3
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.renders_local.conftest import Server, Starter

ADA, MALLORY = ("kdsc_live_" + digit * 48 for digit in "ab")
GOOD = "from manim import *\n\n\nclass Good(Scene):\n    def construct(self):\n        self.play(Create(Circle()), run_time=0.2)\n"


@dataclass
class Class:
    """The server, its files, and what must stay as it is."""

    server: Server
    folder: Path
    users: Path
    video: str
    video_bytes: bytes
    users_text: str
    before: dict = field(default_factory=dict)

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
        """What an expression is inside the sandbox: the scene fails with its ``repr``."""
        job = self.attack(f"raise SystemExit('<<' + repr({expression}) + '>>')", head=head)
        assert job["status"] == "failed", job
        assert "<<" in job["error"], job["error"]
        return job["error"].rsplit("<<", 1)[1].rsplit(">>", 1)[0]

    def balances(self) -> list:
        with sqlite3.connect(f"file:{self.data / 'ledger.sqlite3'}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT user, granted, allowance FROM accounts").fetchall()
        database.close()
        return sorted(rows)

    def is_unharmed(self) -> None:
        """Assert that nobody else was touched, and that everybody can still render."""
        assert self.server.process.poll() is None
        assert self.users.read_text() == self.users_text
        assert requests.get(self.video, timeout=60).content == self.video_bytes
        assert self.server.credits(key=ADA)["total"] == self.before["ada"]
        assert self.server.credits(key=MALLORY)["total"] <= 100_000
        assert self.balances() == [("ada", 10, 0), ("mallory", 100_000, 0)]
        log = self.server.log.read_text()
        assert ADA not in log
        assert MALLORY not in log


@pytest.fixture(scope="session")
def sandbox():
    """Skips, with the reason, where this system allows no sandbox."""
    from kodisc_jupyter.local.processes import sandbox

    found, why = sandbox.find()
    if found is None:
        pytest.skip(f"scenes cannot be locked in here: {why}")
    return found


@pytest.fixture(scope="session")
def locked_in(sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    users = folder / "class.toml"
    users.write_text(
        f'[users.ada]\nkey = "{ADA}"\ncredits = 10\n'
        f'[users.mallory]\nkey = "{MALLORY}"\ncredits = 100000\n'
    )
    users.chmod(0o600)
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    server = starter(
        *("--users", users, "--data-dir", folder / "data", "--workers", 3),
        *("--memory-limit", 1024, "--disk-limit", 64, "--render-timeout", 40),
    )
    job = server.render(GOOD, "Good", key=ADA)
    assert job["status"] == "completed", job["error"]
    video = job["result"]["video"]
    content = requests.get(video, timeout=60).content
    made = Class(server, folder, users, video, content, users.read_text())
    made.before["ada"] = server.credits(key=ADA)["total"]
    yield made
    starter.close()


@pytest.fixture
def class_(locked_in):
    """The class; whatever the attack did, nobody else is harmed by it, and scenes still render."""
    yield locked_in
    locked_in.is_unharmed()
    job = locked_in.server.render(GOOD, "Good", key=MALLORY)
    assert job["status"] == "completed", job["error"]
