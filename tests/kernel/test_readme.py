"""The pages are true: their cells and commands are run, their tables compared with the code."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import nbformat
import pytest

import kodisc_jupyter
from kodisc_jupyter.api import errors
from kodisc_jupyter.api.models import PRESETS, AspectRatio, frame_size
from kodisc_jupyter.notebook.line import cell_line, command_line

ROOT = Path(__file__).resolve().parents[2]
FILES = ("README.md", "docs/guide.md")
README = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in FILES)
LIMIT_S = 300
FRONT = re.compile(
    r"^(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    mark: str


BLOCKS = [
    Block(found["kind"], found["text"], found["mark"] or "") for found in FRONT.finditer(README)
]
PROSE = FRONT.sub("", README)
CELLS = [block.text for block in BLOCKS if block.kind == "python" and not block.mark]
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in BLOCKS
    if block.kind == "bash"
    for line in block.text.splitlines()
]


def table(name: str) -> list[list[str]]:
    """The rows of a marked table, without its head."""
    text = README.split(f"<!-- {name}:start -->")[1].split(f"<!-- {name}:end -->")[0]
    rows = [line for line in text.strip().splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def environment(home: Path) -> dict[str, str]:
    """No key; the commands of this Python first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KODISC_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": path, "KODISC_HOME": str(home)}


@pytest.fixture(scope="module")
def lesson(kodisc_home, tmp_path_factory):
    """The README's cells as a notebook, executed by the README's own nbconvert command."""
    folder = tmp_path_factory.mktemp("readme")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbformat.write(notebook, folder / "lesson.ipynb")
    (command,) = [line for line in COMMANDS if "nbconvert" in line]
    done = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env=environment(kodisc_home),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(folder / "lesson.ipynb", as_version=4)


def videos(cell) -> int:
    return sum("<video " in output.get("data", {}).get("text/html", "") for output in cell.outputs)


def test_every_cell_runs_in_order_with_no_key_and_every_scene_becomes_a_video(lesson):
    assert len(lesson.cells) >= 9
    for cell in lesson.cells:
        if cell.source.startswith("%%kodisc "):
            assert videos(cell) == 1, cell.source
    (in_python,) = [cell for cell in lesson.cells if "render(CODE" in cell.source]
    assert videos(in_python) == 2
    assert "JobStatus.COMPLETED" in in_python.outputs[-1].data["text/plain"]


def test_the_client_of_the_readme_downloads_a_video(start_kernel, fresh_home, cloud, tmp_path):
    (cell,) = [block.text for block in BLOCKS if block.mark == "with a key"]
    kernel = start_kernel(fresh_home, load=False, **cloud.env())
    request = kernel.run(cell)
    assert kernel.error(request) == ""
    assert kernel.stdout(request) == "1000\n"
    assert av.open(str(tmp_path / "dots.mp4")).streams.video[0].height == 480


def test_every_shell_command_is_one_that_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = project.split("[project.optional-dependencies]")[1].split("\n[")[0]
    for command in COMMANDS:
        first, *words = shlex.split(command)
        if first == "make":
            assert re.search(rf"^{words[0]}:", makefile, re.MULTILINE), command
        elif first == "pip":
            assert words[0] == "install", command
            for extra in re.findall(r"\[(\w+)\]", words[1]):
                assert re.search(rf"^{extra} = ", extras, re.MULTILINE), command
        else:
            assert first in {"python", "jupyter"}, f"not run by any test: {command}"
    for target in re.findall(r"`make ([\w-]+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_kodisc_line_is_one_that_can_be_read():
    shown = [line.split("   ")[0] for block in BLOCKS if block.kind == "text"
             for line in block.text.splitlines() if line.startswith("%kodisc")]  # fmt: skip
    shown += [text for text in code(PROSE) if re.match(r"%kodisc( |$)", text)]
    assert len(shown) > 15
    for line in shown:
        command_line.parse(re.sub(r" \[.*?\]", "", line.removeprefix("%kodisc")))
    for text in code(PROSE):
        if text.startswith("%%kodisc ") and "[" not in text:
            cell_line.parse(text.removeprefix("%%kodisc"))


def test_the_guides_tables_are_the_codes():
    reference = runpy.run_path(str(ROOT / "scripts" / "reference.py"))
    page = reference["PAGE"].read_text(encoding="utf-8")
    assert page == reference["written"](page), "run: python scripts/reference.py --write"


def test_the_sizes_of_the_qualities_are_the_apis():
    (quality,) = [row[1] for row in table("options") if "--quality" in row[0]]
    for name, (_, _, fps) in PRESETS.items():
        width, height = frame_size(name, AspectRatio.WIDE)
        assert re.search(rf"\b{name.value} \({width}×{height}, {fps}\b", quality), name


def test_the_table_of_errors_names_every_public_error():
    public = {name for name in kodisc_jupyter.__all__ if name.endswith("Error")} - {"KodiscError"}
    listed = set(re.findall(r"^\| `(\w+Error)`", README, re.MULTILINE))
    assert listed == public
    assert all(hasattr(errors, name) for name in listed)


def test_every_environment_variable_is_read_somewhere():
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "kodisc_jupyter").rglob("*.py")
    )
    named = set(re.findall(r"\bKODISC_[A-Z_]+\b", README))
    assert {"KODISC_KEY", "KODISC_BASE_URL", "KODISC_WAIT", "KODISC_HOME"} < named
    for name in named:
        assert f'"{name}"' in sources, name


@pytest.mark.parametrize("page", ["README.md", *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md"))])  # fmt: skip
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_files_that_the_pages_name_are_there():
    for page in ("architecture.md", "contributing.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for named in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|js))`", text):
            assert any((ROOT / top / named).exists() for top in ("", "kodisc_jupyter")), named


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200
