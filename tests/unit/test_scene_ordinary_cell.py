"""What of an ordinary cell is sent when its class is rendered."""

from __future__ import annotations

import pytest

from kodisc_jupyter.scene.ordinary_cell import defines_class, marimo_cell, scene_part

SCENE = """\
from manim import *

class Dot2(Scene):
    def construct(self):
        self.add(Dot())
"""


def test_a_cell_that_only_defines_things_is_sent_byte_for_byte():
    for cell in (SCENE, SCENE.replace("\n", "\r\n"), "n = 3\n" + SCENE + "\n\n", "class Broken("):
        assert scene_part(cell) == cell


@pytest.mark.parametrize(
    "written",
    [
        "from kodisc_jupyter import render\n{scene}video = render(Dot2, quality='low')\nvideo.wait()\n",
        "import kodisc_jupyter as k\n{scene}for q in ('low', 'high'):\n    k.render(Dot2, quality=q)\n",
        "get_ipython().run_line_magic('load_ext', 'kodisc_jupyter')\n{scene}",
        "from kodisc_jupyter import render\n{scene}def show():\n    return render(Dot2)\nshow()\n",
        "from kodisc_jupyter import render\n{scene}if True:\n    render(\n        Dot2,\n    )\n",
    ],
)
def test_what_talks_to_the_notebook_is_left_out_and_every_line_keeps_its_number(written):
    sent = scene_part(written.format(scene=SCENE))
    assert sent.strip() == SCENE.strip()
    assert sent.splitlines().index("class Dot2(Scene):") == 3


def test_other_options_of_the_same_call_send_the_same_code():
    cell = f"from kodisc_jupyter import render\n{SCENE}render(Dot2{{}})\n"
    assert scene_part(cell.format("")) == scene_part(cell.format(",\n    fps=30,\n    wait=True"))


def test_a_statement_beside_others_on_a_line_goes_and_the_others_stay():
    cell = f"import kodisc_jupyter as k; n = 3\n{SCENE}m = 'ü'; k.render(Dot2); k = 4; print(k)\n"
    lines = scene_part(cell).splitlines()
    assert lines[0].split(";")[1:] == [" n = 3"]
    assert [part.strip() for part in lines[-1].split(";")] == [
        "m = 'ü'",
        "pass",
        "k = 4",
        "print(k)",
    ]


def test_a_class_that_uses_the_package_is_kept_for_the_checks_to_judge():
    cell = "import kodisc_jupyter\nclass A:\n    def construct(self):\n        kodisc_jupyter.render(1)\n"
    assert "class A" in scene_part(cell)


def test_a_class_counts_as_defined_at_the_top_level_only():
    assert defines_class(SCENE, "Dot2")
    assert not defines_class("def f():\n    class Dot2: pass\n", "Dot2")
    assert not defines_class("class Dot2(", "Dot2")


def test_what_an_earlier_cell_imported_from_the_package_is_left_out_too():
    assert scene_part(f"{SCENE}r = render(Dot2)\nr\n", {"render"}) == SCENE


MARIMO = '''\
import marimo

app = marimo.App()


@app.cell
def _(Scene, Text):
    class Says(Scene):
        def construct(self):
            self.add(Text("""one
            two"""))
    return (Says,)


@app.class_definition
class Bare:
    def construct(self):
        pass
'''


def test_a_cell_of_a_marimo_file_is_read_as_its_reader_sees_it():
    cell = marimo_cell(MARIMO, 9)
    assert cell.splitlines()[0] == "class Says(Scene):"
    assert cell.endswith('"""one\n        two"""))')
    assert marimo_cell(MARIMO, 17) == "class Bare:\n    def construct(self):\n        pass"
    assert marimo_cell(MARIMO, 1) == marimo_cell(SCENE, 4) == marimo_cell("marimo (", 1) == ""
