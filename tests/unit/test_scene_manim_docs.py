"""The free checks against every example in the docstrings of the installed Manim.

`manim_examples.json` records which of them really render; `scripts/manim_doc_examples.py` makes it.
"""

import importlib.metadata

import pytest

from kodisc_jupyter.scene.manim.signatures import signatures


@pytest.fixture(scope="module")
def rates(manim_docs):
    return manim_docs.measure()


def test_every_example_of_the_installed_manim_is_in_the_record(manim_docs):
    found = {example.key for example in manim_docs.examples()}
    record = manim_docs.recorded()
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
