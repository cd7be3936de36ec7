"""One thing that is wrong, with the line it is about, and its renderings.

All text may come from a cell or a server: it is escaped, and nothing in it can hide or reorder.
"""

from __future__ import annotations

import html
from enum import Enum
from typing import Any, Final, NamedTuple

from kodisc_jupyter.scene.cell import Origin, Source
from kodisc_jupyter.scene.excerpt import ExcerptLine, display_width, excerpt, visible

NO_REASON: Final = "the server gave no reason"
"""What is said in the place of a reason; :mod:`kodisc_jupyter.api.errors` has the same."""

NOTHING_CHARGED: Final = "Nothing was sent, so nothing was charged."

FULL_TITLE: Final = "The full error text"
"""What stands above :attr:`Diagnostic.full`, in the panel, the saved card and the terminal."""

MESSAGE_LIMIT: Final = 400
"""The longest message or hint, in characters."""


class Severity(str, Enum):
    """An error stops the cell, a warning is shown and does not."""

    ERROR = "error"
    WARNING = "warning"

    def __str__(self) -> str:
        return self.value


class Diagnostic(NamedTuple):
    """What went wrong, where, what it cost and what to do now.

    ``check`` is the stable name of what found it. ``line`` (1-based, as the reader numbers it) and
    ``column``, ``end_column`` (0-based, in characters, half-open) are places in ``origin``;
    ``None`` where there is no such place. ``charged`` is a sentence about credits. ``full`` is the
    whole text of the server, to be shown folded.
    """

    check: str
    severity: Severity
    message: str
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    hint: str = ""
    charged: str = ""
    excerpt: tuple[ExcerptLine, ...] = ()
    origin: Origin = "cell"
    full: str = ""

    @property
    def where(self) -> str:
        """``"line 3"``, ``"prelude, line 3"``, ``"the options"`` … or ``""``."""
        if self.line is None:
            return ""
        return {
            "cell": f"line {self.line}",
            "prelude": f"prelude, line {self.line}",
            "with": "in the --with values",
            "file": "in the code that writes the files of --file",
            "options": "in the options",
        }[self.origin]


def place(
    source: Source, line: int, column: int | None = None, end_column: int | None = None
) -> dict[str, Any]:
    """The fields of a :class:`Diagnostic` that say where: line ``line`` of ``source.code``."""
    origin, number = source.locate(line)
    lines, first = source.written(origin)
    index = min(max(number - first, 0), len(lines) - 1)
    shown = excerpt(lines, index, first, column, end_column)
    return {
        "line": number,
        "column": column,
        "end_column": end_column,
        "origin": origin,
        "excerpt": shown,
    }


def one_line(text: str) -> str:
    """A message on one line, cut where nobody would read on."""
    flat = " ".join(text.split())
    return flat if len(flat) <= MESSAGE_LIMIT else f"{flat[: MESSAGE_LIMIT - 1]}…"


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic for the panel. Marks count UTF-16 units, as JavaScript's strings do."""
    return {
        "check": diagnostic.check,
        "severity": str(diagnostic.severity),
        "message": visible(diagnostic.message),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "where": diagnostic.where,
        "hint": visible(diagnostic.hint),
        "charged": visible(diagnostic.charged),
        "origin": diagnostic.origin,
        "full": _block(diagnostic.full),
        "full_title": FULL_TITLE,
        "excerpt": [
            {
                "number": line.number,
                "text": line.text,
                "mark": [_utf16(line.text[:at]) for at in line.mark] if line.mark else None,
            }
            for line in diagnostic.excerpt
        ],
    }


def to_text(diagnostic: Diagnostic) -> str:
    """The diagnostic as plain text, the marked characters underlined with carets."""
    return _terminal(diagnostic, _PLAIN)


def to_ansi(diagnostic: Diagnostic) -> str:
    """The same words as :func:`to_text`, with a terminal's bold and dim."""
    return _terminal(diagnostic, _WEIGHTS)


_PLAIN: Final = dict.fromkeys(("error", "warning", "bold", "dim", "mark", "off"), "")
_WEIGHTS: Final = {
    # No red: JupyterLab shows an error's text on red, where a red word can hardly be read.
    **dict.fromkeys(("error", "warning", "bold", "mark"), "\x1b[1m"),
    "dim": "\x1b[2m",
    "off": "\x1b[0m",
}


def _terminal(diagnostic: Diagnostic, style: dict[str, str]) -> str:
    def styled(kind: str, text: str) -> str:
        return f"{style[kind]}{text}{style['off']}" if text else ""

    title = f"Kodisc {diagnostic.severity}"
    if diagnostic.where:
        title += f", {diagnostic.where}"
    severity = str(diagnostic.severity)
    lines = [
        styled(severity, f"{title}:") + " " + styled("bold", visible(diagnostic.message)),
    ]
    gutter = max((len(str(line.number)) for line in diagnostic.excerpt), default=0)
    for line in diagnostic.excerpt:
        pointer = ">" if line.mark else " "
        numbered = f"{pointer} {line.number:>{gutter}} |"
        lines.append(styled("dim", numbered) + (f" {line.text}" if line.text else ""))
        if line.mark:
            start, stop = line.mark
            pad = " " * (gutter + 3) + "| " + " " * display_width(line.text[:start])
            carets = "^" * max(1, display_width(line.text[start:stop]))
            lines.append(styled("dim", pad) + styled("mark", carets))
    if diagnostic.hint:
        lines.append(styled("bold", "Hint:") + " " + visible(diagnostic.hint))
    if diagnostic.charged:
        lines.append(styled("dim", visible(diagnostic.charged)))
    if diagnostic.full:
        lines.append(styled("dim", f"{FULL_TITLE}:"))
        lines.extend(f"    {line}".rstrip() for line in _block(diagnostic.full).split("\n"))
    return "\n".join(lines)


# JupyterLab's sanitiser (used while a notebook is not trusted) lets through hex and rgba() colours
# but no var(), so the text keeps the theme's own colour and every other colour is see-through or
# mid-tone: the same styles are readable on a light and on a dark page.
_ACCENT: Final = {"error": "#e5484d", "warning": "#d9930d"}
_TINT: Final = {"error": "rgba(229, 72, 77, 0.08)", "warning": "rgba(217, 147, 13, 0.1)"}
_MARK: Final = {"error": "rgba(229, 72, 77, 0.3)", "warning": "rgba(217, 147, 13, 0.35)"}
_SENTENCE: Final = 'style="max-width: 56em"'
_MONO: Final = "font-family: monospace; font-size: 13px; line-height: 1.5"
# A block that scrolls must be within the keyboard's reach.
_PRE: Final = (
    f'tabindex="0" style="{_MONO}; margin: 8px 0; padding: 6px 8px; overflow: auto; '
    'white-space: pre; border-radius: 3px; background-color: rgba(128, 128, 128, 0.12)"'
)


def to_html(diagnostic: Diagnostic) -> str:
    """The diagnostic as an HTML card that needs no style sheet and no script."""
    kind = str(diagnostic.severity)
    title = _title(diagnostic)
    parts = [
        f'<div class="kodisc-error" style="{_card(kind)}">',
        f"<div {_SENTENCE}><strong>{title}</strong> {_escape(diagnostic.message)}</div>",
    ]
    if diagnostic.excerpt:
        parts.append(f"<pre {_PRE}>{_excerpt_html(diagnostic.excerpt, kind)}</pre>")
    if diagnostic.hint:
        parts.append(f"<div {_SENTENCE}><strong>Hint:</strong> {_escape(diagnostic.hint)}</div>")
    if diagnostic.charged:
        parts.append(f'<div style="opacity: 0.8">{_escape(diagnostic.charged)}</div>')
    if diagnostic.full:
        parts.append(
            f"<details><summary>{FULL_TITLE}</summary>"
            f"<pre {_PRE}>{html.escape(_block(diagnostic.full))}</pre></details>"
        )
    parts.append("</div>")
    return "\n".join(parts)


def _card(kind: str) -> str:
    return (
        f"border-left: 4px solid {_ACCENT[kind]}; background-color: {_TINT[kind]}; "
        "padding: 8px 12px; margin: 4px 0; border-radius: 3px; font-size: 14px; line-height: 1.45; "
        "max-width: 852px"
    )


def _title(diagnostic: Diagnostic) -> str:
    where = f", {diagnostic.where}" if diagnostic.where else ""
    return f"Kodisc {diagnostic.severity}{where}:"


def _excerpt_html(lines: tuple[ExcerptLine, ...], kind: str) -> str:
    gutter = max(len(str(line.number)) for line in lines)
    rows = []
    for line in lines:
        pointer = "&gt;" if line.mark else " "
        number = f'<span style="opacity: 0.75">{pointer} {line.number:>{gutter}} | </span>'
        if line.mark is None:
            rows.append(number + html.escape(line.text))
            continue
        start, stop = line.mark
        marked = html.escape(line.text[start:stop]) or " "
        rows.append(
            f"{number}{html.escape(line.text[:start])}"
            f'<span style="background-color: {_MARK[kind]}; border-bottom: 2px solid '
            f'{_ACCENT[kind]}">{marked}</span>{html.escape(line.text[stop:])}'
        )
    return "\n".join(rows)


def _escape(text: str) -> str:
    return html.escape(visible(text))


def _block(text: str) -> str:
    """A text of several lines, made visible line by line."""
    return "\n".join(visible(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n"))


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
