"""A table as plain text: aligned columns, no wider than a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

WIDTH: Final = 80
"""Columns of a terminal, and of a notebook's plain text."""

_NARROWEST: Final = 6
_GAP: Final = "  "


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows below their head; the longest texts are cut (``…``) where it would be too wide."""
    cells = [list(head), *([_plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return "\n".join(
        _GAP.join(_cut(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _cut(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else f"{cell[: width - 1]}…"


def _plain(text: str) -> str:
    """Foreign text (a job ID, a file name) in one cell: no control characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:200])
