"""What imports what: the arrows between the rooms, and what each path of a kernel loads."""

from __future__ import annotations

import ast
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import kodisc_jupyter

PACKAGE = Path(kodisc_jupyter.__file__).parent
ROOT = Path(__file__).parents[2]

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
    *("requests", "urllib3", "ipywidgets", "anywidget", "sqlite3", "keyring"),
    *("manim", "platformdirs"),
    *("kodisc_jupyter.api", "kodisc_jupyter.scene", "kodisc_jupyter.renders"),
    *("kodisc_jupyter.local", "kodisc_jupyter.stage", "kodisc_jupyter.notebook.display.panel"),
)
"""``%load_ext`` stands at the top of every notebook: a person waits for it, used or not."""

NOT_BY_CHECKING = (
    *("requests", "urllib3", "ipywidgets", "anywidget", "sqlite3", "keyring", "manim"),
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


rooms = runpy.run_path(str(ROOT / "scripts" / "rooms.py"))
IMPORTS: dict[str, set[str]] = rooms["imports"]()


@pytest.mark.parametrize("name", sorted(name for name in IMPORTS if name.count(".") > 1))
def test_imports_point_one_way(name):
    room = name.split(".")[1]
    allowed = tuple(f"kodisc_jupyter.{each}" for each in (room, *MAY_IMPORT[room]))
    stray = {
        target
        for target in IMPORTS[name] - {"kodisc_jupyter", "kodisc_jupyter.atomic_file"}
        if not any(target == each or target.startswith(f"{each}.") for each in allowed)
    }
    assert not stray


def test_every_room_is_held():
    found = {name.split(".")[1] for name in IMPORTS if name.count(".") > 1}
    assert found == set(ROOMS) == set(MAY_IMPORT)


def test_no_module_imports_another_in_a_circle():
    assert rooms["circles"]() == []


def test_no_import_is_relative():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), (path, node.lineno)


def test_every_room_introduces_itself():
    for path in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_the_picture_of_the_rooms_is_the_codes():
    page = rooms["PAGE"].read_text(encoding="utf-8")
    assert page == rooms["written"](page), "run: python scripts/rooms.py --write"


MODULE_LINES, FUNCTION_LINES, FOLDER_MODULES = 300, 60, 15

FULL_FOLDERS = {"notebook/commands": "one module for each subcommand"}


def lengths() -> dict[str, tuple[int, int]]:
    """The lines of each module, and of each ``module:function``, with the limit on them."""
    lines = {}
    for path in PACKAGE.rglob("*.py"):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        lines[name] = (len(text.splitlines()), MODULE_LINES)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                long = node.end_lineno - node.lineno + 1
                lines[f"{name}:{node.name}"] = (long, FUNCTION_LINES)
    return lines


def test_modules_and_functions_are_short_enough_to_be_read_at_once():
    too_long = {name: long for name, (long, limit) in lengths().items() if long > limit}
    assert not too_long, "cut it by concept: one idea for each module, one step for each function"


def test_a_folder_holds_no_more_modules_than_a_reader_keeps_in_mind():
    folders: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.name != "__init__.py":
            folder = path.parent.relative_to(PACKAGE).as_posix()
            folders[folder] = folders.get(folder, 0) + 1
    full = {folder for folder, modules in folders.items() if modules > FOLDER_MODULES}
    assert full == {folder for folder in FULL_FOLDERS if folders[folder] > FOLDER_MODULES}


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
