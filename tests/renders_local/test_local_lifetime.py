"""From start to end: what a server needs, what it says, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest
import requests

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.local.options import parse
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.session import RenderSession
from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.renders.watch import pacing

pytestmark = pytest.mark.render

TINY = """from manim import *
class Tiny(Scene):
    def construct(self):
        self.add(Dot())
"""
KEY = "kdsc_live_" + "0123456789ab" * 4


def family(server, processes):
    """The server's process and all below it."""
    pids = [server.process.pid]
    for pid in pids:
        pids += processes.children(pid)
    return pids


def test_a_server_says_its_address_takes_jobs_at_once_and_never_loads_manim_itself(
    start_server, tmp_path
):
    state = tmp_path / "server.json"
    server = start_server("--state-file", state)
    jobs = [server.post(TINY, "Tiny") for _ in range(3)]  # Manim has not been loaded yet
    said = json.loads(state.read_text())
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert said["url"] == server.url
    assert said["key"] == server.key
    assert said["pid"] == server.process.pid
    assert isinstance(said["version"], str)

    assert [server.wait(job)["status"] for job in jobs] == ["completed"] * 3
    if sys.platform == "linux":
        assert "manimpango" not in Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "manimpango" in Path(f"/proc/{server.forker}/maps").read_text()
    server.stop()

    assert server.url.startswith("http://127.0.0.1:")
    assert server.url.endswith("/api/v2")
    assert server.process.stdout.read() == b"", "nothing follows the first line"
    assert server.process.returncode == 0
    assert not state.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_leaves_no_process_and_no_folder(
    start_server, processes, wait_until, tmp_path, number, gate
):
    server = start_server(environment={"TMPDIR": str(tmp_path)})
    job = server.post(gate.scene(), "Gated")
    server.wait(job, statuses=("running",))
    pids = family(server, processes)
    assert len(pids) == 3

    server.process.send_signal(number)
    assert server.process.wait(60) == 0
    wait_until(lambda: not any(map(processes.is_alive, pids)))
    assert list(tmp_path.iterdir()) == []


def test_a_killed_server_takes_its_renders_with_it(
    start_server, processes, wait_until, tmp_path, gate
):
    server = start_server("--data-dir", tmp_path / "data")
    job = server.post(gate.scene(), "Gated")
    server.wait(job, statuses=("running",))
    pids = family(server, processes)
    assert len(pids) == 3

    server.kill()
    wait_until(lambda: not any(map(processes.is_alive, pids)))


def test_an_idle_server_ends_but_not_while_a_job_is_open(start_server, wait_until, gate):
    server = start_server("--idle-timeout", 2)
    job = server.post(gate.scene(), "Gated")
    server.wait(job, statuses=("running",))
    requestless = server.process.pid
    with pytest.raises(Exception, match="timed out"):
        server.process.wait(3)
    gate.open()

    assert server.process.wait(120) == 0
    assert server.process.pid == requestless


def test_a_folder_belongs_to_one_server(start_server, run_server, tmp_path):
    server = start_server("--data-dir", tmp_path / "data")
    status, said, out = run_server("--data-dir", tmp_path / "data")

    assert (status, out) == (2, "")
    assert said == (
        f"another render server uses {tmp_path / 'data'}; give this one its own --data-dir"
    )
    server.completed(TINY, "Tiny")


def test_a_port_that_is_taken_is_told_in_one_line(run_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said, out = run_server("--port", port)

    assert (status, out) == (2, "")
    assert (
        said.splitlines()[-1] == f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--credits", "many"], "'many' is not a whole number"),
        (["--users", "/no/such/file.toml"], "/no/such/file.toml: No such file or directory"),
        (["--data-dir", "/dev/null/x"], "/dev/null/x cannot be used: Not a directory"),
        (["--dask", "tcp://127.0.0.1:1"], "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_options_that_make_no_sense_are_told_in_one_line(run_server, options, words):
    status, said, out = run_server(*options)

    assert (status, out) == (2, "")
    assert words in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--key", "secret"], "a key is kdsc_live_ followed by 48 hex characters"),
        (["--workers", "0"], "'0' is not a positive whole number"),
        (["--render-timeout", "-1"], "'-1' is not a number of seconds"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_told(capsys, options, words):
    with pytest.raises(SystemExit) as ended:
        parse(options)

    assert ended.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_without_manim_it_says_what_to_install(tmp_path, monkeypatch, run_server):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['manim'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    status, said, out = run_server()

    assert (status, out) == (2, "")
    assert said == (
        "manim is not installed; install what the render server needs: "
        'pip install "kodisc-jupyter[local]"'
    )


def test_a_manim_that_cannot_be_loaded_fails_the_job_with_the_reason(start_server, tmp_path):
    (tmp_path / "manim").mkdir()
    (tmp_path / "manim" / "__init__.py").write_text("raise ImportError('libpango is missing')\n")
    server = start_server(environment={"PYTHONPATH": str(tmp_path)})

    assert server.failed(TINY, "Tiny") == (
        "Manim cannot be used on this machine: ImportError: libpango is missing"
    )


def test_another_host_is_warned_about(start_server):
    server = start_server("--host", "0.0.0.0")
    server.stop()

    assert (
        "everyone who can reach this machine and has a key can run code" in server.log.read_text()
    )


def test_a_restarted_server_knows_its_key_its_jobs_its_files_and_its_credits(
    start_server, tmp_path
):
    options = ("--data-dir", tmp_path / "data", "--credits", 100)
    first = start_server(*options)
    done = first.completed(TINY, "Tiny", metadata={"kept": [1, None]})
    left = first.credits()
    first.stop()
    second = start_server(*options)

    assert second.key == first.key
    assert stat.S_IMODE((tmp_path / "data" / "key").stat().st_mode) == 0o600
    again = second.job(done["jobId"])
    assert again | {"result": None} == done | {"result": None}
    assert requests.get(again["result"]["video"], timeout=60).content[4:8] == b"ftyp"
    assert second.credits() == left
    assert left["total"] < 100


def test_a_server_killed_in_mid_render_renders_the_job_again_and_then_those_that_waited(
    start_server, tmp_path, gate
):
    options = ("--data-dir", tmp_path / "data", "--workers", 1, "--credits", 1000)
    first = start_server(*options)
    running = first.post(gate.scene(), "Gated")
    first.wait(running, statuses=("running",))
    waiting = [first.post(TINY, "Tiny") for _ in range(2)]
    first.kill()
    gate.open()
    second = start_server(*options)

    ended = [second.wait(job) for job in (running, *waiting)]
    assert [job["status"] for job in ended] == ["completed"] * 3
    assert sorted(job["completedAt"] for job in ended) == [job["completedAt"] for job in ended]
    assert second.credits()["total"] == 1000 - sum(job["creditsCost"] for job in ended)


def test_a_broken_ledger_is_set_aside_and_said_so(start_server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite3").write_bytes(b"no database at all" * 100)
    server = start_server("--data-dir", tmp_path / "data")
    server.completed(TINY, "Tiny")

    assert "set aside" in server.log.read_text()
    assert len(list((tmp_path / "data").glob("ledger.sqlite3.broken-*"))) == 1


def test_a_client_sees_the_server_lost_and_then_the_truth(
    start_server, tmp_path, wait_until, monkeypatch, gate
):
    monkeypatch.setattr(pacing, "LOST_AFTER_S", 1.0)
    monkeypatch.setattr(pacing, "LONG_OUTAGE_S", 1.0)
    monkeypatch.setattr(pacing, "OUTAGE_CAP_S", 0.5)
    monkeypatch.setattr(pacing, "LOST_CAP_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--data-dir", tmp_path / "data", "--port", port, "--key", KEY)
    first = start_server(*options)
    seen = []
    session = RenderSession(home=tmp_path / "home")
    try:
        backend = Backend("local", Client(KEY, base_url=first.url), "local", unlimited=True)
        request = RenderRequest(gate.scene(), "Gated", quality="low")
        render = session.start(
            request, backend=backend, on_state=lambda state: seen.append(state.phase)
        )
        render.subscribe(lambda state: seen.append(state.phase))
        wait_until(lambda: render.state.phase is Phase.RUNNING)
        first.kill()
        wait_until(lambda: render.state.phase is Phase.LOST)
        gate.open()
        start_server(*options)
        job = render.wait(timeout=240)
        wait_until(lambda: render.state.phase is Phase.COMPLETED)
    finally:
        session.close()

    assert job.status == "completed"
    assert Phase.FAILED not in seen
    assert seen.index(Phase.LOST) < seen.index(Phase.COMPLETED)


def test_old_results_make_room_and_say_that_they_are_gone(start_server):
    noise = "ImageMobject(np.random.randint(0, 255, (480, 854, 3), dtype=np.uint8))"
    big = TINY.replace("Dot()", f"{noise}.scale_to_fit_height(8)")
    server = start_server("--storage-limit", 1, "--workers", 1)
    jobs = [server.completed(big, "Tiny")]
    size = len(requests.get(jobs[0]["result"]["video"], timeout=60).content)
    jobs += [server.completed(big, "Tiny") for _ in range((1 << 20) // size + 1)]

    gone = requests.get(jobs[0]["result"]["video"], timeout=60)
    assert (gone.status_code, gone.json()["error"]) == (410, "gone")
    assert requests.get(jobs[-1]["result"]["video"], timeout=60).status_code == 200
    assert server.job(jobs[0]["jobId"])["status"] == "completed"


def test_spawned_renders_do_the_same_where_forking_is_not_safe(tmp_path):
    from kodisc_jupyter.local.processes.render_processes import RenderProcesses
    from kodisc_jupyter.stage.task import Limits, RenderTask

    renders = RenderProcesses(tmp_path / "work", start_method="spawn")
    renders.start()
    try:
        for number, (code, error) in enumerate(
            [(TINY.replace("Dot()", "Dot(") + "\n", "SyntaxError"), (TINY, None)]
        ):
            task = RenderTask(f"job{number}", code, "Tiny", 854, 480, 15, limits=Limits(240))
            outcome = renders.submit(task, tmp_path / f"results{number}").result(240)
            assert (outcome.error is None) == (error is None), outcome.error
            assert (tmp_path / f"results{number}" / "video.mp4").exists() == (error is None)
        forker = renders.pid
    finally:
        renders.close()
    assert forker is not None
    with pytest.raises(ProcessLookupError):
        os.kill(forker, 0)
