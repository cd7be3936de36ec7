"""LaTeX's own error output, and which call in the source it is about."""

from __future__ import annotations

import ast
import re
from typing import Final

from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.diagnostics import NO_REASON
from kodisc_jupyter.scene.reading.parser import CANNOT_PARSE, parse
from kodisc_jupyter.scene.reading.reading import characters

_BANG: Final = re.compile(
    r"^[ \t]*! (?!==>)(?:LaTeX Error: |Package \w+ Error: )?(.+)$", re.MULTILINE
)
_MANIM: Final = re.compile(r"LaTeX compilation error: +(.+)$", re.MULTILINE)
_CONVERSION: Final = re.compile(r"latex error converting to dvi", re.IGNORECASE)
_MISSING_TOOL: Final = re.compile(
    r"No such file or directory: '(latex|xelatex|pdflatex|lualatex|dvisvgm)'"
)
_CONTEXT: Final = re.compile(r"^[ \t]*l\.\d+ ?(.*)$", re.MULTILINE)
_INNERMOST: Final = re.compile(r"! Undefined control sequence\.?[ \t]*\n[ \t]*((?:<|\\\S+ ?->).*)")
_COMMAND: Final = re.compile(r"\\[A-Za-z@]+")

_CALLS: Final = frozenset(
    {
        *("Tex", "MathTex", "SingleStringMathTex", "Title", "BulletedList", "MathTable"),
        *("Brace", "BraceLabel", "BraceText", "Matrix", "IntegerMatrix", "DecimalMatrix"),
    }
)


def latex_message(text: str) -> str:
    """What LaTeX says went wrong, in one sentence; ``""`` if it says nothing in ``text``."""
    text = _unwrap(text)
    tool = _MISSING_TOOL.search(text)
    if tool:
        return f"{tool[1]} is not installed where the scene was rendered."
    match = _BANG.search(text) or _MANIM.search(text)
    if match:
        sentence = match[1].strip().rstrip(".")
        command = _bad_command(text) if "Undefined control sequence" in sentence else ""
        return f"{sentence}: {command}." if command else f"{sentence}."
    if _CONVERSION.search(text):
        return f"the text could not be typeset; {NO_REASON}."
    return ""


def _unwrap(text: str) -> str:
    """The text with the lines that Manim's log broke in its narrow column put together again."""
    lines: list[list[str]] = []
    for line in text.split("\n"):
        body, _, last = line.rstrip().rpartition(" ")
        content = (body if _LOG_PLACE.fullmatch(last) else line).rstrip()
        words = content.lstrip(" ")
        goes_on = len(content) - len(words) >= _LOG_INDENT and words and not _LOG_LEVEL.match(words)
        if goes_on and lines:
            lines[-1].append(words)
        else:
            lines.append([content])
    return "\n".join(" ".join(pieces) for pieces in lines)


_LOG_INDENT: Final = 20
_LOG_PLACE: Final = re.compile(r"\w+\.py:\d+")
_LOG_LEVEL: Final = re.compile(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")


def _bad_command(text: str) -> str:
    """The command that LaTeX stopped after: the last one of the innermost context, shown first."""
    context = _INNERMOST.search(text) or _CONTEXT.search(text)
    commands = _COMMAND.findall(context[1]) if context else []
    return commands[-1] if commands else ""


def latex_call(text: str, source: Source) -> tuple[int, int, int] | None:
    """Line and columns of the Tex call whose text holds what LaTeX stopped at."""
    try:
        tree = parse(source.code)
    except CANNOT_PARSE:
        return None
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in _CALLS
    ]
    wanted = _wanted(text)
    for words in wanted:
        for call in calls:
            if any(words in piece for piece in _texts(call)):
                return _at(call, source)
    return _at(calls[0], source) if len(calls) == 1 else None


def _wanted(text: str) -> list[str]:
    """Pieces of LaTeX's context lines, the longest first."""
    contexts = [context.strip() for context in _CONTEXT.findall(text)]
    command = _bad_command(text)
    return sorted({*filter(None, contexts), *filter(None, [command])}, key=len, reverse=True)


def _texts(call: ast.Call) -> list[str]:
    return [
        part.value
        for part in ast.walk(call)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


def _at(call: ast.Call, source: Source) -> tuple[int, int, int]:
    line = source.lines[call.lineno - 1]
    same = call.end_lineno == call.lineno and call.end_col_offset is not None
    end = characters(line, call.end_col_offset or 0) if same else len(line.rstrip())
    return call.lineno, characters(line, call.col_offset), end
