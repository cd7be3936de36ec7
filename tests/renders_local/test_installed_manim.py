"""What is shipped and said about Manim is what the installed Manim does."""

import json
import random
import subprocess
import sys

import pytest

from kodisc_jupyter.notebook.line import cell_line
from kodisc_jupyter.notebook.line.values import OptionError
from kodisc_jupyter.scene.literals import literal
from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures
from tests.support import semantics_cells
from tests.support.scripts import MANIM_DOC_EXAMPLES

SAMPLE = 8


IN_A_FRESH_PROCESS = """
from manim import *
names = [name for name in dir() if not name.startswith("_")]
import inspect, json, manim
found = {}
for name, value in vars(manim).items():
    if inspect.isclass(value) and value.__module__.startswith("manim.") and value.__name__ == name:
        taken = inspect.signature(value.__init__).parameters.values()
        named = [p.name for p in taken if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        attributes = [a for a in dir(value) if not a.startswith("_")]
        found[name] = [named[1:], attributes]
print(json.dumps([names, found]))
"""


@pytest.fixture(scope="module")
def installed():
    """The names that the installed Manim gives, and what its classes take and have."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS], capture_output=True, text=True, check=True
    )
    given, classes = json.loads(done.stdout.split("\n")[-2])
    return set(given), classes


def test_the_shipped_names_are_those_of_the_installed_manim(installed):
    real, _ = installed
    assert len(real) > 500
    assert real <= names().manim


def test_the_shipped_signatures_are_those_of_the_installed_manim(installed):
    _, real = installed
    known = signatures()
    shipped = {name: real[name] for name in real if known.is_class(name)}
    assert len(shipped) > 200
    assert {name for name in set(real) - set(shipped) if not name.startswith("OpenGL")} == set()
    for name, (taken, attributes) in shipped.items():
        options = known.options(name)
        assert options is None or set(taken) <= options, name
        assert [one for one in attributes if not known.has(name, one)] == [], name


def test_every_flag_of_the_installed_manim_has_an_answer():
    from manim.cli.render.commands import render

    ours = set(cell_line.WORDS) | {"-h", "--help"}
    flags = {
        flag
        for parameter in render.params
        for flag in (*parameter.opts, *parameter.secondary_opts)
        if flag.startswith("-")
    }
    assert len(flags) > 30
    for flag in sorted(flags - ours):
        with pytest.raises(OptionError, match="Manim's"):
            cell_line.parse(f"X {flag}")


def test_a_colour_of_manim_is_sent_as_its_hex_code():
    import manim

    assert literal(manim.GREEN_C) == "__import__('manim').ManimColor('#83C167')"
    faint = manim.ManimColor("#83C16780")
    rounded = manim.ManimColor([0.1, 0.2, 0.30001, 0.7])
    for colour in (
        manim.GREEN_C,
        manim.WHITE,
        faint,
        rounded,
        *manim.color_gradient(["#f00", "#00f"], 5),
    ):
        again = eval(literal(colour))
        assert type(again) is manim.ManimColor
        assert list(again.to_rgba()) == list(colour.to_rgba())
    assert eval(literal({"sky": [manim.BLUE, "#123456"]})) == {"sky": [manim.BLUE, "#123456"]}


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
    failing = {f"wrong: {name}": cell for name, (cell, _) in semantics_cells.FAILING.items()}
    done = subprocess.run(
        [sys.executable, "-c", IN_MANIM, MANIM_DOC_EXAMPLES],
        input=json.dumps({**failing, **semantics_cells.RIGHT}),
        capture_output=True,
        text=True,
        check=True,
    )
    ended = json.loads(done.stdout.split("\n")[-2])
    assert [name for name in failing if ended[name] == "renders"] == []
    assert {name: ended[name] for name in semantics_cells.RIGHT if ended[name] != "renders"} == {}


@pytest.mark.render
def test_the_record_is_true_for_a_sample_rendered_now(manim_docs):
    record = manim_docs.recorded()
    # What fails for want of a font, a package or a network may fail differently elsewhere.
    steady = [
        example
        for example in manim_docs.examples()
        if example.key in record["renders"]
        or manim_docs.IN_THE_SOURCE.search(record["fails"][example.key])
    ]
    failing = [example for example in steady if example.key in record["fails"]]
    chosen = random.Random(5).sample(steady, SAMPLE - 2) + failing[:2]
    expected = {
        example.key: record["fails"].get(example.key, manim_docs.RENDERS) for example in chosen
    }
    assert manim_docs.in_a_process(chosen) == expected
