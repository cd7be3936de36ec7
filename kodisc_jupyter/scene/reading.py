"""A source, read once: its syntax tree, its scopes and its classes; or why it cannot be read."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from kodisc_jupyter.scene.cell import Source, split_lines
from kodisc_jupyter.scene.classes import Classes
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity, place
from kodisc_jupyter.scene.scopes import Scopes, resolve


@dataclass(frozen=True)
class Reading:
    """A source that Python can parse."""

    source: Source
    tree: ast.Module

    @cached_property
    def scopes(self) -> Scopes:
        """Which names are defined, and which are not."""
        return resolve(self.tree)

    @cached_property
    def classes(self) -> Classes:
        """The classes at the top of the source."""
        return Classes(self.tree)

    def error(self, check: str, node: ast.AST | None, message: str, hint: str = "") -> Diagnostic:
        """An error at a node; nothing has been sent."""
        return Diagnostic(
            check, Severity.ERROR, message, hint=hint, charged=NOTHING_CHARGED, **self._at(node)
        )

    def warning(self, check: str, node: ast.AST, message: str, hint: str = "") -> Diagnostic:
        """A warning at a node."""
        return Diagnostic(check, Severity.WARNING, message, hint=hint, **self._at(node))

    def _at(self, node: ast.AST | None) -> dict[str, Any]:
        if node is None:
            return {}
        line: int = node.lineno  # type: ignore[attr-defined]
        text = self.source.lines[line - 1]
        start = characters(text, node.col_offset)  # type: ignore[attr-defined]
        same_line = node.end_lineno == line  # type: ignore[attr-defined]
        end = characters(text, node.end_col_offset) if same_line else len(text.rstrip())  # type: ignore[attr-defined]
        return place(self.source, line, start, end)


def characters(line: str, offset: int) -> int:
    """A column of the syntax tree (bytes of UTF-8) as a number of characters."""
    if line.isascii():
        return offset
    return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))


def read(source: Source) -> Reading | Diagnostic:
    """Parse a source: a reading, or the syntax error.

    Raises:
        RecursionError: it is nested too deeply (or MemoryError, by Python's older parsers).
    """
    try:
        return Reading(source, _parse(source.code))
    except SyntaxError as error:
        return _syntax_error(source, error)
    except ValueError as error:  # null bytes, lone surrogates
        return _unreadable(source, error)


def _parse(code: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" and the like are Python's to tell, once, later
        return ast.parse(code)


def _unreadable(source: Source, error: ValueError) -> Diagnostic:
    for index, line in enumerate(source.lines, 1):
        for column, char in enumerate(line):
            if char == "\0" or "\ud800" <= char <= "\udfff":
                return Diagnostic(
                    "syntax",
                    Severity.ERROR,
                    f"The character U+{ord(char):04X} cannot stand in Python source.",
                    hint="Delete it; it came in with something pasted.",
                    charged=NOTHING_CHARGED,
                    **place(source, index, column, column + 1),
                )
    return Diagnostic(
        "syntax", Severity.ERROR, f"Python cannot read this: {error}.", charged=NOTHING_CHARGED
    )


def _syntax_error(source: Source, error: SyntaxError) -> Diagnostic:
    # A bracket or string left open in the prelude is reported where the cell goes wrong.
    for part, first in _parts(source):
        try:
            _parse(part)
        except SyntaxError as inner:
            error = inner
            error.lineno = (inner.lineno or 1) + first - 1
            if inner.end_lineno is not None:
                error.end_lineno = inner.end_lineno + first - 1
            break
    line = min(max(error.lineno or 1, 1), len(source.lines))
    text = source.lines[line - 1]
    ipython = _ipython_syntax(text)
    if ipython:
        check, message, hint = "ipython-syntax", *ipython
        column = len(text) - len(text.lstrip())
        return Diagnostic(
            check,
            Severity.ERROR,
            message,
            hint=hint,
            charged=NOTHING_CHARGED,
            **place(source, line, column, len(text.rstrip())),
        )
    column = max((error.offset or 1) - 1, 0)
    ends_here = error.end_lineno == error.lineno and (error.end_offset or 0) - 1 > column
    message = (error.msg or "invalid syntax").rstrip(".")
    return Diagnostic(
        "syntax",
        Severity.ERROR,
        f"{message[:1].upper()}{message[1:]}.",
        hint=_syntax_hint(message, text),
        charged=NOTHING_CHARGED,
        **place(source, line, column, (error.end_offset or 0) - 1 if ends_here else column + 1),
    )


def _parts(source: Source) -> list[tuple[str, int]]:
    """Prelude and cell with the line of ``code`` where each begins, if there are two."""
    if source.code == source.cell:
        return []
    parts = []
    total = len(source.lines)
    for origin in ("prelude", "cell"):
        lines = [n for n in range(1, total + 1) if source.locate(n)[0] == origin]
        if lines:
            first = lines[-1] - (len(split_lines(source.cell)) if origin == "cell" else 0)
            start = first + 1 if origin == "cell" else lines[0]
            parts.append(("\n".join(source.lines[start - 1 : lines[-1]]), start))
    return parts


_SHELL: Final = re.compile(r"\s*(?:[\w.,\s]+=\s*)?!")
_MAGIC: Final = re.compile(r"\s*(?:[\w.,\s]+=\s*)?%{1,2}\s*([A-Za-z_]\w*)")
_QUESTION: Final = re.compile(r"\s*\?{1,2}\s*[\w.*%]+\s*;?\s*$|\s*[\w.*%\[\]]+\s*\?{1,2}\s*;?\s*$")


def _ipython_syntax(line: str) -> tuple[str, str] | None:
    """What to say about a line that only IPython understands: message and hint."""
    if _SHELL.match(line) and not line.lstrip().startswith("!="):
        return (
            "Shell commands (!) do not run where the scene is rendered.",
            "Delete this line, or run it in a cell of its own.",
        )
    magic = _MAGIC.match(line)
    if magic:
        name = magic[1]
        return (
            f"%{name} is an IPython magic; a scene is rendered by plain Python.",
            "Delete this line, or run it in a cell of its own."
            if name != "kodisc"
            else "A cell has one %%kodisc line, and it is the cell's first.",
        )
    if _QUESTION.match(line):
        return (
            "Asking for help with ? works in the notebook only, not where the scene is rendered.",
            "Delete this line, or run it in a cell of its own.",
        )
    return None


_SYNTAX_HINTS: Final = (
    ("was never closed", "Close it, or delete it."),
    ("unterminated string", "End the text with the quote it began with."),
    ("unterminated triple-quoted", "End the text with three quotes."),
    ("expected ':'", "Put a colon at the end of this line."),
    ("Maybe you meant '=='", "Use == to compare, = to assign."),
    ("Perhaps you forgot a comma", "Put a comma between the two."),
    ("expected an indented block", "Indent what belongs to the line above, by four spaces."),
    ("unexpected indent", "Begin this line where the lines around it begin."),
    ("unindent does not match", "Begin this line where the block it belongs to begins."),
    ("inconsistent use of tabs", "Use spaces only."),
    ("unmatched", "Delete it, or open the bracket it closes."),
    ("does not match opening", "Close the brackets in the order they were opened."),
    ("Missing parentheses in call to 'print'", "Write print(…)."),
    ("outside function", "Indent it into the method it belongs to."),
    ("must occur at the beginning", "Move it to the top of the cell."),
)


def _syntax_hint(message: str, line: str) -> str:
    for words, hint in _SYNTAX_HINTS:
        if words in message:
            return hint
    if re.match(r"\s*(?:if|for|while|def|class|with|else|elif|try|except)\b[^#]*[^:,\s]\s*$", line):
        return "Put a colon at the end of this line." if "(" not in message else ""
    return ""
