"""Unknown options, missing and surplus arguments of what Manim defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.signatures import Parameters, signatures
from kodisc_jupyter.scene.manim.suggestions import closest, option_meant
from kodisc_jupyter.scene.reading.reading import Reading


class Callee(NamedTuple):
    """What is called: its name as written, and what it takes in each form that some version has.

    ``class_name`` is the class of which an object is made, if it is one.
    """

    name: str
    forms: tuple[Parameters, ...]
    class_name: str = ""

    @classmethod
    def of_class(cls, name: str) -> Callee:
        """A class of Manim."""
        return cls(name, signatures().constructors(name), name)

    @property
    def options(self) -> frozenset[str] | None:
        """Every name that can be given; ``None`` if it may be any."""
        if self.class_name:
            return signatures().options(self.class_name)
        if not self.forms or any(form.open or form.passed_on for form in self.forms):
            return None
        return frozenset().union(*(form.names for form in self.forms))


def argument_problems(reading: Reading, call: ast.Call, callee: Callee) -> Iterator[Diagnostic]:
    """What is wrong in every version since 0.18, at the argument that it is about."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            unknown = _unknown_option(reading, keyword, keyword.arg, callee)
            if unknown is not None:
                yield unknown
                return
    unpacked = any(isinstance(argument, ast.Starred) for argument in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )
    if unpacked or not callee.forms:
        return
    given = {keyword.arg or "" for keyword in call.keywords}
    twice = given.intersection(
        *(form.positional[: len(call.args)] for form in callee.forms if not form.any_number)
    )
    if twice and not any(form.any_number for form in callee.forms):
        name = min(twice)
        yield reading.error(
            "semantics",
            next(keyword for keyword in call.keywords if keyword.arg == name),
            f"{callee.name} is given {name} twice: by its position and by its name.",
            "Leave one of the two out.",
        )
        return
    missing = [_missing(form, len(call.args), given) for form in callee.forms]
    if all(missing):
        names = min(missing, key=len)
        listed = " and ".join(names)
        yield reading.error(
            "semantics",
            call,
            f"{callee.name} needs {listed}.",
            f"Write {callee.name}({', '.join([*['…'] * bool(call.args), *names])}, …).",
        )
    elif all(_is_surplus(form, len(call.args)) for form in callee.forms):
        yield _surplus(reading, call, callee)


def _unknown_option(
    reading: Reading, keyword: ast.keyword, name: str, callee: Callee
) -> Diagnostic | None:
    options = callee.options
    if options is not None and name not in options:
        meant = (
            option_meant(callee.class_name, name) if callee.class_name else closest(name, options)
        )
        said = f"{callee.name} has no option {name}."
        return reading.error("semantics", keyword, said, f"Did you mean {meant}?" if meant else "")
    if not callee.class_name:
        return None
    known = signatures()
    newest = known.options(callee.class_name, newest=True)
    if newest is None or name in newest:
        return None
    meant = option_meant(callee.class_name, name)
    older = name in known.named_options(callee.class_name)
    return reading.warning(
        "semantics",
        keyword,
        f"{callee.name} has no option {name} in Manim {known.newest}; an older one "
        + ("has." if older else "does nothing with it."),
        f"Did you mean {meant}?" if meant else "",
    )


def _missing(form: Parameters, count: int, given: set[str]) -> list[str]:
    by_position = set(form.positional[:count])
    wanted = [name for name in form.positional if name in form.required]
    wanted += sorted(form.required - set(form.positional))
    return [name for name in wanted if name not in by_position and name not in given]


def _is_surplus(form: Parameters, count: int) -> bool:
    return not form.any_number and count > len(form.positional)


def _surplus(reading: Reading, call: ast.Call, callee: Callee) -> Diagnostic:
    form = max(callee.forms, key=lambda one: len(one.positional))
    most = len(form.positional)
    takes = f"{most} value" + "s" * (most != 1) if most else "no value"
    names = ", ".join(f"{name}=…" for name in form.positional[:3])
    return reading.error(
        "semantics",
        call.args[most],
        f"{callee.name} takes {takes} between its brackets, not {len(call.args)}.",
        f"Name the options: {callee.name}({names})." if most else "",
    )
