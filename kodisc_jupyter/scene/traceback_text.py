"""Tracebacks as text, Python's own and the boxes that Manim's command line draws, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kodisc_jupyter.scene.excerpt import ANSI


@dataclass(frozen=True)
class Frame:
    """One frame: ``text`` is the source line as shown (stripped), ``""`` if none was.

    ``marks`` is the range of ``text`` that Python underlined.
    """

    file: str
    line: int
    function: str = ""
    text: str = ""
    marks: tuple[int, int] | None = None


_PYTHON: Final = re.compile(r'^\s*File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<name>.*))?')
_CARETS: Final = re.compile(r"^(\s*)([~^]+)\s*$")
_BOX_EDGE: Final = re.compile(r"^\s*[╭╰+┏┗].*[─\-━]{3,}")
_BOX_HEAD: Final = re.compile(r"^(?P<file>\S.*):(?P<line>\d+) in (?P<name>\S+)$")
_BOX_LINE: Final = re.compile(r"^\s*[❱>]\s*(?P<line>\d+)\s[│|┃]?(?P<text>.*)$")
_RAISED: Final = re.compile(r"^(?P<kind>(?:[A-Za-z_]\w*\.)*[A-Z_]\w*)(?::\s+(?P<text>.*))?$")
_EXCEPTION_NAME: Final = re.compile(
    r"(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Abort|Fault)\w*$"
)


def without_ansi(text: str) -> str:
    """The text without a terminal's colours and with plain line ends."""
    return ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def frames(text: str) -> list[Frame]:
    """Every frame in a text, outermost first."""
    lines = text.split("\n")
    placed = [*_python_frames(lines), *_box_frames(lines)]
    return [frame for _, frame in sorted(placed, key=lambda at: at[0])]


def _python_frames(lines: list[str]) -> list[tuple[int, Frame]]:
    placed = []
    for index, line in enumerate(lines):
        match = _PYTHON.match(line)
        if match is None:
            continue
        shown = lines[index + 1] if index + 1 < len(lines) else ""
        if not shown.startswith("    ") or _PYTHON.match(shown):
            shown = ""
        marks = None
        carets = _CARETS.match(lines[index + 2]) if shown and index + 2 < len(lines) else None
        if carets:
            indent = len(shown) - len(shown.lstrip())
            start = len(carets[1]) - indent
            if start >= 0:
                marks = (start, start + len(carets[2]))
        placed.append(
            (
                index,
                Frame(match["file"], int(match["line"]), match["name"] or "", shown.strip(), marks),
            )
        )
    return placed


def _box_frames(lines: list[str]) -> list[tuple[int, Frame]]:
    placed = []
    head: re.Match[str] | None = None
    above = ""  # a long path is broken over several lines
    for index, line in enumerate(lines):
        inner = _inside_box(line)
        if inner is None or len(above) > _PATH_LIMIT:
            above = ""
            continue
        pointed = _BOX_LINE.match(inner)
        if pointed:
            if head is not None and head["line"] == pointed["line"]:
                text = pointed["text"].lstrip(f" {_BOX_SIDES}").rstrip()
                placed.append((index, Frame(head["file"], int(head["line"]), head["name"], text)))
                head = None
            continue
        joined = (
            _BOX_HEAD.match(above + inner)
            or _BOX_HEAD.match(f"{above} {inner}")
            or _BOX_HEAD.match(inner)
        )
        if joined:
            head, above = joined, ""
        elif re.match(r" *\d+ [│|┃]", inner) or not inner:
            above = ""
        else:
            above += inner
    return placed


_BOX_SIDES: Final = "│|┃"
_PATH_LIMIT: Final = 1000
_LINE_LIMIT: Final = 2000


def _inside_box(line: str) -> str | None:
    """What stands between the sides of a box; ``None`` for a line that is not in one."""
    bare = line.strip()
    if len(bare) > _LINE_LIMIT or not bare.startswith(tuple(_BOX_SIDES)):
        return None
    inner = bare[1:]
    if inner.endswith(tuple(_BOX_SIDES)):
        inner = inner[:-1]
    return inner.removeprefix(" ").rstrip()


def exception_of(text: str) -> tuple[str, str]:
    """The exception that ended it all, as (class name without its module, message)."""
    lines = text.rstrip().split("\n")
    for index in range(len(lines) - 1, -1, -1):
        match = _RAISED.match(lines[index].rstrip())
        if match is None:
            continue
        kind = match["kind"].rpartition(".")[2]
        follows_frames = index > 0 and bool(
            _BOX_EDGE.match(lines[index - 1])
            or _CARETS.match(lines[index - 1])
            or (index > 1 and _PYTHON.match(lines[index - 2]))
        )
        if _EXCEPTION_NAME.search(kind) or (follows_frames and match["text"] is not None):
            return kind, _whole_message(match["text"] or "", lines[index + 1 :])
    return "", ""


def _whole_message(first: str, rest: list[str]) -> str:
    """A message that Manim's boxes broke over lines ends in a line that is not full."""
    message = first.strip()[:_LINE_LIMIT]
    for line in rest[:4]:
        if not line.strip() or line.startswith((" ", "\t", *_BOX_SIDES)):
            break
        message += " " + line.strip()[:_LINE_LIMIT]
    return message
