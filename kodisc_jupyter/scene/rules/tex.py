"""LaTeX that cannot be set, or says something else than was meant, seen in the text itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.reading.values import Values

_MATH: Final = frozenset({"MathTex", "SingleStringMathTex"})
_TEXT: Final = frozenset({"Tex", "Title", "BulletedList"})

_ESCAPES: Final = {
    "\a": "a", "\b": "b", "\f": "f", "\v": "v", "\t": "t", "\r": "r", "\n": "n"
}  # fmt: skip
_BROKEN: Final = (
    r"[\a\b\f\v]|\r(?!\n)(?=[a-z])|\t(?=(?:heta|imes|au|ext|o|op|an|riangle|ilde|frac|iny)(?![a-z]))"
    r"|\n(?=(?:u|e|eq|abla|ot|otin|i|mid|ewline)(?![a-z]))"
)
"""A control character, and what would have become a command after a backslash."""

_OWN_RULES: Final = (
    r"\\(?:begin|verb|url|href|def|newcommand|label|ref|includegraphics|cite|lstinline|\(|\[)"
)
_SPECIAL: Final = r"(?<!\\)(?:\\\\)*([%_#&^])"
_MEANINGS: Final = {
    "%": "begins a comment in LaTeX: what follows it is not shown.",
    "_": "makes a subscript in LaTeX, and works only in a formula.",
    "^": "makes a superscript in LaTeX, and works only in a formula.",
    "&": "separates the columns of a table in LaTeX.",
    "#": "marks an argument in LaTeX.",
}
_COMMENT: Final = r"(?<!\\)(?:\\\\)*%[ \t]*[^\s]"
_TEMPLATED: Final = ("tex_environment", "tex_template", "TexTemplate")


def tex_problems(reading: Reading, values: Values) -> Iterator[Diagnostic]:
    """Control characters, dollars in MathTex, and signs that LaTeX takes for its own."""
    if reading.scopes.unreadable or reading.words.isdisjoint(_MATH | _TEXT):
        return
    # Another template or environment may give every sign another meaning.
    own_rules = any(name in reading.source.code for name in _TEMPLATED)
    for call in reading.scopes.calls:
        called = values.of(call.func, reading.scopes.scope_of[call])
        if called is None or called.form != "class" or called.name not in _MATH | _TEXT:
            continue
        pieces = [part for part in call.args if _is_text(part)]
        broken = next((piece for piece in pieces if re.search(_BROKEN, _value(piece))), None)
        if broken is not None:
            yield _control_character(reading, broken)
            continue
        if len(pieces) == len(call.args):
            yield from _braces(reading, call, pieces)
        if len(pieces) == len(call.args) and not own_rules:
            if called.name in _MATH:
                yield from _mathematics(reading, pieces)
            else:
                for group in [pieces] if called.name == "Tex" else [[one] for one in pieces]:
                    yield from _text(reading, group)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _value(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _control_character(reading: Reading, node: ast.expr) -> Diagnostic:
    text = _value(node)
    broken = re.search(_BROKEN, text)
    assert broken is not None
    rest = re.match(r"[A-Za-z]*", text[broken.start() + 1 :])
    command = f"\\{_ESCAPES[broken[0]]}{rest[0] if rest else ''}"
    report = reading.warning if broken[0] == "\n" else reading.error
    return report(
        "semantics",
        node,
        f"Python reads {command[:2]} as a control character, so LaTeX does not get {command}.",
        'Write LaTeX in raw strings: r"…".',
    )


def _mathematics(reading: Reading, pieces: list[ast.expr]) -> Iterator[Diagnostic]:
    for piece in pieces:
        if "\n" not in _value(piece) and re.search(_COMMENT, _value(piece)):
            yield _special_sign(reading, piece, "%")
            return
        if _dollar_outside(_value(piece)):
            yield reading.error(
                "semantics",
                piece,
                "MathTex is already a formula, so $ is a mistake here.",
                "Delete the $ signs, or use Tex instead of MathTex.",
            )
            return


def _braces(reading: Reading, call: ast.Call, pieces: list[ast.expr]) -> Iterator[Diagnostic]:
    """A brace without its other half: Manim adds it at one end, which may not be what is meant."""
    depth = lowest = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", "".join(map(_value, pieces))):
        depth += 1 if brace == "{" else -1
        lowest = min(lowest, depth)
    if depth:
        missing, there = ("}", "{") if depth > 0 else ("{", "}")
        yield reading.warning(
            "semantics",
            pieces[0] if len(pieces) == 1 else call,
            f"There is a {there} without a {missing}.",
            f"Write the {missing} where it belongs: Manim adds it at the "
            + ("end." if depth > 0 else "beginning."),
        )
    elif lowest < 0 and len(pieces) == 1:
        yield reading.error(
            "semantics",
            pieces[0],
            "A } comes before the { that belongs to it.",
            r"Write the { first. To show a brace in the video, write \{ or \}.",
        )


def _dollar_outside(text: str) -> bool:
    r"""Whether there is a ``$`` outside of braces: inside of them it may belong to ``\text``."""
    depth = 0
    for index, char in enumerate(text):
        if index and text[index - 1] == "\\":
            continue
        depth += (char == "{") - (char == "}")
        if char == "$" and depth <= 0:
            return True
    return False


def _text(reading: Reading, pieces: list[ast.expr]) -> Iterator[Diagnostic]:
    """``% & # _`` outside of mathematics."""
    whole = "".join(map(_value, pieces))
    if re.search(_OWN_RULES, whole) or whole.replace("\\$", "").count("$") % 2:
        return
    in_mathematics = False
    for piece in pieces:
        for index, part in enumerate(re.split(r"(?<!\\)\$", _value(piece))):
            in_mathematics ^= index > 0
            special = None if in_mathematics else re.search(_SPECIAL, part)
            if special is None or (special[1] == "%" and "\n" in part):
                continue  # a comment at the end of a line may be meant
            yield _special_sign(reading, piece, special[1])
            return


def _special_sign(reading: Reading, piece: ast.expr, sign: str) -> Diagnostic:
    mathematics = f", or write a formula between dollar signs: $x{sign}2$" if sign in "_^" else ""
    written = r"\^{}" if sign == "^" else f"\\{sign}"
    return reading.error(
        "semantics",
        piece,
        f"{sign} {_MEANINGS[sign]}",
        f"Write {written}, or use Text{mathematics}.",
    )
