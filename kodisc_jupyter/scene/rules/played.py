"""What is played that is no animation, and what is added that is no mobject."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.manim.suggestions import closest
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.reading.values import Value, Values

_GIVE_NOTHING: Final = frozenset(
    {"wait", "play", "add", "remove", "clear", "pause", "next_section"}
)
_PLAY_OPTIONS: Final = frozenset(
    {
        *("run_time", "rate_func", "lag_ratio", "subcaption", "subcaption_duration"),
        *("subcaption_offset", "remover", "introducer", "name", "path_arc", "path_func"),
        *("reverse_rate_function", "suspend_mobject_updating", "group", "frozen_frame"),
    }
)


def play_problems(
    reading: Reading, values: Values, call: ast.Call, called: str
) -> Iterator[Diagnostic]:
    """What ``self.play(…)`` or a group of animations would refuse."""
    is_play = called == "self.play"
    if is_play and not call.args and all(keyword.arg for keyword in call.keywords):
        yield reading.error(
            "semantics",
            call,
            "self.play() has nothing to play.",
            "Give it an animation, such as FadeIn(mobject); to pause, write self.wait().",
        )
        return
    scope = reading.scopes.scope_of[call]
    for argument in call.args:
        items = argument.elts if isinstance(argument, (ast.List, ast.Tuple)) else [argument]
        for item in items:
            value = values.of(item, scope)
            if value is not None and value.form == "object" and not _is_mobject(value.name):
                continue
            hint = _not_played(item, value, values, reading, call)
            if hint:
                yield reading.error(
                    "semantics",
                    item,
                    f"{_shown(item)} is not an animation; {called} takes only animations.",
                    hint,
                )
                return
    if is_play:
        yield from _ignored_options(reading, call)


def _ignored_options(reading: Reading, call: ast.Call) -> Iterator[Diagnostic]:
    """``self.play(…, runtime=2)``: Manim takes any name there, and does nothing with it."""
    for keyword in call.keywords:
        if keyword.arg and keyword.arg not in _PLAY_OPTIONS:
            meant = closest(keyword.arg, _PLAY_OPTIONS)
            meant = {"duration": "run_time", "time": "run_time", "rate": "rate_func"}.get(
                keyword.arg, meant
            )
            if meant:
                yield reading.warning(
                    "semantics",
                    keyword,
                    f"self.play does nothing with {keyword.arg}.",
                    f"Did you mean {meant}?",
                )


def _not_played(
    item: ast.expr, value: Value | None, values: Values, reading: Reading, call: ast.Call
) -> str:
    """What to write instead, for what certainly is no animation; else ``""``."""
    known = signatures()
    if isinstance(item, ast.Constant) and item.value is not None:
        number = isinstance(item.value, (int, float)) and not isinstance(item.value, bool)
        return f"Write run_time={item.value!r}." if number else 'Write FadeIn(Text("…")).'
    if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute):
        owner = values.of(item.func.value, reading.scopes.scope_of[call])
        if owner is not None and owner.form == "self" and item.func.attr in _GIVE_NOTHING:
            bases = values.bases(owner.name)
            if bases and known.is_a(bases[0], "Scene") and not _is_own(reading, item.func.attr):
                return f"Write {_shown(item)} on a line of its own."
        if owner is not None and owner.form == "object" and value == owner:
            if known.is_a(owner.name, "Mobject"):
                inner = ast.unparse(item.func.value)
                return f"Write {inner}.animate.{item.func.attr}(…)."
            return ""
    if value is None or value.form not in {"object", "method", "class"}:
        return ""
    text = _shown(item)
    if value.form == "object":
        return f"Write Create({text}), FadeIn({text}) or {text}.animate.…"
    if value.form == "method" and _is_mobject(value.name.partition(".")[0]):
        owner_text, _, method = text.rpartition(".")
        return f"Write {owner_text}.animate.{method}(…)."
    if value.form == "class" and known.is_a(value.name, "Animation"):
        return f"Write {text}(mobject)."
    return ""


def _is_own(reading: Reading, name: str) -> bool:
    return name in reading.scopes.class_names


@lru_cache(maxsize=512)
def _is_mobject(name: str) -> bool:
    known = signatures()
    return known.is_a(name, "Mobject") and not known.is_a(name, "Animation")


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}…"


def added_problems(reading: Reading, values: Values, call: ast.Call) -> Iterator[Diagnostic]:
    """What ``self.add(…)`` would refuse: a text or number, or an animation."""
    scope = reading.scopes.scope_of[call]
    for argument in call.args:
        value = values.of(argument, scope)
        hint = ""
        if isinstance(argument, ast.Constant) and argument.value is not None:
            hint = f"Write self.add(Text({str(argument.value)!r}))."
        elif value is not None and value.form == "object":
            if signatures().is_a(value.name, "Animation"):
                hint = f"Write self.play({_shown(argument)})."
        elif value is not None and value.form == "animate":
            hint = f"Write self.play({_shown(argument)})."
        if hint:
            yield reading.error(
                "semantics",
                argument,
                f"{_shown(argument)} is not a mobject; self.add takes only mobjects.",
                hint,
            )
            return
