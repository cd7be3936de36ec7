"""Every command of docs/class-server.md, typed in its order by a new user."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "class-server.md"
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.strip().splitlines()
]


PATIENCE_S = 60


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.1)


def balance(url, key):
    asked = Request(f"{url}/me", headers={"Authorization": f"Bearer {key}"})
    try:
        with urlopen(asked, timeout=60) as answer:
            return json.load(answer)["credits"]["total"]
    except HTTPError as problem:
        return problem.code


def test_the_page_works_from_nothing_to_a_class(tmp_path):
    from kodisc_jupyter.local.processes import sandbox

    names = ["anna", "ben", *(f"student{n}" for n in range(28))]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")

    def type_in(command):
        done = subprocess.run(
            [sys.executable, *shlex.split(command)[1:]],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    make, serve, *later = COMMANDS
    keys = dict(line.split("\t") for line in type_in(make).splitlines())
    assert list(keys) == names
    serve = serve.replace("--port 8765", "--port 0")
    if sandbox.find()[0] is None:
        serve += " --sandbox off"
    server = subprocess.Popen(
        [sys.executable, *shlex.split(serve)[1:]],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        first = json.loads(server.stdout.readline())
        assert list(first) == ["url"], "no key on standard output"
        url = first["url"]
        assert {balance(url, key) for key in keys.values()} == {500}
        said = {command: type_in(command) for command in later}
        new_key = said["python -m kodisc_jupyter.local users key anna"].split()[1]
        wait_until(lambda: balance(url, new_key) == 600)
        wait_until(lambda: balance(url, keys["anna"]) == 401)
        wait_until(lambda: balance(url, keys["ben"]) == 401)
        assert balance(url, keys["student0"]) == 500
        assert (tmp_path / "backup.sqlite3").stat().st_size > 0
        (listed,) = (text for command, text in said.items() if " list " in command)
        assert [line.split("\t")[0] for line in listed.splitlines()[1:3]] == ["anna", "student0"]
    finally:
        server.terminate()
        server.wait(60)
        server.stdout.close()


def test_every_option_of_the_page_exists(capsys):
    from kodisc_jupyter.local.options import parse

    with pytest.raises(SystemExit):
        parse(["--help"])
    helped = capsys.readouterr().out
    for option in re.findall(r"`(--[a-z-]+)", PAGE.read_text(encoding="utf-8")):
        assert option in helped, option
