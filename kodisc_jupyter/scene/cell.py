"""What is sent: files, prelude, ``--with`` values and cell, and the way back to each line."""

from __future__ import annotations

import ast
import keyword
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from kodisc_jupyter.scene.literals import literal
from kodisc_jupyter.scene.reading.parser import CANNOT_PARSE, parse
from kodisc_jupyter.scene.sent_files import SentFile, unpacking

Origin = Literal["cell", "prelude", "with", "file", "options"]
"""Where a line was written; ``"file"`` is what writes the files that are sent along, ``"options"``
the magic's own line."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")  # Python's own; str.splitlines knows more


class Source(NamedTuple):
    """The Python source of a render, and where each of its lines comes from.

    ``code`` is what is sent: the cell byte for byte, unless there is a file, a prelude or a value.
    ``files`` are the paths of those in it. ``first_line`` is the number that the reader sees beside
    the cell's first line: 1, or 2 where the magic's own line is counted too. ``starts`` are the
    lines of ``code`` at which another origin begins, with its name and its own line there.
    """

    code: str
    cell: str
    prelude: str = ""
    names: tuple[str, ...] = ()
    first_line: int = 1
    files: tuple[str, ...] = ()
    starts: tuple[tuple[int, Origin, int], ...] = ((1, "cell", 1),)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of ``code``, without their ends."""
        return split_lines(self.code)

    def locate(self, assembled_line: int) -> tuple[Origin, int]:
        """Where line ``assembled_line`` (1-based) of ``code`` was written.

        Returns ``"cell"`` and the line as the reader numbers it, ``"prelude"`` and the line of the
        prelude, or ``"with"`` and the number of the value. Lines outside are taken to the nearest.
        """
        line = min(max(assembled_line, 1), len(self.lines))
        start, origin, first = self.starts[self._part(line)]
        return origin, line - start + first

    def origin(self, assembled_line: int) -> Origin:
        """Where line ``assembled_line`` (1-based) of ``code`` was written, without its number."""
        return self.starts[self._part(assembled_line)][1]

    def _part(self, line: int) -> int:
        return max(bisect_right(self.starts, line, key=lambda entry: entry[0]) - 1, 0)

    def cell_line(self, assembled_line: int | None) -> int | None:
        """The number beside a line of ``code`` (1-based), if it stands in the cell."""
        if assembled_line is None or not 1 <= assembled_line <= len(self.lines):
            return None
        origin, number = self.locate(assembled_line)
        return number if origin == "cell" else None

    def written(self, origin: Origin) -> tuple[tuple[str, ...], int]:
        """The lines that were written in ``origin``, and the number of the first of them."""
        if origin == "cell":
            return split_lines(self.cell), self.first_line
        if origin == "prelude":
            return split_lines(self.prelude), 1
        at = [index for index in range(1, len(self.lines) + 1) if self.origin(index) == origin]
        return tuple(self.lines[index - 1] for index in at), 1


def assemble(
    cell: str,
    *,
    prelude: str = "",
    values: Mapping[str, object] | None = None,
    first_line: int = 1,
    files: Sequence[SentFile] = (),
) -> Source:
    """Put the source of a render together: files, prelude, values as literals, cell.

    A ``from __future__`` import must come first in Python, so it is moved from the cell to the top
    where something stands above the cell; its place in the cell is kept by a ``pass``.

    Raises:
        ValueError: a name is not one that Python could assign, or a value cannot be sent; the
            message says which and why.
    """
    if not prelude.strip() and not values and not files:
        return Source(cell, cell, first_line=first_line, starts=((1, "cell", first_line),))
    futures, body = _without_futures(cell)
    assigned = [_assignment(name, value) for name, value in (values or {}).items()]
    head: list[str] = []
    starts: list[tuple[int, Origin, int]] = []
    for line, statement in futures:
        starts.append((len(head) + 1, "cell", line + first_line - 1))
        head.append(statement)
    if files:
        starts.append((len(head) + 1, "file", 1))
        head.extend(unpacking(files))
    if prelude.strip():
        starts.append((len(head) + 1, "prelude", 1))
        head.extend(split_lines(_LINE_END.sub("\n", prelude).removesuffix("\n")))
    if assigned:
        starts.append((len(head) + 1, "with", 1))
        head.extend(assigned)
    starts.append((len(head) + 1, "cell", first_line))
    code = "\n".join([*head, body])
    sent = tuple(file.path for file in files)
    return Source(code, cell, prelude, tuple(values or ()), first_line, sent, tuple(starts))


@lru_cache(maxsize=4)
def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text as Python counts them, without their ends."""
    return tuple(_LINE_END.split(text))


def _assignment(name: str, value: object) -> str:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is not a name that Python can assign to.")
    try:
        return f"{name} = {literal(value)}"
    except ValueError as refused:
        raise ValueError(f"{name} cannot be sent along: {refused}") from None


def _without_futures(cell: str) -> tuple[list[tuple[int, str]], str]:
    """The cell's ``from __future__`` imports with their lines, and the cell without them."""
    if "__future__" not in cell:
        return [], cell
    try:
        tree = parse(cell)
    except CANNOT_PARSE:
        return [], cell  # the checks say what is wrong with it
    imports: list[tuple[int, str]] = []
    lines = _LINE_END.split(cell)
    for node in tree.body:
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            continue
        imports.append((node.lineno, ast.unparse(node)))
        blank_out(lines, node)
    return imports, "\n".join(lines)


def blank_out(lines: list[str], node: ast.stmt) -> None:
    """Take a statement of the top level out of ``lines``; every other line keeps its number.

    Where it shares a line with others, a ``pass`` keeps its place.
    """
    decorators = getattr(node, "decorator_list", ())
    first = (
        min(node.lineno, *(decorator.lineno for decorator in decorators))
        if decorators
        else node.lineno
    )
    end = node.end_lineno or node.lineno
    head = b"" if decorators else lines[first - 1].encode()[: node.col_offset]
    last = lines[end - 1].encode()
    tail = last[node.end_col_offset :]
    if not (head.strip() or tail.strip()):
        lines[first - 1 : end] = [""] * (end - first + 1)
        return
    # What follows on the line stays in its column, which the syntax tree goes by.
    indent = len(head) if first == end else 0
    padding = b"".ljust((node.end_col_offset or len(last)) - indent)
    lines[first - 1 : end] = [""] * (end - first + 1)
    lines[end - 1] = (padding + tail).decode()
    lines[first - 1] = (head + b"pass" + lines[first - 1].encode()[4:]).decode()
