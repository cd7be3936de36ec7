"""What is sent, byte for byte, and the way back from each of its lines."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.scene.cell import assemble, split_lines

CELL = "class Hello(Scene):\n    def construct(self):\n        self.wait()\n"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(ANY_TEXT)
def test_without_prelude_and_values_the_code_is_the_cell(cell):
    assert assemble(cell).code == cell
    assert assemble(cell, prelude="  \n", values={}).code == cell


def test_prelude_comes_first_then_values_then_the_cell():
    source = assemble(CELL, prelude="from manim import *\n", values={"n": 3, "title": "Größe"})
    assert source.code == f"from manim import *\nn = 3\ntitle = 'Größe'\n{CELL}"
    assert source.names == ("n", "title")
    assert [source.locate(line) for line in range(1, 7)] == [
        ("prelude", 1),
        ("with", 1),
        ("with", 2),
        ("cell", 1),
        ("cell", 2),
        ("cell", 3),
    ]


def test_the_cells_lines_are_numbered_as_the_reader_sees_them():
    source = assemble(CELL, prelude="import math", first_line=2)
    assert source.locate(2) == ("cell", 2)
    assert assemble(CELL, first_line=2).locate(1) == ("cell", 2)


@given(ANY_TEXT, ANY_TEXT, st.integers(1, 3))
def test_every_line_of_the_cell_is_found_again(prelude, cell, first_line):
    source = assemble(cell, prelude=prelude, values={"n": 1}, first_line=first_line)
    written = split_lines(cell)
    found = {}
    for number, line in enumerate(source.lines, 1):
        origin, at = source.locate(number)
        if origin == "cell":
            found[at - first_line] = line
    if "__future__" not in cell:
        assert found == dict(enumerate(written))


def test_lines_outside_are_taken_to_the_nearest():
    source = assemble(CELL, prelude="import math")
    assert source.locate(0) == ("prelude", 1)
    assert source.locate(99) == ("cell", 4)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_counted_as_python_counts_them(end):
    source = assemble(CELL.replace("\n", end), prelude=f"import math{end}import random{end}")
    assert source.locate(3) == ("cell", 1)
    tree = ast.parse(source.code)
    assert source.locate(tree.body[-1].lineno) == ("cell", 1)


def test_a_future_import_moves_to_the_top_and_its_line_stays_counted():
    cell = f'"""My scene."""\nfrom __future__ import annotations; x = 1\n{CELL}'
    source = assemble(cell, prelude="from manim import *", first_line=2)
    assert source.lines[0] == "from __future__ import annotations"
    assert source.locate(1) == ("cell", 3)
    assert source.locate(2) == ("prelude", 1)
    compile(source.code, "scene.py", "exec")
    moved = source.lines.index("class Hello(Scene):") + 1
    assert source.locate(moved) == ("cell", 4)
    assert source.lines[moved - 2].endswith("; x = 1")
    assert source.lines[moved - 2].index("x = 1") == cell.split("\n")[1].index("x = 1")


def test_a_future_import_of_several_lines_moves_too():
    cell = f"from __future__ import (\n    annotations,\n    division,\n)\n{CELL}"
    source = assemble(cell, values={"n": 1})
    compile(source.code, "scene.py", "exec")
    assert source.locate(source.lines.index("class Hello(Scene):") + 1) == ("cell", 5)


def test_without_anything_above_a_future_import_stays_where_it_is():
    cell = f"from __future__ import annotations\n{CELL}"
    assert assemble(cell).code == cell


@pytest.mark.parametrize("name", ["class", "2n", "a b", "a.b", ""])
def test_a_name_that_python_cannot_assign_to_is_refused(name):
    with pytest.raises(ValueError, match="not a name that Python can assign to"):
        assemble(CELL, values={name: 1})


def test_a_value_that_cannot_be_sent_is_refused_with_its_name_and_the_reason():
    with pytest.raises(ValueError, match=r"^thing cannot be sent along: it is an object; only"):
        assemble(CELL, values={"thing": object()})
