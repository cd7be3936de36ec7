"""What tests in several rooms share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import HealthCheck, settings

# The same values in every run, and as long for each as a busy machine takes.
settings.register_profile(
    "kodisc", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("kodisc")


TESTS = Path(__file__).parent
SHARES = {"browser": 0, "renders_local": 1}
"""Which of pytest's workers begins with a room; the others begin with all other rooms."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a room's tests together, for servers and pages are made once for a worker.

    Each worker begins with an equal part of the list; whoever is done takes from the end of
    another's part. There stand unit tests, which share nothing.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    small = []
    for item in items:
        room = item.path.relative_to(TESTS).parts[0]
        share = small if room == "unit" else shares[SHARES.get(room, 2) % workers]
        share.append(item)
    for share in shares:
        left = max(0, len(items) // workers - len(share))
        share.extend(small[:left])
        del small[:left]
    items[:] = [item for share in (*shares, small) for item in share]


class Gate:
    """Holds a render open: the test says when it goes on, not the machine."""

    IMPORTS = "import time\nfrom pathlib import Path\n"

    def __init__(self, path: Path) -> None:
        self._path = path

    def scene(self, name: str = "Gated", then: str = "self.wait(0.2)") -> str:
        """The code of a scene that goes on to the line ``then`` once the gate is open."""
        return (
            f"{self.IMPORTS}\nfrom manim import *\n\n\n"
            f"class {name}(Scene):\n    def construct(self):\n"
            f"{indent(self._wait, ' ' * 8)}        {then}\n"
        )

    def cell(self, then: str = "") -> str:
        """A cell that keeps its kernel busy until the gate is open, and goes on to ``then``."""
        return f"{self.IMPORTS}\n{self._wait}{then}"

    def another(self, name: str) -> Gate:
        """A gate beside this one."""
        return Gate(self._path.with_name(name))

    @property
    def _wait(self) -> str:
        return f"while not Path({str(self._path)!r}).exists():\n    time.sleep(0.02)\n"

    def open(self) -> None:
        """Let the renders go on."""
        self._path.touch()

    def close(self) -> None:
        """Hold those that come from now on."""
        self._path.unlink()


@pytest.fixture
def gate(tmp_path) -> Iterator[Gate]:
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()  # a test that failed leaves nobody waiting


@pytest.fixture(scope="session")
def render_home(tmp_path_factory) -> Iterator[Path]:
    """One KODISC_HOME, and so one render server, for the tests of a worker."""
    from kodisc_jupyter.renders import local_server

    home = tmp_path_factory.mktemp("kodisc")
    yield home
    local_server.stop(home)


@pytest.fixture
def fresh_journal(tmp_path, render_home) -> Path:
    """A KODISC_HOME with an empty journal, which finds the server of ``render_home``."""
    from tests.support.render_server import share_server

    return share_server(render_home, tmp_path / "home")


@pytest.fixture(scope="session")
def sandbox():
    """Skips, with the reason, where this system allows no sandbox."""
    from kodisc_jupyter.local.processes import sandbox

    found, why = sandbox.find()
    if found is None:
        pytest.skip(f"scenes cannot be locked in here: {why}")
    return found


@pytest.fixture(scope="session")
def manim_docs():
    """The script that knows the examples of Manim's documentation, and which of them render."""
    from tests.support.scripts import manim_doc_examples

    return manim_doc_examples()
