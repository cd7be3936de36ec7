"""Scenes that fail inside real Manim, on the local render server and on Manim's command line."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.failures import from_failure

HERE = Path(__file__).parent
DEADLINE_S = 300


def table():
    path = HERE / "scene_failing_cells.py"
    spec = importlib.util.spec_from_file_location("scene_failing_cells", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.FAILING


FAILING = {failing.name: failing for failing in table()}


def source_of(failing):
    values = dict(failing.values)
    return assemble(failing.cell, prelude=failing.prelude, values=values, first_line=2)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    hidden = {"KODISC_KEY", "KODISC_BASE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["KODISC_HOME"] = str(folder / "home")
    command = [sys.executable, "-m", "kodisc_jupyter.local", "--port", "0", "--workers", "2"]
    with (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment,
        )
    try:
        first = process.stdout.readline()
        assert first, (folder / "stderr").read_text()
        yield json.loads(first)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
        process.stdout.close()


@pytest.fixture(scope="module")
def errors(server):
    """The server's error text for every failing cell, by the cell's name."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {server['key']}"
        jobs = {}
        for name, failing in FAILING.items():
            body = {"code": source_of(failing).code, "className": "Fails", "quality": "low"}
            answer = session.post(f"{server['url']}/render", json=body, timeout=DEADLINE_S)
            assert answer.status_code == 202, answer.text
            jobs[name] = answer.json()["jobId"]
        return {
            name: _ended(session, f"{server['url']}/render/{job}") for name, job in jobs.items()
        }


def _ended(session, url):
    pause = threading.Event()
    for _ in range(10 * DEADLINE_S):
        job = session.get(url, timeout=DEADLINE_S).json()
        if job["status"] in {"completed", "failed"}:
            assert job["status"] == "failed", url
            return job["error"]
        pause.wait(0.1)
    raise AssertionError(f"{url} did not end")


@pytest.mark.render
@pytest.mark.parametrize("name", FAILING)
def test_a_real_failure_is_shown_at_the_line_it_is_about(errors, name):
    failing = FAILING[name]
    shown = from_failure(errors[name], source_of(failing), charged="It cost nothing.")
    assert (shown.origin, shown.line) == (failing.origin, failing.line)
    assert failing.said in shown.message
    assert failing.hint in shown.hint
    assert shown.charged == "It cost nothing."
    assert shown.full == errors[name].strip("\n")
    (marked,) = (line for line in shown.excerpt if line.mark)
    assert marked.number == failing.line
    assert marked.text.endswith("# here")


@pytest.mark.parametrize(
    "path", sorted((HERE / "tracebacks").glob("*.txt")), ids=lambda path: path.stem
)
def test_a_traceback_of_manims_command_line_leads_to_the_same_line(path):
    """The files are output of `manim -ql`, as it was written to terminals of several widths."""
    failing = FAILING[path.stem]
    shown = from_failure(path.read_text(encoding="utf-8"), source_of(failing))
    assert (shown.origin, shown.line) == (failing.origin, failing.line)
    if "LaTeX" in shown.message:
        assert shown.message == "LaTeX: Undefined control sequence."
    else:
        assert failing.said in shown.message
        assert failing.hint in shown.hint
