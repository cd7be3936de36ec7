"""Render servers for the tests of this room."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.support.render_server import (
    PATIENCE_S,
    Starter,
    children,
    clean_environment,
    is_alive,
    share_server,
    until,
)


@pytest.fixture
def start_server(tmp_path_factory):
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    yield starter
    starter.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it as they found it."""
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    yield starter("--workers", 2, "--memory-limit", 1024)
    starter.close()


@pytest.fixture(scope="module")
def home(render_home, tmp_path_factory):
    """A module's own KODISC_HOME, with an empty journal, which finds the worker's render server."""
    return share_server(render_home, tmp_path_factory.mktemp("module") / "home")


@pytest.fixture(scope="module")
def start_for_module(tmp_path_factory):
    """Starts servers that live as long as the module's tests."""
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    yield starter
    starter.close()


@pytest.fixture
def run_server(tmp_path):
    """Run a server that is expected to end by itself: its exit status and its last words."""

    def run(*options, **more):
        ended = subprocess.run(
            [sys.executable, "-m", "kodisc_jupyter.local", *map(str, options)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=clean_environment(tmp_path),
            check=False,
            **more,
        )
        return ended.returncode, ended.stderr.strip(), ended.stdout

    return run


@pytest.fixture(scope="session")
def wait_until():
    return until


@pytest.fixture(scope="session")
def processes():
    """What the system says of processes: ``children(pid)`` and ``is_alive(pid)``."""

    @dataclass(frozen=True)
    class Processes:
        children = staticmethod(children)
        is_alive = staticmethod(is_alive)

    return Processes()
