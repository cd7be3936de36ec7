"""``render(MyScene)``: a class of an ordinary cell, in a kernel, a terminal and a plain script."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

LIMIT_S = 240

TINY = """\
from manim import *
from kodisc_jupyter import render


class Tiny(Scene):
    def construct(self):
        self.add(Dot(radius=size))
        self.wait(0.2)


video = render(Tiny, quality="low", values={"size": 1}, wait=True)
print(video.job.status, video.video.name)
"""


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_class_of_an_earlier_cell_is_rendered_with_what_other_cells_imported(
    start_kernel, kodisc_home
):
    kernel = start_kernel(kodisc_home)
    kernel.run("from manim import *\nimport numpy as np\nfrom kodisc_jupyter import render")
    kernel.run(
        "class Elsewhere(Scene):\n"
        "    def construct(self):\n"
        "        self.add(Dot(np.array([1.0, 0.0, 0.0])))\n"
        "        self.wait(0.1 if PI > 3 else 9)\n"
    )
    request = kernel.run("r = render(Elsewhere, quality='low', wait=True)\nprint(r.request.code)")
    assert kernel.error(request) == ""
    assert "<video " in kernel.final(request)["text/html"]
    sent = kernel.stdout(request)
    assert "class Elsewhere(Scene):" in sent
    assert "import numpy as np" in sent
    assert "kodisc_jupyter" not in sent


def test_errors_of_a_class_are_at_the_lines_of_its_own_cell(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    kernel.run("%%kodisc_prelude\nfrom manim import *\n\nHALF = 0.5\n")
    cell = "%%capture\n\nclass Breaks(Scene):\n    def construct(self):\n        1 / 0\n"
    kernel.run(f"from manim import Scene\n\n{cell.partition(chr(10))[2]}")
    request = kernel.run(
        "from kodisc_jupyter import render\nrender(Breaks, quality='low', wait=True)"
    )
    error = plain(kernel.error(request))
    assert "line 6: ZeroDivisionError" in error
    assert "> 6 |         1 / 0" in error
    kernel.run(cell.replace("1 / 0", "Circel()"))
    assert "line 5: Circel is not defined" in plain(kernel.error(kernel.run("render(Breaks)")))


def test_what_cannot_be_found_is_said_before_anything_is_sent(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    kernel.run("from kodisc_jupyter import render\nfrom manim import Scene")
    kernel.run("exec('class Typed(Scene):\\n    def construct(self): pass')")
    kernel.run(
        "def make():\n    class Inner(Scene):\n        def construct(self): pass\n    return Inner"
    )
    for call, why in {
        "render(Typed)": "Typed cannot be sent: its source text was not found.",
        "render(make())": "Inner cannot be sent: it is defined inside a function.",
        "render(3)": "render() takes Manim source or a Scene class, not int. Nothing was sent.",
        "render(Scene, 'Other')": "takes no other scene's name",
    }.items():
        error = plain(kernel.error(kernel.run(call)))
        assert why in error, call
        assert "othing was sent" in error, call


@pytest.mark.parametrize("how", ["a script", "a terminal"])
def test_a_script_and_a_terminal_render_a_class_too(kodisc_home, tmp_path, how):
    path = tmp_path / "lesson.py"
    path.write_text(TINY, encoding="utf-8")
    command = {
        "a script": [sys.executable, str(path)],
        "a terminal": [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", TINY],
    }[how]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KODISC_")}
    done = subprocess.run(
        command,
        env={**kept, "KODISC_HOME": str(kodisc_home), "IPYTHONDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "completed video.mp4" in done.stdout
