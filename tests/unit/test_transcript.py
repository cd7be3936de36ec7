"""What happens in a video, in words: formulas read out, sentences, and what a report may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.notebook.display.output.formula_words import read_formula, read_text
from kodisc_jupyter.notebook.display.output.transcript import (
    TRANSCRIPT_LIMIT,
    colour_word,
    transcript_lines,
)
from kodisc_jupyter.notebook.prepare import read_transcripts
from kodisc_jupyter.renders.media.outline import Chapter, Event, Outline, outline_of

FORMULAS = {
    r"a^2 + b^2 = c^2": "a squared plus b squared equals c squared",
    r"\frac{1}{2}": "1 over 2",
    r"\frac{a^2+b^2}{c}": "(a squared plus b squared) over c",
    r"\sqrt{x_1}": "the square root of x sub 1",
    r"\int_0^1 x^n\,dx": "the integral from 0 to 1 of x to the power of n d x",
    r"\sum_{i=1}^{n} i": "the sum from i equals 1 to n of i",
    r"e^{i\pi} = -1": "e to the power of i pi equals minus 1",
    r"x \le 3.5": "x is at most 3.5",
    r"\vec{v} \cdot \vec{w}": "vector v times vector w",
    r"f'(x)": "f prime (x)",
    r"\text{Area} = \pi r^2": "Area equals pi r squared",
    r"\binom{n}{k}": "n choose k",
    r"\left( x \right)": "(x)",
    r"90^\circ": "90 degrees",
    r"\unknowncommand x": "unknowncommand x",
    "": "",
}


@pytest.mark.parametrize("tex, words", FORMULAS.items())
def test_a_formula_is_read_out(tex, words):
    assert read_formula(tex) == words


@given(st.text(r"\{}^_$ab1+frac sqrt", max_size=60))
def test_any_text_can_be_read(tex):
    assert isinstance(read_formula(tex), str)
    assert isinstance(read_text(tex), str)


@pytest.mark.parametrize("piece", ["{", "{}", r"\frac{", r"\sqrt", "^", "_{", r"\text{"])
def test_a_formula_of_any_depth_is_read_to_its_end(piece):
    assert isinstance(read_formula(f"a + {piece * 3000} b"), str)


@pytest.mark.parametrize("tex", [r"\keptwords{9} x", r"\keptwords² x"])
def test_a_command_of_the_readers_own_says_nothing(tex):
    assert read_formula(tex) == "x"


def test_a_text_with_formulas_is_read():
    assert read_text(r"The \textbf{area} is $\pi r^2$.") == "The area is pi r squared ."


CIRCLE = {"kind": "Circle", "colour": "#58C4DD"}
SQUARE = {"kind": "Square", "colour": "#FC6255"}
TEXT = {"kind": "text", "said": "Hello"}
FORMULA = {"kind": "formula", "said": "a^2"}
DOTS = {"kind": "group", "parts": [{"kind": "Dot", "colour": "#83C167"}] * 3, "count": 7}

SENTENCES = {
    "one appears": ([("appears", CIRCLE)], "A blue circle appears."),
    "two are drawn": ([("drawn", CIRCLE), ("drawn", SQUARE)], "A blue circle and a red square are drawn."),
    "a text": ([("written", TEXT)], "The text “Hello” is written."),
    "a formula": ([("leaves", FORMULA)], "The formula a squared disappears."),
    "a group": ([("shown", DOTS)], "7 green dots are shown."),
    "a group leaves": ([("gone", DOTS)], "The 7 green dots disappear."),
    "one becomes another": ([("becomes", CIRCLE, SQUARE)], "The blue circle changes into a red square."),
    "a colour": ([("recoloured", CIRCLE, SQUARE)], "The blue circle turns red."),
    "one does two things": ([("moves", CIRCLE), ("shrinks", CIRCLE)], "The blue circle moves and shrinks."),
    "a tracker": ([("varies", None)], "A value changes, and what depends on it follows."),
    "the camera": ([("camera shrinks", None)], "The view zooms in."),
    "a vowel": ([("appears", {"kind": "Ellipse"})], "An ellipse appears."),
    "axes": ([("drawn", {"kind": "Axes"})], "Axes are drawn."),
    "a drawing": ([("appears", {"kind": "SVGMobject", "said": "logo"})], "A drawing (logo) appears."),
    "mixed": (
        [("appears", {"kind": "group", "parts": [TEXT, CIRCLE], "count": 3})],
        "The text “Hello”, a blue circle and 1 more appear.",
    ),
    "a word of a later version": ([("explodes", CIRCLE)], ""),
}  # fmt: skip


@pytest.mark.parametrize("events, text", SENTENCES.values(), ids=SENTENCES.keys())
def test_what_happens_is_told_in_a_sentence(events, text):
    told = transcript_lines(Outline(events=tuple(Event(1.5, *event) for event in events)))
    assert [(line.at_s, line.text) for line in told] == ([(1.5, text)] if text else [])


def test_what_happens_is_told_in_order_and_the_same_sentence_once_in_a_row():
    events = (Event(0, "appears", CIRCLE), Event(2, "moves", CIRCLE), Event(3, "moves", CIRCLE))
    told = transcript_lines(Outline(events=events))
    assert [line.at_s for line in told] == [0, 2]


def test_a_long_draft_ends_with_a_line_that_says_so():
    events = tuple(Event(at, "appears", {**TEXT, "said": "x" * 150 + str(at)}) for at in range(90))
    told = transcript_lines(Outline(events=events))
    assert sum(len(line.text) for line in told) < TRANSCRIPT_LIMIT + 200
    assert told[-1].text == "What follows is not told here: the draft is too long."


@pytest.mark.parametrize(
    "code, word",
    {"#58C4DD": "blue", "#FC6255": "red", "#FFFFFF": "", "#000000": "black", "#888888": "grey"}.items(),
)  # fmt: skip
def test_a_colour_is_a_plain_word(code, word):
    assert colour_word(code) == word


# What a report may hold

SECTIONS = [
    {"name": "autocreated", "start": 0.0},
    {"name": "Start", "start": 1.0},
    {"name": "unnamed", "start": 2.5},
    {"name": "Proof", "start": 4.0},
]


def test_named_sections_are_chapters_that_end_where_the_next_section_begins():
    outline = outline_of({"sections": SECTIONS, "seconds": 6.0})
    assert outline.chapters == (Chapter("Start", 1.0, 2.5), Chapter("Proof", 4.0, 6.0))


def test_pairs_of_the_journal_are_read_like_the_objects_of_a_report():
    pairs = [[section["name"], section["start"]] for section in SECTIONS]
    assert outline_of({"sections": pairs, "seconds": 6.0}).chapters[1].name == "Proof"


def test_a_rehearsal_that_was_not_seen_to_its_end_tells_nothing():
    assert outline_of({"sections": SECTIONS, "seconds": 6.0, "whole": False}) == Outline()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "start", "at", "did", "what", "into"]), inner)
    ),
    max_leaves=12,
)
NOUNS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["group", "text", "Circle", ""])},
    optional={"parts": JSON | st.just([CIRCLE, CIRCLE]), "count": JSON, "said": JSON, "colour": JSON},
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["appears", "moves", "becomes", "recoloured"]), NOUNS, NOUNS)))  # fmt: skip
def test_a_mobject_that_makes_no_sense_is_survived(told):
    events = [{"at": 1, "did": did, "what": what, "into": into} for did, what, into in told]
    transcript_lines(outline_of({"told": events}))


def test_groups_in_groups_without_end_are_survived():
    noun = CIRCLE
    for _ in range(900):
        noun = {"kind": "group", "parts": [noun, TEXT], "count": 2}
    (line,) = transcript_lines(Outline(events=(Event(0.0, "appears", noun),)))
    assert line.text.startswith("A group of 2 parts and the text")


@given(JSON, JSON, JSON)
def test_a_report_that_makes_no_sense_is_survived(sections, told, seconds):
    transcript_lines(outline_of({"sections": sections, "told": told, "seconds": seconds}))


# An author's own transcript


def test_an_authors_own_transcript_is_read_from_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").write_text("A circle.\n\nIt turns.", encoding="utf-8-sig")
    assert read_transcripts(["one.txt"], ["A", "B"], "") == ["A circle.\n\nIt turns."] * 2
    assert read_transcripts([], ["A"], "") == [""]


@pytest.mark.parametrize(
    "name, why", {"no.txt": "No such file", "bad.txt": "no text in UTF-8"}.items()
)
def test_a_transcript_that_cannot_be_read_is_said_at_its_word(tmp_path, monkeypatch, name, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SceneCheckError) as caught:
        read_transcripts([name], ["A"], f"%%kodisc A --transcript {name}")
    assert why in caught.value.message
    assert caught.value.diagnostics[0].column == 24
