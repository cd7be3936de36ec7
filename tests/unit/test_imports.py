"""What imports what: the arrows between the rooms, and what each path of a kernel loads."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kodisc_jupyter

PACKAGE = Path(kodisc_jupyter.__file__).parent

ROOMS = ("api", "scene", "renders", "notebook", "local", "stage")

MAY_IMPORT = {
    "api": (),
    "scene": (),
    "renders": ("api",),
    "notebook": ("api", "scene", "renders"),
    "local": ("api.models", "api.rules", "api.webhooks", "stage"),
    "stage": (),
}
"""The arrows of the design: client and server share only what keeps them from drifting apart."""

NOT_BY_LOADING = (
    *("requests", "urllib3", "tenacity", "ipywidgets", "anywidget", "sqlite3", "keyring"),
    *("manim", "platformdirs"),
    *("kodisc_jupyter.api", "kodisc_jupyter.scene", "kodisc_jupyter.renders"),
    *("kodisc_jupyter.local", "kodisc_jupyter.stage", "kodisc_jupyter.notebook.display.panel"),
)
"""``%load_ext`` stands at the top of every notebook: a person waits for it, used or not."""

NOT_BY_CHECKING = (
    *("requests", "urllib3", "tenacity", "ipywidgets", "anywidget", "sqlite3", "keyring", "manim"),
    *(
        "kodisc_jupyter.local",
        "kodisc_jupyter.stage",
        "kodisc_jupyter.api.client",
        "kodisc_jupyter.notebook.display.panel",
    ),
)

NOT_BY_WATCHING = (
    "manim",
    "numpy",
    "kodisc_jupyter.local",
    "kodisc_jupyter.stage",
    "kodisc_jupyter.scene.checks",
)


def modules() -> list[tuple[str, str]]:
    return [
        (path.relative_to(PACKAGE).parts[0], path.relative_to(PACKAGE.parent).as_posix())
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent != PACKAGE
    ]


def imported(path: str) -> set[str]:
    """Every module of ours that a file imports anywhere, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE.parent / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("kodisc_jupyter.")}


@pytest.mark.parametrize(("room", "path"), modules())
def test_imports_point_one_way(room, path):
    allowed = tuple(f"kodisc_jupyter.{name}" for name in (room, *MAY_IMPORT[room], "__version__"))
    stray = {
        name
        for name in imported(path)
        if not any(name == each or name.startswith(f"{each}.") for each in allowed)
    }
    assert not stray


def test_every_room_is_held():
    assert {room for room, _ in modules()} == set(ROOMS) == set(MAY_IMPORT)


PRELUDE = """\
import json, os, sys
os.environ.pop("KODISC_KEY", None)
from IPython.core.interactiveshell import InteractiveShell
import IPython.core.magics.extension
shell = InteractiveShell.instance()
before = set(sys.modules)
"""

REPORT = "\nprint(json.dumps(sorted(set(sys.modules) - before)))\n"


def loaded_by(code: str, tmp_path) -> set[str]:
    """The modules that a fresh interpreter has after ``code`` and had not before."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KODISC_")}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code + REPORT],
        env={**environment, "KODISC_HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def strays(loaded: set[str], barred: tuple[str, ...]) -> set[str]:
    return {
        name
        for name in loaded
        if any(name == each or name.startswith(f"{each}.") for each in barred)
    }


def test_the_package_itself_imports_nothing(tmp_path):
    assert loaded_by("import kodisc_jupyter", tmp_path) == {"kodisc_jupyter"}


def test_load_ext_loads_the_settings_and_where_tab_is_asked_for_and_nothing_else(tmp_path):
    loaded = loaded_by("shell.run_line_magic('load_ext', 'kodisc_jupyter')", tmp_path)
    assert not strays(loaded, NOT_BY_LOADING)
    assert {name for name in loaded if name.startswith("kodisc_jupyter")} == {
        "kodisc_jupyter",
        "kodisc_jupyter.notebook",
        "kodisc_jupyter.notebook.ipython_hooks",
        "kodisc_jupyter.notebook.magics",
        "kodisc_jupyter.notebook.settings",
    }


def test_loading_and_unloading_again_makes_no_session(tmp_path):
    code = """
shell.run_line_magic("load_ext", "kodisc_jupyter")
shell.run_line_magic("unload_ext", "kodisc_jupyter")
"""
    assert "kodisc_jupyter.notebook.kernel" not in loaded_by(code, tmp_path)
    assert not list(tmp_path.glob("journal*"))


def test_the_free_checks_load_nothing_that_talks_or_shows(tmp_path):
    code = """
from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import check
source = assemble("from manim import *\\n\\nclass A(Scene):\\n    def construct(self):\\n        pass\\n")
assert not check(source, ()).errors
"""
    assert not strays(loaded_by(code, tmp_path), NOT_BY_CHECKING)


def test_a_checked_cell_loads_no_client_and_no_widget(tmp_path):
    code = """
shell.run_line_magic("load_ext", "kodisc_jupyter")
cell = "from manim import *\\n\\nclass A(Scene):\\n    def construct(self):\\n        pass\\n"
shell.run_cell_magic("kodisc", "--check", cell)
"""
    assert not strays(loaded_by(code, tmp_path), NOT_BY_CHECKING)
    assert not list(tmp_path.glob("journal*"))


def test_watching_loads_no_renderer_and_no_checks(tmp_path):
    code = "import kodisc_jupyter.renders.session, kodisc_jupyter.api.client"
    assert not strays(loaded_by(code, tmp_path), NOT_BY_WATCHING)
