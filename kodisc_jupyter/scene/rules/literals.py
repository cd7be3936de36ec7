"""Texts and numbers where Manim wants a mobject, a colour or a direction."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import closest
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.reading.values import Values

_COLOUR_OPTIONS: Final = frozenset(
    {"color", "fill_color", "stroke_color", "background_stroke_color", "sheen_color"}
)
_COLOUR_METHODS: Final = frozenset({"set_color", "set_fill", "set_stroke"})
_HEX: Final = r"(?:#|0x)[A-Fa-f0-9]{3,8}"
_DIRECTIONS: Final = ("UP", "DOWN", "LEFT", "RIGHT", "UL", "UR", "DL", "DR", "IN", "OUT", "ORIGIN")
_MEANT: Final = {"TOP": "UP", "ABOVE": "UP", "BOTTOM": "DOWN", "BELOW": "DOWN"}
# The arguments by position that are points or directions (None: all), and those by name
_POINTED: Final[dict[str, int | None]] = {
    "shift": None,
    "to_edge": 0,
    "to_corner": 0,
    "next_to": 1,
    "align_to": 1,
    "arrange": 0,
}
_POINTED_OPTIONS: Final = frozenset({"direction", "aligned_edge", "edge", "corner", "shift"})
_MANY_MOBJECTS: Final = frozenset({"VGroup", "Group", "FadeIn", "FadeOut"})
_ONLY_VECTORS: Final = frozenset({"Create", "Uncreate", "Write", "DrawBorderThenFill"})


def may_be_literal(call: ast.Call, class_name: str) -> bool:
    """Whether there is anything here to look at: a text or a number, or a group of mobjects."""
    if class_name == "VGroup" or class_name in _ONLY_VECTORS:
        return True
    return ast.Constant in [
        *[node.__class__ for node in call.args],
        *[keyword.value.__class__ for keyword in call.keywords],
    ]


def literal_problems(
    reading: Reading, values: Values, call: ast.Call, class_name: str
) -> Iterator[Diagnostic]:
    """What a call of Manim's would refuse for what its arguments are.

    ``class_name`` is the class of which it makes an object, if it does.
    """
    method = call.func.attr if isinstance(call.func, ast.Attribute) and not class_name else ""
    if any(_text(node) for node in (*call.args, *(keyword.value for keyword in call.keywords))):
        yield from _colours(reading, call, method)
        yield from _directions(reading, call, method)
    if class_name and call.args:
        yield from _mobjects(reading, values, call, class_name)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _colours(reading: Reading, call: ast.Call, method: str) -> Iterator[Diagnostic]:
    candidates = [keyword.value for keyword in call.keywords if keyword.arg in _COLOUR_OPTIONS]
    if method in _COLOUR_METHODS:
        candidates += call.args[:1]
    for node in candidates:
        text = _text(node)
        if not text or re.search(_HEX, text) or text.upper() in signatures().colours:
            continue
        meant = closest(text.upper(), signatures().colours)
        yield reading.error(
            "semantics",
            node,
            f"Manim has no colour {text!r}.",
            f"Did you mean {meant}?"
            if meant
            else 'Use one of its colours (RED, BLUE_D, …) or a hex code such as "#58c4dd".',
        )


def _directions(reading: Reading, call: ast.Call, method: str) -> Iterator[Diagnostic]:
    candidates: list[ast.expr] = []
    if method in _POINTED:
        candidates = [keyword.value for keyword in call.keywords if keyword.arg in _POINTED_OPTIONS]
        at = _POINTED[method]
        candidates += call.args if at is None else call.args[at : at + 1]
    elif isinstance(call.func, ast.Name) and call.func.id in {"FadeIn", "FadeOut"}:
        candidates = [keyword.value for keyword in call.keywords if keyword.arg == "shift"]
    for node in candidates:
        text = _text(node)
        if text is None:
            continue
        plain = _MEANT.get(text.upper(), text.upper())
        yield reading.error(
            "semantics",
            node,
            f"{text!r} is a text, not a direction.",
            f"Write {plain}, without quotes."
            if plain in _DIRECTIONS
            else "Directions are UP, DOWN, LEFT, RIGHT, and sums such as UP + 2 * RIGHT.",
        )


def _mobjects(reading: Reading, values: Values, call: ast.Call, name: str) -> Iterator[Diagnostic]:
    known = signatures()
    first = call.args[0]
    plain = isinstance(first, ast.Constant) and isinstance(first.value, (str, int, float))
    if name == "Text" and plain and _text(first) is None:
        yield reading.error(
            "semantics",
            first,
            f"Text takes a text, not {ast.unparse(first)}.",
            f'Write Text("{ast.unparse(first)}").',
        )
    elif _wants_mobject(name):
        for argument in call.args if name in _MANY_MOBJECTS else call.args[:1]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, (str, int, float)):
                yield reading.error(
                    "semantics",
                    argument,
                    f"{name} takes mobjects, not {argument.value!r}.",
                    f"Write {name}(Text({str(argument.value)!r})).",
                )
                return
    scope = reading.scopes.scope_of[call]
    for argument in call.args if name == "VGroup" else call.args[:1] * (name in _ONLY_VECTORS):
        value = values.of(argument, scope)
        if value is None or value.form != "object" or not known.is_a(value.name, "Mobject"):
            continue
        if name == "VGroup" and not known.is_a(value.name, "VMobject"):
            hint = "Write Group(…): it takes every kind of mobject."
        elif name != "VGroup" and not known.has(value.name, "pointwise_become_partial"):
            hint = f"Write FadeIn({ast.unparse(argument)})."
        else:
            continue
        yield reading.error(
            "semantics",
            argument,
            f"{name} takes only shapes and texts, not {value.name}.",
            hint,
        )


@lru_cache(maxsize=256)
def _wants_mobject(name: str) -> bool:
    known = signatures()
    if known.is_a(name, "Mobject"):
        return name in _MANY_MOBJECTS
    return known.is_a(name, "Animation") and (
        name in _MANY_MOBJECTS
        or all(
            form.positional[:1] in {("mobject",), ("vmobject",)}
            for form in known.constructors(name)
        )
    )
