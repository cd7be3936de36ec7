"""Every wrong cell of the table: what is found, where, and the same words in all renderings."""

import html
import re
from pathlib import Path

import pytest

from kodisc_jupyter.scene.checks import CHECKS
from kodisc_jupyter.scene.diagnostics import to_ansi, to_html, to_json, to_text
from tests.support import wrong_cells

HERE = Path(__file__).parent


each_wrong_cell = pytest.mark.parametrize("wrong", wrong_cells.WRONG, ids=lambda wrong: wrong.name)


def the_one(wrong):
    (found,) = wrong.checked().diagnostics
    return found


def words(text):
    return " ".join(text.split())


def test_the_table_has_cells_for_every_check_but_the_one_about_depth():
    assert len({wrong.name for wrong in wrong_cells.WRONG}) == len(wrong_cells.WRONG) >= 60
    assert {wrong.check for wrong in wrong_cells.WRONG} == set(CHECKS) - {
        "too-deep",
        "rehearsal",
        "layout",
    }


@each_wrong_cell
def test_the_mistake_is_found_at_its_place_with_a_hint(wrong):
    found = the_one(wrong)
    assert (found.check, str(found.severity)) == (wrong.check, wrong.severity)
    assert (found.origin, found.line) == (wrong.origin, wrong.line)
    assert found.message == wrong.message
    assert found.hint == wrong.hint
    assert found.charged == (wrong_cells.SENT_ALONE if wrong.severity == "error" else "")
    marked = [line for line in found.excerpt if line.mark]
    assert [line.number for line in marked] == ([] if wrong.line is None else [wrong.line])
    assert "".join(line.text[slice(*line.mark)] for line in marked) == wrong.marked


@each_wrong_cell
def test_plain_text_says_all_of_it_and_underlines_the_place(wrong):
    found = the_one(wrong)
    text = to_text(found)
    title = f"Kodisc {wrong.severity}" + (f", {found.where}" if found.where else "")
    assert text.startswith(f"{title}: {wrong.message}\n")
    assert f"\nHint: {wrong.hint}" in text
    assert text.endswith(found.charged)
    assert ("^" in text) == (wrong.line is not None)


@each_wrong_cell
def test_a_terminal_shows_the_same_words_in_colour(wrong):
    found = the_one(wrong)
    coloured = to_ansi(found)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == to_text(found)


@each_wrong_cell
def test_html_says_the_same_words_and_is_as_golden(wrong):
    found = the_one(wrong)
    card = to_html(found)
    assert f"{card}\n" == (HERE / "golden" / f"{wrong.name}.html").read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<[^>]*>", "", card))
    without_carets = re.sub(r"(?m)^ +\| +\^+$", "", to_text(found))
    assert words(shown) == words(without_carets)


@each_wrong_cell
def test_json_for_the_panel_says_the_same(wrong):
    found = to_json(the_one(wrong))
    assert (found["check"], found["severity"]) == (wrong.check, wrong.severity)
    assert (found["line"], found["message"], found["hint"]) == (
        wrong.line,
        wrong.message,
        wrong.hint,
    )
    for line in found["excerpt"]:
        if line["mark"]:  # as JavaScript would slice it
            start, end = (2 * at for at in line["mark"])
            assert line["text"].encode("utf-16-le")[start:end].decode("utf-16-le") == wrong.marked


@each_wrong_cell
def test_every_check_can_be_switched_off_by_its_name(wrong):
    left = wrong.checked(disabled=[wrong.check]).diagnostics
    assert wrong.check not in {found.check for found in left}
