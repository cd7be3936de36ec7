"""``--alt``: one text for all scenes of a cell, or one for each."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.notebook.line.cell_line import from_python, parse
from kodisc_jupyter.notebook.prepare import for_each_scene


def test_one_text_is_for_all_scenes_and_several_for_each_in_order():
    assert parse("A B --alt 'a circle'").alt == ("a circle",)
    assert parse("A --alt 'a circle' B --alt='a square'").alt == ("a circle", "a square")
    assert from_python("A", (), {"alt": "a circle"}).alt == ("a circle",)
    assert for_each_scene("--alt", (), ["A", "B"], "") == ["", ""]
    assert for_each_scene("--alt", ("x",), ["A", "B"], "") == ["x", "x"]
    assert for_each_scene("--alt", ("x", "y"), ["A", "B"], "") == ["x", "y"]


def test_another_number_of_texts_is_refused_before_anything_is_sent():
    line = "%%kodisc A B C --alt x --alt y"
    with pytest.raises(SceneCheckError, match="given 2 times for 3 scenes") as refused:
        for_each_scene("--alt", ("x", "y"), ["A", "B", "C"], line)
    (diagnostic,) = refused.value.diagnostics
    assert line[diagnostic.column : diagnostic.end_column] == "--alt"
