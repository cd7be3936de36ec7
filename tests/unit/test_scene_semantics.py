"""What reading alone finds of the mistakes that show when a scene runs, and what it lets pass."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import check
from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import closest, option_meant

HERE = Path(__file__).parent
IMPORT = "from manim import *\n\n"


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CELLS = load("scene_semantics_cells", HERE / "scene_semantics_cells.py")


def said(cell, **around):
    return check(assemble(IMPORT + cell), ["Tried"], **around).diagnostics


@pytest.mark.parametrize("name", CELLS.FAILING)
def test_a_failing_cell_is_stopped_with_its_hint_or_passes_in_silence(name):
    cell, hint = CELLS.FAILING[name]
    errors = [(found.check, found.hint) for found in said(cell) if str(found.severity) == "error"]
    assert errors == ([] if hint is None else [("semantics", hint)])


def test_of_thirty_failing_cells_most_are_stopped_by_reading_alone():
    assert len(CELLS.FAILING) == 30
    stopped = [name for name, (_, hint) in CELLS.FAILING.items() if hint is not None]
    assert len(stopped) >= 15


@pytest.mark.parametrize("name", CELLS.RIGHT)
def test_a_right_cell_is_not_stopped(name):
    assert [found.message for found in said(CELLS.RIGHT[name]) if found.check != "semantics"] == []
    errors = [found.message for found in said(CELLS.RIGHT[name]) if str(found.severity) == "error"]
    assert errors == []


def test_there_are_fifty_right_cells():
    assert len(CELLS.RIGHT) >= 50


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
    cell, _ = CELLS.FAILING["misspelt option"]
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


IN_MANIM = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("manim_doc_examples", sys.argv[1])
script = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
work = {where: script.Example("Tried", cell, where) for where, cell in json.load(sys.stdin).items()}
ended = script.verdicts(list(work.values()), jobs=2)
print(json.dumps({where: ended[one.key] for where, one in work.items()}))
"""


@pytest.mark.render
@pytest.mark.timeout(600)
def test_manim_agrees():
    """Every failing cell fails in real Manim, every right one renders."""
    script = HERE.parents[1] / "scripts" / "manim_doc_examples.py"
    failing = {f"wrong: {name}": cell for name, (cell, _) in CELLS.FAILING.items()}
    done = subprocess.run(
        [sys.executable, "-c", IN_MANIM, script],
        input=json.dumps({**failing, **CELLS.RIGHT}),
        capture_output=True,
        text=True,
        check=True,
    )
    ended = json.loads(done.stdout.split("\n")[-2])
    assert [name for name in failing if ended[name] == "renders"] == []
    assert {name: ended[name] for name in CELLS.RIGHT if ended[name] != "renders"} == {}
