"""The free checks against every example in the docstrings of the installed Manim.

`manim_examples.json` records which of them really render; `scripts/manim_doc_examples.py` makes it.
"""

import importlib.metadata
import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures

SCRIPT = Path(__file__).parents[2] / "scripts" / "manim_doc_examples.py"
SAMPLE = 12


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("manim_doc_examples", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def record(script):
    return json.loads(script.RECORD.read_text())[importlib.metadata.version("manim")]


@pytest.fixture(scope="module")
def rates(script):
    return script.measure()


def test_every_example_of_the_installed_manim_is_in_the_record(script, record):
    found = {example.key for example in script.examples()}
    assert len(found) > 350
    assert found == {*record["renders"], *record["fails"]}


def test_no_example_that_renders_is_refused(rates, capsys):
    with capsys.disabled():
        print(f"\n{rates}")
    assert rates.false_alarms == ()
    assert rates.renders > 350


def test_examples_with_a_mistake_in_their_own_source_are_caught_at_its_line(rates):
    assert rates.missed == ()
    assert rates.caught


NAMES = "from manim import *; print(*(name for name in dir() if not name.startswith('_')))"


def test_the_shipped_names_are_those_of_the_installed_manim():
    done = subprocess.run([sys.executable, "-c", NAMES], capture_output=True, text=True, check=True)
    real = set(done.stdout.split("\n")[-2].split())
    assert len(real) > 500
    assert real <= names().manim


SIGNATURES = """
import inspect, json, manim
found = {}
for name, value in vars(manim).items():
    if inspect.isclass(value) and value.__module__.startswith("manim.") and value.__name__ == name:
        taken = inspect.signature(value.__init__).parameters.values()
        named = [p.name for p in taken if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        attributes = [a for a in dir(value) if not a.startswith("_")]
        found[name] = [named[1:], attributes]
print(json.dumps(found))
"""


def test_the_shipped_signatures_are_those_of_the_installed_manim():
    done = subprocess.run(
        [sys.executable, "-c", SIGNATURES], capture_output=True, text=True, check=True
    )
    real = json.loads(done.stdout.split("\n")[-2])
    known = signatures()
    shipped = {name: real[name] for name in real if known.is_class(name)}
    assert len(shipped) > 200
    assert {name for name in set(real) - set(shipped) if not name.startswith("OpenGL")} == set()
    for name, (taken, attributes) in shipped.items():
        options = known.options(name)
        assert options is None or set(taken) <= options, name
        assert [one for one in attributes if not known.has(name, one)] == [], name


def test_the_signatures_tell_what_each_version_has():
    known = signatures()
    assert known.newest == importlib.metadata.version("manim")
    assert {"code", "code_string"} <= known.options("Code")
    assert "code" not in known.options("Code", newest=True)
    assert known.options("Text") > {"font_size", "color", "stroke_width"}
    assert known.options("Animation") is None  # older ones took anything
    assert "run_time" in known.options("FadeIn", newest=True)
    assert known.is_a("Title", "MathTex")
    assert not known.is_a("Title", "Animation")
    assert known.has("Axes", "plot")
    assert not known.has("Axes", "get_graph")
    assert known.returns_itself("Circle", "shift")
    assert not known.returns_itself("Circle", "get_center")


@pytest.mark.render
def test_the_record_is_true_for_a_sample_rendered_now(script, record, tmp_path):
    # What fails for want of a font, a package or a network may fail differently elsewhere.
    steady = [
        example
        for example in script.examples()
        if example.key in record["renders"]
        or script.IN_THE_SOURCE.search(record["fails"][example.key])
    ]
    failing = [example for example in steady if example.key in record["fails"]]
    chosen = random.Random(5).sample(steady, SAMPLE - 2) + failing[:2]
    expected = {example.key: record["fails"].get(example.key, script.RENDERS) for example in chosen}
    assert script.in_a_process(chosen) == expected
