"""Five mistakes in a real JupyterLab, light and dark; a page and a terminal say the same words."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from nbconvert import HTMLExporter

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).resolve().parent.parent.parent / "build" / "screenshots"
SCENE = """\
from manim import *


class HelloKodisc(Scene):
    def construct(self):
        self.play(Create(Circle()))
"""
MISTAKES = {
    "scene": ("%%kodisc HeloKodisc", SCENE, "There is no scene called HeloKodisc."),
    "option": ("%%kodisc HelloKodisc --qualty low", SCENE, "Unknown option --qualty."),
    "syntax": ("%%kodisc HelloKodisc", SCENE.replace("(Scene):", "(Scene)"), "line 5"),
    "name": ("%%kodisc HelloKodisc", SCENE.replace("Circle", "Cirle"), "Did you mean Circle?"),
    "shell": ("%%kodisc HelloKodisc", f"!pip install x\n{SCENE}", "line 2"),
}


def words(text: str) -> str:
    """Text without colours and the spaces of layout."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def test_five_mistakes_stand_under_their_cells_with_the_same_words_everywhere(
    notebook_page, lab, tmp_path
):
    SHOTS.mkdir(parents=True, exist_ok=True)
    file = "mistakes.ipynb"
    lab.write(
        file,
        "%load_ext kodisc_jupyter",
        *(f"{line}\n{code}" for line, code, _ in MISTAKES.values()),
    )
    page = notebook_page(height=2400)
    page.open(file)
    page.kernel_ready()
    page.run(0)
    shown = []
    for index, (name, (_, _, said)) in enumerate(MISTAKES.items(), start=1):
        page.run(index)
        output = page.output(index)
        output.get_by_text(re.compile("Kodisc error")).first.wait_for()
        shown.append(words(output.inner_text()))
        assert said in shown[-1]
        assert "Nothing was sent" in shown[-1]
        page.page.locator(".jp-Notebook .jp-CodeCell").nth(index).screenshot(
            path=SHOTS / f"mistake-{name}-light.png"
        )
    page.show(dark=True)
    for index, name in enumerate(MISTAKES, start=1):
        assert words(page.output(index).inner_text()) == shown[index - 1]
        page.page.locator(".jp-Notebook .jp-CodeCell").nth(index).screenshot(
            path=SHOTS / f"mistake-{name}-dark.png"
        )
    page.save()
    saved = lab.read(file)
    html, _ = HTMLExporter().from_notebook_node(saved)
    converted = words(unescape(re.sub(r"<[^>]+>", "", html)))
    for cell, text in zip(saved.cells[1:], shown, strict=True):
        (error,) = cell.outputs
        assert error.output_type == "error"
        assert words("\n".join(error.traceback)) == text
        assert text in converted
    for (line, code, _), text in zip(MISTAKES.values(), shown, strict=True):
        assert text in in_a_terminal(line, code, tmp_path)


def in_a_terminal(line: str, code: str, folder: Path) -> str:
    """What plain IPython shows of a mistake."""
    program = (
        "get_ipython().run_line_magic('load_ext', 'kodisc_jupyter')\n"
        f"get_ipython().run_cell_magic('kodisc', {line.removeprefix('%%kodisc ')!r}, {code!r})"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": "/usr/bin:/bin", "IPYTHONDIR": str(folder), "HOME": str(folder)},
    )
    assert done.returncode != 0
    return words(done.stdout + done.stderr)
