"""A recognisable key, planted in the kernel: it must be nowhere but in the request's header."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

TINY = """\
from manim import *


class Tiny(Scene):
    def construct(self):
        self.wait(0.2)
"""
BREAKS = """\
from manim import *


class Breaks(Scene):
    def construct(self):
        import os

        raise ValueError(f"the environment: {dict(os.environ)}")
"""
LOG = """\
import logging
logging.basicConfig(filename="debug.log", level=logging.DEBUG, force=True)
import http.client
http.client.HTTPConnection.debuglevel = 1
"""
LOOK = """\
import sys, traceback
from kodisc_jupyter import Client, RenderRequest
from kodisc_jupyter.api.auth import find_key
with Client() as client:
    print(client, vars(client), find_key())
try:
    Client(base_url=client.base_url + "/nowhere").enqueue_render(RenderRequest("x", "X"))
except Exception as problem:
    traceback.print_exception(problem)
    print(vars(problem), problem.__cause__, problem.__context__)
"""


@pytest.fixture
def wrong_key() -> str:
    return "kdsc_live_" + "b7" * 24


def forms(key: str) -> list[bytes]:
    """The key as it could stand somewhere: plain, its secret part, base64, hexadecimal."""
    secret = key.removeprefix("kdsc_live_")
    raw = [key, secret, secret[8:40], f"Bearer {key}"]
    coded = [base64.b64encode(key.encode()).decode().rstrip("="), key.encode().hex()]
    return [form.encode() for form in [*raw, *coded]]


def places_with(key: str, folders: list[Path]) -> list[str]:
    return [
        str(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(form in path.read_bytes() for form in forms(key))
    ]


def test_the_key_is_in_no_output_log_error_journal_or_notebook(
    start_kernel, run_notebook, fresh_home, cloud, wrong_key, tmp_path
):
    kernel = start_kernel(fresh_home, **cloud.env())
    ran = [kernel.run(LOG)]
    tiny = kernel.run(f"%%kodisc Tiny -ql --as tiny\n{TINY}")
    job = re.search(r"job (\w+)", kernel.final(tiny)["text/plain"])[1]
    ran += [tiny, kernel.run(f"%%kodisc Breaks -ql --wait\n{BREAKS}")]
    assert "ValueError" in kernel.error(ran[-1])
    for command in (
        *("", "doctor", "jobs", "report --all --csv spent.csv", f"show {job}", "wait"),
        *(f"save {job} tiny.mp4", "logout", "local"),
    ):
        ran.append(kernel.run(f"%kodisc {command}"))
    ran += [kernel.run(LOOK), kernel.run("print(tiny, vars(tiny), tiny.backend)")]
    refused = kernel.run(f"%kodisc login {cloud.key}")
    typed = "".join(m["content"]["code"] for m in kernel.of(refused, "execute_input"))
    assert cloud.key in typed  # what the user typed stays the user's
    ran.append(kernel.run("import os; os.environ['KODISC_KEY'] = 'kdsc_live_' + 'b7' * 24"))
    ran += [kernel.run(f"%%kodisc -ql --force\n{TINY}"), kernel.run("%kodisc doctor")]
    assert "401" in kernel.error(ran[-2])
    assert "401" in kernel.stdout(ran[-1])

    done = run_notebook(
        f"%%kodisc Tiny -ql --force\n{TINY}",
        f"%%kodisc Breaks -ql\n{BREAKS}",
        "%kodisc",
        home=fresh_home,
        allow_errors=True,
        **cloud.env(),
    )
    assert "<video" in done.html(1)
    (tmp_path / "saved.ipynb").write_text(json.dumps(done.notebook), encoding="utf-8")

    assert any(f"Bearer {cloud.key}" in headers.values() for _, _, headers, _ in cloud.requests)
    assert all(cloud.key not in path for _, path, _, _ in cloud.requests)
    assert all(forms(cloud.key)[1] not in body for _, _, _, body in cloud.requests)
    heard = json.dumps(
        [m for m in kernel.messages if m["parent_header"].get("msg_id") != refused], default=repr
    ) + json.dumps([m["content"] for m in kernel.of(refused, "error", "stream")])
    for key in (cloud.key, wrong_key):
        assert not [form for form in forms(key) if form in heard.encode()]
    assert (tmp_path / "debug.log").stat().st_size > 200  # there was something to search
    assert (fresh_home / "journal.sqlite").is_file()
    for key in (cloud.key, wrong_key):
        assert places_with(key, [fresh_home, tmp_path]) == []


def test_the_own_servers_key_is_in_its_private_file_only(start_kernel, fresh_home, tmp_path):
    kernel = start_kernel(fresh_home)
    kernel.run(LOG)
    kernel.final(kernel.run(f"%%kodisc -ql\n{TINY}"))
    kernel.run(f"%%kodisc -ql --wait\n{BREAKS}")
    kernel.run("%kodisc doctor")
    kernel.run("%kodisc local")
    holders = [path for path in fresh_home.rglob("*.json") if b"kdsc_live_" in path.read_bytes()]
    (state,) = holders
    assert state.stat().st_mode & 0o077 == 0
    key = json.loads(state.read_text(encoding="utf-8"))["key"]
    assert not [
        form for form in forms(key) if form in json.dumps(kernel.messages, default=repr).encode()
    ]
    kept = {str(state)} | {
        str(path)
        for path in fresh_home.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077 == 0
    }
    assert set(places_with(key, [fresh_home, tmp_path])) <= kept
