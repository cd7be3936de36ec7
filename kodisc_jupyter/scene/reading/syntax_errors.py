"""What to say about a text that Python cannot read."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from kodisc_jupyter.scene.cell import Source, split_lines
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity, place
from kodisc_jupyter.scene.reading.parser import parse, verify


def syntax_error(source: Source, error: SyntaxError) -> Diagnostic:
    """Python's own message at its place, with what to do about it."""
    # A bracket or string left open in the prelude is reported where the cell goes wrong.
    before = 0
    for part, first in _parts(source):
        try:
            verify(parse(part))
        except SyntaxError as inner:
            error, before = inner, first - 1
            break
    line = min(max((error.lineno or 1) + before, 1), len(source.lines))
    text = source.lines[line - 1]
    ipython = _ipython_syntax(text) if len(text) <= _TYPED_LINE else None
    if ipython:
        check = "ipython-syntax"
        message, hint = ipython
        column, end = len(text) - len(text.lstrip()), len(text.rstrip())
    elif len(text) <= _TYPED_LINE and (cause := _plain_cause(text)):
        check = "syntax"
        message, hint, column, end = cause
    else:
        check = "syntax"
        reason = (error.msg or "invalid syntax").rstrip(".")
        message = f"{reason[:1].upper()}{_with_readers_lines(reason[1:], source, before)}"
        message += "" if message.endswith("?") else "."
        column, end = _syntax_columns(error, text)
        hint = _syntax_hint(reason, text[column:end])
    return Diagnostic(
        check,
        Severity.ERROR,
        message,
        hint=hint,
        charged=NOTHING_CHARGED,
        **place(source, line, column, end),
    )


_FENCE: Final = re.compile(r"\s*(?:```|~~~)\s*\w*\s*$")
_DIGIT_FIRST: Final = re.compile(r"\s*(?:class|def)\s+(\d\w*)|\s*(\d+[A-Za-z_]\w*)\s*=(?!=)")
_DECIMAL_COMMA: Final = re.compile(r"(\w+)\s*=\s*(\d+),(\d+)(?=\s*[,)\]])")


def _plain_cause(text: str) -> tuple[str, str, int, int] | None:
    """What Python cannot know: message, hint and columns of a habit seen in the line itself."""
    if _FENCE.match(text):
        start = len(text) - len(text.lstrip())
        return (
            "This line is Markdown, not Python.",
            "Delete the lines with ``` above and below the code.",
            start,
            len(text.rstrip()),
        )
    digit_first = _DIGIT_FIRST.match(text)
    if digit_first:
        name = digit_first[1] or digit_first[2]
        start = text.index(name)
        front = re.match(r"\d+(?:D(?=[A-Z_]))?_?", name)
        assert front is not None
        better = f"{name[front.end() :] or 'Scene'}{front[0].rstrip('_')}"
        return (
            f"A name cannot begin with a digit: {name}.",
            f"Write {better}, or another name that begins with a letter.",
            start,
            start + len(name),
        )
    comma = _DECIMAL_COMMA.search(text)
    if comma:
        return (
            f"{comma[2]},{comma[3]} is two numbers in Python.",
            f"Write {comma[1]}={comma[2]}.{comma[3]}, with a point.",
            comma.start(2),
            comma.end(3),
        )
    return None


def _syntax_columns(error: SyntaxError, text: str) -> tuple[int, int]:
    if isinstance(error, IndentationError):  # Python points at either end of the line
        return len(text) - len(text.lstrip()), len(text.rstrip())
    column = max((error.offset or 1) - 1, 0)
    if error.end_lineno == error.lineno:
        return column, max(column + 1, (error.end_offset or 0) - 1)
    return column, column + 1


def _with_readers_lines(message: str, source: Source, before: int) -> str:
    """Python's message with its line numbers as the reader counts them."""
    return re.sub(
        r"\bline (\d+)", lambda match: f"line {source.locate(int(match[1]) + before)[1]}", message
    )


def _parts(source: Source) -> list[tuple[str, int]]:
    """Prelude and cell with the line of ``code`` where each begins, if there are two."""
    if source.code == source.cell:
        return []
    parts = []
    total = len(source.lines)
    for origin in ("prelude", "cell"):
        lines = [n for n in range(1, total + 1) if source.origin(n) == origin]
        if lines:
            first = lines[-1] - (len(split_lines(source.cell)) if origin == "cell" else 0)
            start = first + 1 if origin == "cell" else lines[0]
            parts.append(("\n".join(source.lines[start - 1 : lines[-1]]), start))
    return parts


_TYPED_LINE: Final = 500  # nobody types a longer command or definition
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
            f"%{name} is an IPython magic; a scene runs in plain Python.",
            "Delete this line, or run it in a cell of its own."
            if name != "kodisc"
            else "A cell can have only one %%kodisc line, and it must be the first line.",
        )
    if _QUESTION.match(line):
        return (
            "Asking for help with ? works only in the notebook, not where the scene is rendered.",
            "Delete this line, or run it in a cell of its own.",
        )
    return None


_SYNTAX_HINTS: Final = (
    ("was never closed", "Close it, or delete it."),
    ("unterminated string", "End the text with the same quotation mark that it begins with."),
    ("unterminated triple-quoted", "End the text with three quotation marks."),
    ("expected ':'", "Put a colon at the end of this line."),
    ("Maybe you meant '=='", "Use == to compare and = to assign."),
    ("Perhaps you forgot a comma", "Put a comma between the two."),
    (
        "expected an indented block",
        "Indent the lines that belong to the line above by four spaces.",
    ),
    ("unexpected indent", "Indent this line as far as the lines around it."),
    ("unindent does not match", "Indent this line as far as the other lines of its block."),
    ("inconsistent use of tabs", "Indent with spaces only, not with tabs."),
    ("unmatched", "Delete it, or add the opening bracket."),
    ("does not match opening", "Close the inner bracket before the outer one."),
    ("Missing parentheses in call to 'print'", "Write print(…)."),
    ("outside function", "Indent it so that it is inside a method."),
    ("must occur at the beginning", "Move it to the top of the cell."),
)


def _syntax_hint(message: str, marked: str) -> str:
    if message.startswith(("invalid character", "invalid non-printable")):
        return _character_hint(marked)
    for words, hint in _SYNTAX_HINTS:
        if words in message:
            return hint
    return (
        "Look just before the marked place: there is a character too many, "
        "or a bracket or a quotation mark is missing."
    )


_QUOTES: Final = dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"') | dict.fromkeys(
    "\u2018\u2019\u201a`", "'"
)
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2212"


def _character_hint(marked: str) -> str:
    char = marked[:1]
    plain = _QUOTES.get(char) or ("-" if char and char in _DASHES else "")
    plain = plain or unicodedata.normalize("NFKC", char)
    if not plain.strip() or not char.isprintable():
        return "Replace it with an ordinary space, or delete it."
    if plain != char and plain.isascii():
        return f"Write {plain} instead."
    return "Delete it, or put it in quotation marks."
