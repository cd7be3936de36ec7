"""Cells made to hang or crash a checker: each ends in a moment, with or without a verdict."""

import time

import pytest

from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import check, find_scenes
from kodisc_jupyter.scene.diagnostics import to_ansi, to_html, to_json, to_text

LIMIT_CPU_S = 10
"""Far above what any of them needs: only what grows without bound takes so long."""

HOSTILE = {
    "brackets": "(" * 100_000,
    "closed brackets": "(" * 500 + ")" * 500,
    "lists": "[" * 90 + "]" * 90,
    "a chain of attributes": "x" + ".x" * 20_000,
    "a chain of calls": "x" + "()" * 20_000,
    "a long sum": "+".join(["1"] * 50_000),
    "signs": "-" * 50_000 + "1",
    "nots": "not " * 20_000 + "1",
    "nested blocks": "\n".join(" " * depth + "if 1:" for depth in range(99)),
    "nested functions": "\n".join(" " * depth + "def f():" for depth in range(99)),
    "lambdas": "lambda: " * 5000 + "1",
    "conditionals": "1 if 1 else " * 5000 + "1",
    "a line of 200 KB": "x = '" + "日" * 66_000 + "' + undefined_name",
    "a name of 200 KB": "a" * 200_000,
    "many names": "\n".join(f"undefined_{n}" for n in range(8000)),
    "many lines": "\n" * 200_000,
    "many classes": "\n".join(f"class A{n}(A{n - 1}): pass" for n in range(1, 5000)),
    "classes in a ring": "class A(B): pass\nclass B(C): pass\nclass C(A): pass",
    "a class of itself": "class A(A): pass",
    "aliases in a ring": "class A(B): pass\nB = C\nC = B",
    "null bytes": "\0" * 10_000,
    "lone surrogates": "x = '\ud800'",
    "controls": "".join(map(chr, range(32))),
    "byte order mark": "\ufeffx = 1",
    "an encoding line": "# -*- coding: utf-7 -*-\nx = 1",
    "a huge number": "9" * 200_000,
    "a huge power": "x = 9 ** 9 ** 9 ** 9",
    "a huge repetition": "x = 'a' * 10 ** 10",
    "escapes": "'" + "\\N{BULLET}" * 10_000 + "'",
    "open quotes": '"""' * 9999,
    "f-strings": 'f"{' * 200,
    "backslashes": "\\\n" * 50_000,
    "question marks": "?" * 100_000,
    "exclamation marks": "a, " * 30_000 + "!",
    "percent signs": "%" * 100_000,
    "an option-like magic": "x = " * 30_000 + "%",
}


@pytest.mark.parametrize("cell", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(120)
def test_a_hostile_cell_neither_hangs_nor_crashes(cell):
    began = time.process_time()
    for source in (assemble(cell), assemble(cell, prelude="from manim import *", values={"n": 1})):
        checked = check(source, ["Hello"])
        for found in checked.diagnostics:
            assert all(render(found) for render in (to_text, to_ansi, to_html, to_json))
            assert len(to_html(found)) < 20_000
    find_scenes(cell)
    assert time.process_time() - began < LIMIT_CPU_S


def test_what_is_too_deep_to_check_is_sent_with_a_warning():
    cell = f"from manim import *\nclass Hello(Scene):\n    def construct(self):\n        x{'.x' * 20_000}\n"
    checked = check(assemble(cell), ["Hello"])
    assert [found.check for found in checked.diagnostics] == ["too-deep"]
    assert not checked.errors
    assert checked.scenes == ("Hello",)
