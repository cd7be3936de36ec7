"""A class server that was told to run scenes without a sandbox says so wherever it is asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.notebook.commands.diagnosis.account import examine_account
from kodisc_jupyter.notebook.commands.diagnosis.finding import Verdict
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.renders.state import Phase
from tests.support.states import render_state

pytestmark = pytest.mark.render

KEY = "kdsc_live_" + "c" * 48
SCENE = "from manim import *\nclass A(Scene):\n    def construct(self): self.add(Dot())\n"


def class_file(folder):
    file = folder / "class.toml"
    file.write_text(f'[users.ada]\nkey = "{KEY}"\ncredits = 10\n')
    file.chmod(0o600)
    return file


def receipt(job):
    return words.receipt(render_state(Phase.COMPLETED, job=job))


def test_start_log_account_job_receipt_and_doctor_say_that_nothing_is_locked_in(
    start_server, tmp_path
):
    server = start_server("--users", class_file(tmp_path), "--sandbox", "off")
    server.key = KEY
    assert "can read every key" in server.log.read_text()
    answered = server.completed(SCENE, "A")
    assert answered["sandbox"] == "off"
    assert server.call("GET", "/me").json()["sandbox"] == "off"
    assert (
        f"job {answered['jobId']} completed in {answered['durationMs']} ms, without a sandbox"
        in (server.log.read_text())
    )
    with Client(KEY, base_url=server.url) as client:
        assert "without a sandbox" in receipt(client.get_render(answered["jobId"]))
        findings = list(examine_account(client.get_me()))
    assert [each.subject for each in findings if each.verdict is Verdict.NOTE] == ["class server"]
    assert "without a sandbox" in str(findings[-1])


def test_a_server_of_ones_own_says_nothing_of_a_sandbox(server):
    answered = server.completed(SCENE, "A")
    assert "sandbox" not in answered
    assert "sandbox" not in server.call("GET", "/me").json()
    assert "without a sandbox" not in server.log.read_text()


NOTHING_INSTALLED = (
    "import shutil, sys\n"
    "from kodisc_jupyter.local.processes import sandbox\n"
    "sandbox._bundled = shutil.which = lambda *_: None\n"
    "from kodisc_jupyter.local.__main__ import main\n"
    "main(sys.argv[1:])\n"
)
"""The server's program on a machine without bubblewrap."""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is nothing to install")
@pytest.mark.parametrize("asked", ["--users", "--sandbox"])
def test_without_bubblewrap_a_class_server_does_not_start_and_says_what_to_install(tmp_path, asked):
    value = {"--users": class_file(tmp_path), "--sandbox": "on"}[asked]
    ended = subprocess.run(
        [sys.executable, "-c", NOTHING_INSTALLED, asked, value, "--data-dir", tmp_path / "data"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    why = ended.stderr.strip().splitlines()[-1]
    assert why.startswith("Scenes cannot be locked in: install bubblewrap")
    assert "apt install bubblewrap" in why
    assert "--sandbox off starts without" in why
