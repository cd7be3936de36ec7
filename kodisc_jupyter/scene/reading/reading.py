"""A source, read once: its syntax tree, its scopes and its classes; or why it cannot be read."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import Any, Final

from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.diagnostics import (
    NOTHING_CHARGED,
    Diagnostic,
    Severity,
    one_line,
    place,
)
from kodisc_jupyter.scene.reading.classes import Classes
from kodisc_jupyter.scene.reading.parser import parse, verify
from kodisc_jupyter.scene.reading.resolve import resolve
from kodisc_jupyter.scene.reading.scopes import Scopes


class Reading:
    """A source that Python can parse, and the scenes that were asked for (none: its only one).

    ``whole`` says that all of it counts, whatever a scene can reach.
    """

    def __init__(
        self, source: Source, tree: ast.Module, asked: tuple[str, ...] = (), *, whole: bool = False
    ) -> None:
        self.source = source
        self.tree = tree
        self.asked = asked
        self.whole = whole

    @cached_property
    def scopes(self) -> Scopes:
        """Which names are defined, and which are not."""
        return resolve(self.tree)

    @cached_property
    def words(self) -> frozenset[str]:
        """The names that the source uses, its attributes and what it imports by name.

        A rule that is about none of them has nothing to look for.
        """
        scopes = self.scopes
        return frozenset(
            [
                *[use.id for use in scopes.loads],
                *[node.attr for node in scopes.attributes],
                *[alias.name for node in scopes.imports for alias in node.names],
            ]
        )

    @cached_property
    def classes(self) -> Classes:
        """The classes at the top of the source."""
        return Classes(self.tree)

    @cached_property
    def scenes(self) -> tuple[str, ...]:
        """The scenes to render; empty if it is not clear which."""
        only = self.renderable()
        return self.asked or (only if len(only) == 1 else ())

    def renderable(self) -> tuple[str, ...]:
        """Scenes of the cell; those without a ``construct`` are bases, unless there is no other."""
        classes = self.classes
        mine = [
            name
            for name in classes.scenes()
            if self.source.origin(classes.definitions[name][-1].lineno) == "cell"
        ]
        complete = tuple(name for name in mine if classes.method(name, "construct"))
        return complete or tuple(mine)

    @cached_property
    def _unreached(self) -> tuple[tuple[int, int], ...]:
        if self.whole:
            return ()
        from kodisc_jupyter.scene.reading.reach import unreached_lines

        return unreached_lines(self.tree, self.scopes, self.classes, self.scenes)

    def reaches(self, node: ast.AST) -> bool:
        """Whether rendering the scenes may come past a node."""
        line: int = node.lineno  # type: ignore[attr-defined]
        return not any(first <= line <= last for first, last in self._unreached)

    def error(self, check: str, node: ast.AST | None, message: str, hint: str = "") -> Diagnostic:
        """An error at a node; nothing has been sent.

        It is a warning where none of the scenes to render comes past it.
        """
        if node is not None and not self.reaches(node):
            return self.warning(check, node, message, hint)
        return Diagnostic(
            check,
            Severity.ERROR,
            one_line(message),
            hint=one_line(hint),
            charged=NOTHING_CHARGED,
            **self._at(node),
        )

    def warning(self, check: str, node: ast.AST, message: str, hint: str = "") -> Diagnostic:
        """A warning at a node."""
        return Diagnostic(
            check, Severity.WARNING, one_line(message), hint=one_line(hint), **self._at(node)
        )

    def _at(self, node: ast.AST | None) -> dict[str, Any]:
        if node is None:
            return {}
        # Before Python 3.12 places inside of f-strings of several lines are wrong.
        line = min(node.lineno, len(self.source.lines))  # type: ignore[attr-defined]
        text = self.source.lines[line - 1]
        start = characters(text, node.col_offset)  # type: ignore[attr-defined]
        same_line = node.end_lineno == node.lineno  # type: ignore[attr-defined]
        end = characters(text, node.end_col_offset) if same_line else len(text.rstrip())  # type: ignore[attr-defined]
        if isinstance(node, ast.Name) and node.id not in text[start:end]:
            return place(self.source, line)
        return place(self.source, line, start, end)


def characters(line: str, offset: int) -> int:
    """A column of the syntax tree (bytes of UTF-8) as a number of characters."""
    if line.isascii():
        return offset
    return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))


def read(
    source: Source, asked: tuple[str, ...] = (), *, whole: bool = False
) -> Reading | Diagnostic:
    """Parse a source: a reading, or the syntax error. ``asked`` are the scenes to render.

    Raises:
        RecursionError: it is nested too deeply (or MemoryError, by Python's older parsers).
    """
    if not source.code.isascii() or "\0" in source.code:
        odd = _unreadable(source)
        if odd is not None:
            return odd
    try:
        tree = parse(source.code)
        verify(tree)
    except SyntaxError as error:
        from kodisc_jupyter.scene.reading.syntax_errors import syntax_error

        return syntax_error(source, error)
    return Reading(source, tree, asked, whole=whole)


def _unreadable(source: Source) -> Diagnostic | None:
    for line, text in enumerate(source.lines, 1):
        odd = re.search(_UNREADABLE, text)
        if odd:
            return Diagnostic(
                "syntax",
                Severity.ERROR,
                f"Python code cannot contain the character U+{ord(odd[0]):04X}.",
                hint="Delete it; it was probably pasted in by accident.",
                charged=NOTHING_CHARGED,
                **place(source, line, *odd.span()),
            )
    return None


_UNREADABLE: Final = "[\0\ud800-\udfff]"
