"""How a diagnostic looks: the mark under the right place, nothing hidden, nothing let through."""

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.diagnostics import (
    Diagnostic,
    Severity,
    place,
    to_ansi,
    to_html,
    to_json,
    to_text,
)
from kodisc_jupyter.scene.excerpt import WINDOW, display_width, shown_line

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202egnp.\u2066\u200b\x00&amp;"


def about(line, start, end):
    source = assemble(line)
    found = place(source, 1, start, end)
    return Diagnostic("syntax", Severity.ERROR, "Wrong.", **found)


def columns(text):
    """The columns a terminal gives to the carets, and to the text right above them."""
    lines = text.split("\n")
    (at,) = (number for number, line in enumerate(lines) if "^" in line)
    carets = lines[at]
    first, last = carets.index("^"), carets.rindex("^") + 1
    return first, last, lines[at - 1]


def under(text):
    """The characters above the carets."""
    first, last, line = columns(text)
    found, column = "", 0
    for char in line:
        if first <= column < last:
            found += char
        column += display_width(char)
    return found


@pytest.mark.parametrize(
    ("before", "marked"),
    [
        ("x = ", "wrong"),
        ("\t\tx = ", "wrong"),
        ("x\t=\ty + ", "wrong"),
        ("'日本語' + ", "wrong"),
        ("'😀👩‍🚀' + ", "wrong"),
        ("'e\u0301n\u0303' + ", "wrong"),
        ("'ＷＩＤＥ' + ", "日本"),
        ("'\u202e' + ", "wrong"),
        ("'" + "long " * 100 + "' + ", "wrong"),
        ("'" + "広い" * 300 + "' + ", "wrong"),
    ],
)
def test_the_carets_stand_under_what_is_meant(before, marked):
    line = f"{before}{marked}(1) + more"
    text = to_text(about(line, len(before), len(before) + len(marked)))
    assert under(text) == marked


def test_a_mark_at_the_end_of_a_line_has_one_caret_behind_it():
    first, last, line = columns(to_text(about("class Hello(Scene)", 18, 19)))
    assert last - first == 1
    assert first == len(line)


@given(st.text(max_size=400), st.integers(0, 400), st.integers(0, 50))
def test_any_line_is_cut_to_its_window_with_the_mark_inside(text, start, length):
    line = re.sub(r"[\r\n]", "", text)
    start = min(start, len(line))
    stop = min(start + length, len(line))
    shown = shown_line(1, line, (start, stop))
    begin, end = shown.mark
    assert 0 <= begin <= end <= len(shown.text)
    # a character may be spelled out as <U+10FFFF>
    assert len(shown.text) <= 10 * (WINDOW + 2)
    if stop - start < WINDOW // 2:
        assert (
            shown.text[begin:end] == "".join(_as_shown(char) for char in line[start:stop])
            or "\t" in line
        )


def _as_shown(char):
    hidden = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char != "\u200d"
    return f"<U+{ord(char):04X}>" if hidden else char


def hostile():
    return Diagnostic(
        "render-failed",
        Severity.ERROR,
        HOSTILE,
        hint=HOSTILE,
        charged=HOSTILE,
        full=f"first\n{HOSTILE}\r\nlast",
        **place(assemble(f"x = '{HOSTILE}'"), 1, 4, 10),
    )


@pytest.mark.parametrize("render", [to_text, to_ansi, to_html, lambda d: str(to_json(d))])
def test_nothing_in_a_text_can_hide_reorder_or_control(render):
    rendered = render(hostile())
    ours = re.sub(r"\x1b\[[0-9;]*m", "", rendered) if render is to_ansi else rendered
    odd = {char for char in ours if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert odd <= {"\n"}
    assert "<U+202E>" in html.unescape(rendered)


def test_html_lets_no_markup_through():
    card = to_html(hostile())
    assert "<img" not in card
    assert set(re.findall(r"<(\w+)", card)) == {
        "div", "strong", "pre", "span", "details", "summary",
    }  # fmt: skip
    assert "&amp;amp;" in card


def test_html_holds_only_styles_that_jupyterlab_lets_through_untrusted():
    """Its sanitiser knows hex and rgba() colours and plain lengths; `var()` and names are cut."""
    colour = r"(#[0-9a-f]{6}|rgba\(\d+, \d+, \d+, [\d.]+\))"
    length = r"\d+(px)?"
    allowed = {
        "border-left": rf"{length} solid {colour}",
        "border-bottom": rf"{length} solid {colour}",
        "background-color": colour,
        "padding": rf"{length}( {length})*",
        "margin": rf"{length}( {length})*",
        "border-radius": length,
        "font-size": length,
        "max-width": r"\d+(px|em)",
        "line-height": r"[\d.]+",
        "opacity": r"[\d.]+",
        "font-family": "monospace",
        "overflow": "auto",
        "white-space": "pre",
    }
    styles = re.findall(r'style="([^"]*)"', to_html(hostile()))
    assert styles
    for declaration in ";".join(styles).split(";"):
        name, _, value = declaration.strip().partition(": ")
        assert re.fullmatch(allowed[name], value), declaration


def test_the_root_of_the_card_has_its_class():
    assert to_html(about("x", 0, 1)).startswith('<div class="kodisc-error" ')


def test_the_full_text_is_folded_in_html_and_indented_in_text():
    failed = Diagnostic("render-failed", Severity.ERROR, "Failed.", full="one\n  two")
    assert "<details><summary>The full error text</summary>" in to_html(failed)
    assert to_text(failed).endswith("The full error text:\n    one\n      two")


def test_marks_for_the_panel_count_as_javascript_does():
    (line,) = to_json(about("'😀😀' + wrong", 7, 12))["excerpt"]
    units = line["text"].encode("utf-16-le")
    start, end = line["mark"]
    assert units[2 * start : 2 * end].decode("utf-16-le") == "wrong"


def test_two_lines_before_and_one_after_are_shown_with_their_numbers():
    source = assemble("\n".join(f"line{number}" for number in range(1, 9)), first_line=2)
    shown = place(source, 5, 0, 5)
    assert [(line.number, line.text) for line in shown["excerpt"]] == [
        (4, "line3"),
        (5, "line4"),
        (6, "line5"),
        (7, "line6"),
    ]
    assert [line.number for line in shown["excerpt"] if line.mark] == [6]


def test_a_line_of_the_values_is_shown_by_itself():
    source = assemble("x", prelude="import math", values={"a": 1, "b": 2})
    shown = place(source, 3)
    assert (shown["origin"], shown["line"]) == ("with", 2)
    assert [line.text for line in shown["excerpt"]] == ["a = 1", "b = 2"]
