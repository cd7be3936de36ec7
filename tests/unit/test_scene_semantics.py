"""What reading alone finds of the mistakes that show when a scene runs, and what it lets pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import check
from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import closest, option_meant
from tests.support import semantics_cells

IMPORT = "from manim import *\n\n"


def said(cell, **around):
    return check(assemble(IMPORT + cell), ["Tried"], **around).diagnostics


@pytest.mark.parametrize("name", semantics_cells.FAILING)
def test_a_failing_cell_is_stopped_with_its_hint_or_passes_in_silence(name):
    cell, hint = semantics_cells.FAILING[name]
    errors = [(found.check, found.hint) for found in said(cell) if str(found.severity) == "error"]
    assert errors == ([] if hint is None else [("semantics", hint)])


def test_of_thirty_failing_cells_most_are_stopped_by_reading_alone():
    assert len(semantics_cells.FAILING) == 30
    stopped = [name for name, (_, hint) in semantics_cells.FAILING.items() if hint is not None]
    assert len(stopped) >= 15


@pytest.mark.parametrize("name", semantics_cells.RIGHT)
def test_a_right_cell_is_not_stopped(name):
    assert [
        found.message for found in said(semantics_cells.RIGHT[name]) if found.check != "semantics"
    ] == []
    errors = [
        found.message
        for found in said(semantics_cells.RIGHT[name])
        if str(found.severity) == "error"
    ]
    assert errors == []


def test_there_are_fifty_right_cells():
    assert len(semantics_cells.RIGHT) >= 50


@pytest.mark.parametrize("class_name", ["Text", "Square", "Axes", "FadeOut", "Code", "Line"])
def test_a_suggestion_is_an_option_of_the_class_and_never_the_word_itself(class_name):
    options = signatures().options(class_name, newest=True)
    words = {*options, "size", "side", "target", "code", "x_min", "line_join", "colour", "xyzzy"}
    meant = {word: option_meant(class_name, word) for word in words}
    assert all(found in options for found in meant.values() if found)
    assert all(found != word for word, found in meant.items())


@given(st.sampled_from(sorted(names().manim)), st.data())
def test_the_closest_name_is_another_one_and_shares_most_of_its_letters(name, data):
    at = data.draw(st.integers(0, len(name)))
    word = name[:at] + data.draw(st.sampled_from(["", "x", "_"])) + name[at + 1 :]
    found = closest(word, names().manim)
    assert found != word
    assert not found or len(set(found.casefold()) ^ set(word.casefold())) <= 4


def test_the_check_can_be_switched_off():
    cell, _ = semantics_cells.FAILING["misspelt option"]
    assert said(cell)
    assert said(cell, disabled=["semantics"]) == ()


@pytest.mark.parametrize(
    "line",
    [
        "if manim.__version__ < '0.19':\n            self.add(Circle(radiuss=2))",
        "config.renderer = 'opengl'\n        self.add(Circle(radiuss=2))",
        "exec('Circle = dict')\n        self.add(Circle(radiuss=2))",
    ],
)
def test_where_it_is_not_sure_it_is_silent(line):
    cell = f"import manim\nclass Tried(Scene):\n    def construct(self):\n        {line}\n"
    assert [found for found in said(cell) if found.check == "semantics"] == []
