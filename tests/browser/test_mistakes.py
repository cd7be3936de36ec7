"""Five mistakes in a real JupyterLab, light and dark, and the same words everywhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_five_mistakes_stand_under_their_cells_and_stop_the_run(notebook_page, lab, theme):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page = notebook_page(height=1400)
    for name, (line, code, said) in MISTAKES.items():
        file = f"mistake_{name}_{theme}.ipynb"
        lab.write(file, "%load_ext kodisc_jupyter", f"{line}\n{code}", "print('went on')")
        page.open(file, dark=theme == "dark")
        page.kernel_ready()
        page.run_all()
        output = page.output(1)
        output.get_by_text(re.compile("Kodisc error")).first.wait_for()
        shown = words(output.inner_text())
        assert said in shown
        assert "Nothing was sent" in shown
        page.kernel_ready()
        page.page.locator(".jp-Notebook .jp-CodeCell").nth(1).screenshot(
            path=SHOTS / f"mistake-{name}-{theme}.png"
        )
        page.save()
        stopped, after = lab.read(file).cells[1:3]
        assert after.outputs == []
        (error,) = stopped.outputs
        assert error.output_type == "error"
        assert words("\n".join(error.traceback)) == shown
        html, _ = HTMLExporter().from_filename(str(lab.root / file))
        converted = words(re.sub(r"<[^>]+>", "", html).replace("&gt;", ">").replace("&#39;", "'"))
        assert said in converted
        page.end_kernel()


def test_a_terminal_shows_the_same_words(lab, tmp_path):
    for name, (line, code, _) in MISTAKES.items():
        saved = lab.root / f"mistake_{name}_light.ipynb"
        if not saved.exists():  # this test was run alone
            continue
        (error,) = nbformat.read(saved, as_version=4).cells[1].outputs
        magic = line.removeprefix("%%kodisc ")
        program = (
            "get_ipython().run_line_magic('load_ext', 'kodisc_jupyter')\n"
            f"get_ipython().run_cell_magic('kodisc', {magic!r}, {code!r})"
        )
        done = subprocess.run(
            [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", program],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"PATH": "/usr/bin:/bin", "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
        )
        assert done.returncode != 0
        assert words("\n".join(error.traceback)) in words(done.stdout + done.stderr)
