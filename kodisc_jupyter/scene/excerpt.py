"""A line of source as it can be shown: cut to a window, one cell per column, nothing hidden."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

WINDOW: Final = 120
"""How much of a line is shown, in columns."""

TAB: Final = 4
"""A tab goes to the next multiple of this many columns."""

BEFORE: Final = 2
AFTER: Final = 1
"""Lines shown around the one that is meant."""

_ELLIPSIS: Final = "…"


class ExcerptLine(NamedTuple):
    """One line of an excerpt: its number, its text as shown, and what is marked in that text.

    ``mark`` is a half-open range of characters of ``text``.
    """

    number: int
    text: str
    mark: tuple[int, int] | None = None


def excerpt(
    lines: Sequence[str], index: int, first_number: int, column: int | None, end: int | None
) -> tuple[ExcerptLine, ...]:
    """The lines around ``lines[index]``, with the characters ``column`` to ``end`` marked.

    ``first_number`` is the number of ``lines[0]``. Without a column the line's code is marked.
    """
    around = range(max(0, index - BEFORE), min(len(lines), index + AFTER + 1))
    shown = []
    for at in around:
        text = lines[at]
        if at != index:
            shown.append(shown_line(first_number + at, text, None))
            continue
        if column is None:
            column = len(text) - len(text.lstrip())
            end = len(text.rstrip())
        start = min(max(column, 0), len(text))
        stop = min(max(end if end is not None else start + 1, start), len(text))
        shown.append(shown_line(first_number + at, text, (start, max(stop, start))))
    while len(shown) > 1 and not shown[-1].text and shown[-1].mark is None:
        shown.pop()
    return tuple(shown)


def shown_line(number: int, text: str, mark: tuple[int, int] | None) -> ExcerptLine:
    """One line, windowed around its mark; control and direction characters are spelled out."""
    start, stop = mark or (0, 0)
    low, high = _window(text, start, stop)
    pieces: list[str] = []
    length = width = 0
    begin = finish = None

    def put(piece: str) -> None:
        nonlocal length, width
        pieces.append(piece)
        length += len(piece)
        width += display_width(piece)

    if low > 0:
        put(_ELLIPSIS)
    for at in range(low, high):
        if at == start:
            begin = length
        if at == stop:
            finish = length
        char = text[at]
        put(" " * (TAB - width % TAB) if char == "\t" else visible(char))
    if begin is None:
        begin = length
    if finish is None:
        finish = length
    if high < len(text):
        put(_ELLIPSIS)
    shown = "".join(pieces)
    if mark is None:
        return ExcerptLine(number, shown.rstrip())
    return ExcerptLine(number, shown, (begin, finish))


ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""What steers a terminal: colours, titles, links."""


def visible(text: str) -> str:
    """Spell out characters that would hide, move or reorder the text around them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(char):04X}>"
        if unicodedata.category(char) in _HIDDEN and char != _JOINER
        else char
        for char in text
    )


# Controls, format characters (bidi among them), lone surrogates, line and paragraph separators.
_HIDDEN: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINER: Final = "\u200d"  # holds emoji together


def display_width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _window(text: str, start: int, stop: int) -> tuple[int, int]:
    """The range of characters to show: all of a short line, else the mark and what is around it."""
    if len(text) <= WINDOW:
        return 0, len(text)
    marked = min(stop - start, WINDOW // 2)
    spare = WINDOW - marked
    if start + marked <= WINDOW - WINDOW // 8:
        return 0, WINDOW
    low = max(0, start - spare // 2)
    return low, min(len(text), low + WINDOW)
