"""Unknown options, missing and surplus arguments of what Manim defines."""

from __future__ import annotations

import ast
from functools import cached_property, lru_cache
from typing import Final, Literal

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.signatures import Parameters, signatures
from kodisc_jupyter.scene.manim.suggestions import closest, option_meant
from kodisc_jupyter.scene.reading.reading import Reading

_Takes = Literal["", "animations", "mobjects"]
_GROUPS_OF_ANIMATIONS: Final = frozenset({"AnimationGroup", "LaggedStart", "Succession"})
_OF_SCENES: Final[dict[str, _Takes]] = {"play": "animations", "add": "mobjects"}


class Callee:
    """What is called: its name as written, and what it takes in each form that some version has.

    ``class_name`` is the class of which an object is made, if it is one; ``takes`` says whether it
    wants only ``"animations"`` or ``"mobjects"``. What is called again is the same callee, which
    remembers the calls that were right.
    """

    def __init__(
        self,
        name: str,
        forms: tuple[Parameters, ...],
        class_name: str = "",
        takes: _Takes = "",
    ) -> None:
        self.name = name
        self.forms = forms
        self.class_name = class_name
        self.takes = takes
        self.is_right = lru_cache(maxsize=64)(self._is_right)
        """Whether the newest form takes so many arguments by position, and these names."""

    @classmethod
    @lru_cache(maxsize=1024)
    def of_class(cls, name: str) -> Callee:
        """A class of Manim."""
        takes: _Takes = "animations" if name in _GROUPS_OF_ANIMATIONS else ""
        return cls(name, signatures().constructors(name), name, takes)

    @classmethod
    @lru_cache(maxsize=1024)
    def of_function(cls, name: str) -> Callee:
        """A function of Manim."""
        return cls(name, signatures().function(name))

    @classmethod
    @lru_cache(maxsize=1024)
    def of_method(cls, class_name: str, name: str) -> Callee:
        """A method of a class of Manim."""
        return cls(name, signatures().method(class_name, name))

    @classmethod
    @lru_cache(maxsize=1024)
    def of_self(cls, bases: tuple[str, ...], name: str) -> Callee:
        """A method of the first of Manim's classes that has it, called on ``self``."""
        known = signatures()
        methods = (known.method(base, name) for base in bases)
        takes = _OF_SCENES.get(name, "") if known.is_a(bases[0], "Scene") else ""
        return cls(f"self.{name}", next(filter(None, methods), ()), takes=takes)

    @cached_property
    def newest_options(self) -> frozenset[str]:
        """The names that can be given in the newest version, as far as they are known."""
        if self.class_name:
            return signatures().options(self.class_name, newest=True) or frozenset()
        return self.forms[-1].names if self.forms else frozenset()

    @cached_property
    def options(self) -> frozenset[str] | None:
        """Every name that can be given; ``None`` if it may be any."""
        if self.class_name:
            return signatures().options(self.class_name)
        if not self.forms or any(form.open or form.passed_on for form in self.forms):
            return None
        return frozenset().union(*(form.names for form in self.forms))

    def _is_right(self, count: int, names: tuple[str | None, ...]) -> bool:
        if not self.forms:
            return not names
        form = self.forms[-1]
        given = set(names)
        return (
            given <= self.newest_options
            and not _missing(form, count, given)
            and not _is_surplus(form, count)
            and given.isdisjoint(form.positional[:count])
        )


def argument_problem(reading: Reading, call: ast.Call, callee: Callee) -> Diagnostic | None:
    """What is wrong in every version since 0.18, at the argument that it is about."""
    names = tuple([keyword.arg for keyword in call.keywords])
    count = len(call.args)
    if callee.is_right(count, names):  # most calls are; what others take is asked for the rest
        return None
    given = set(names)
    if not given <= callee.newest_options:
        options = callee.options
        for keyword in call.keywords:
            unknown = _unknown_option(reading, keyword, callee, options)
            if unknown is not None:
                return unknown
        if None in given:  # `**more` may have anything
            return None
    forms = callee.forms
    if not forms or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    if given and count and not any(form.any_number for form in forms):
        twice = given.intersection(*(form.positional[:count] for form in forms))
        if twice:
            return _given_twice(reading, call, callee, min(filter(None, twice)))
    missing = [_missing(form, count, given) for form in forms]
    if all(missing):
        return _needs(reading, call, callee, min(missing, key=len))
    if all(_is_surplus(form, count) for form in forms):
        return _surplus(reading, call, callee)
    return None


def _given_twice(reading: Reading, call: ast.Call, callee: Callee, name: str) -> Diagnostic:
    return reading.error(
        "semantics",
        next(keyword for keyword in call.keywords if keyword.arg == name),
        f"{callee.name} gets {name} twice: once by position and once by name.",
        "Leave out one of the two.",
    )


def _needs(reading: Reading, call: ast.Call, callee: Callee, names: list[str]) -> Diagnostic:
    written = ", ".join([*["…"] * bool(call.args), *names])
    return reading.error(
        "semantics",
        call,
        f"{callee.name} needs {' and '.join(names)}.",
        f"Write {callee.name}({written}, …).",
    )


def _unknown_option(
    reading: Reading, keyword: ast.keyword, callee: Callee, options: frozenset[str] | None
) -> Diagnostic | None:
    name = keyword.arg
    if name is None:
        return None
    if options is not None and name not in options:
        meant = (
            option_meant(callee.class_name, name) if callee.class_name else closest(name, options)
        )
        message = f"{callee.name} has no option {name}."
        return reading.error(
            "semantics", keyword, message, f"Did you mean {meant}?" if meant else ""
        )
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
        f"{callee.name} has no option {name} in Manim {known.newest}; older "
        + ("versions have it." if older else "versions ignore it."),
        f"Did you mean {meant}?" if meant else "",
    )


def _missing(form: Parameters, count: int, given: set[str | None]) -> list[str]:
    if form.required.issubset(form.positional[:count]):
        return []
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
        f"{callee.name} takes {takes} in its brackets, not {len(call.args)}.",
        f"Name the options: {callee.name}({names})." if most else "",
    )
