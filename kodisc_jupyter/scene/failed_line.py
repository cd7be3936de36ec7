"""What the line of the cell that failed says about the reason, by the signatures of Manim."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manim.suggestions import RENAMED, attribute_hint, option_meant
from kodisc_jupyter.scene.reading.reading import Reading, read
from kodisc_jupyter.scene.reading.values import Values
from kodisc_jupyter.scene.rules.semantics import semantic_problems
from kodisc_jupyter.scene.rules.tex import tex_problems

_OPTION: Final = re.compile(r"unexpected keyword argument '(\w+)'")


class FailedLine:
    """Line ``line`` (1-based) of a source's ``code``; ``None`` where it is not known."""

    def __init__(self, source: Source | None, line: int | None) -> None:
        self._line = line
        self._reading: Reading | None = None
        try:
            reading = read(source) if source is not None else None
        except (RecursionError, MemoryError):
            return
        if isinstance(reading, Reading):
            self._reading = reading
            self._values = Values(reading)

    def bases(self, class_name: str) -> tuple[str, ...]:
        """Manim's classes that a class of the source is built from, as far as is known."""
        return (self._values.bases(class_name) or ()) if self._reading else ()

    def hint(self, message: str) -> str:
        """What to do, if the line itself tells; ``message`` is the exception's."""
        reading = self._reading
        if reading is None or self._line is None:
            return ""
        option = _OPTION.search(message)
        if option and "getter()" not in message:
            option_hint = self._option_hint(reading, option[1])
            if option_hint:
                return option_hint
        place = reading.source.locate(self._line)
        for problem in self._problems(reading):
            if (problem.origin, problem.line) == place and problem.hint:
                return f"{problem.message} {problem.hint}"
        return self._missing_getter(reading) if "getter()" in message else ""

    def _problems(self, reading: Reading) -> Iterator[Diagnostic]:
        yield from tex_problems(reading, self._values)
        yield from semantic_problems(reading, self._values)

    def _missing_getter(self, reading: Reading) -> str:
        """Manim answers every ``get_x`` with a function that gives back the attribute x."""
        for node in reading.scopes.attributes:
            if self._has(node) and node.attr.startswith("get_"):
                if node.attr in RENAMED:
                    return attribute_hint("Mobject", node.attr)
                return f"This version of Manim has no {node.attr}."
        return ""

    def _option_hint(self, reading: Reading, option: str) -> str:
        for call in reading.scopes.calls:
            if self._has(call) and any(keyword.arg == option for keyword in call.keywords):
                called = self._values.of(call.func, reading.scopes.scope_of[call])
                if called is not None and called.form == "class":
                    meant = option_meant(called.name, option)
                    return f"{called.name} has no option {option}." + (
                        f" Did you mean {meant}?" if meant else ""
                    )
        return ""

    def _has(self, node: ast.expr) -> bool:
        assert self._line is not None
        return node.lineno <= self._line <= (node.end_lineno or node.lineno)
