"""A failed render's error text, brought home to the line of the cell that it is about."""

from __future__ import annotations

import re
from typing import Final

from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.diagnostics import NO_REASON, Diagnostic, Severity, one_line, place
from kodisc_jupyter.scene.failed_line import FailedLine
from kodisc_jupyter.scene.failure_hints import failure_hint
from kodisc_jupyter.scene.latex import latex_call, latex_message
from kodisc_jupyter.scene.request import Request, refusal
from kodisc_jupyter.scene.traceback_text import Frame, exception_of, frames, without_ansi

FULL_LIMIT: Final = 100_000
"""How much of the server's text is kept, in characters: its beginning and its end."""

_NOT_THE_USERS: Final = re.compile(
    r"site-packages|dist-packages|[/\\]lib[/\\]python|[/\\]manim[/\\]|^<frozen|[/\\]runpy\.py$"
)

_CALLED_WRONGLY: Final = re.compile(r"\b(\w+)\.(\w+)\(\) (?:takes \d|missing \d)")


def from_failure(error: str, source: Source | None, *, charged: str = "") -> Diagnostic:
    """What a failed job's ``error`` says, at the deepest frame in the user's code.

    The text may hold a Python or Manim traceback, LaTeX output, or one bare sentence; where
    nothing in it points into the source, the server's words are shown as they are. ``charged`` is
    the caller's sentence about credits.
    """
    text = without_ansi(_cut(error))
    kind, message = exception_of(text)
    latex = latex_message(text)
    if latex:
        sentence = f"LaTeX: {latex}"
    elif kind:
        sentence = f"{kind}: {_without_folders(message)}" if message else kind
    else:
        sentence = _first_words(text)
    at = _place(text, source, latex=bool(latex)) if source is not None else None
    line = FailedLine(source, at[0] if at else None)
    return Diagnostic(
        "render-failed",
        Severity.ERROR,
        one_line(sentence),
        hint=line.hint(message) or failure_hint(kind, message, latex, text, line.bases),
        charged=charged,
        full="" if sentence == text.strip() else text.strip("\n"),
        **(place(source, *at) if source is not None and at else {}),
    )


def from_invalid_request(
    error: str, *, field: str = "", detail: str = "", request: Request | None = None
) -> Diagnostic:
    """A 400 of the API, shown at the option that it is about; nothing was charged for it."""
    asked = request or Request()
    return refusal(
        (error or detail).rstrip("."),
        asked._replace(field=field or asked.field),
        "The request was refused, so nothing was charged.",
    )


def _cut(text: str) -> str:
    if len(text) <= FULL_LIMIT:
        return text
    half = FULL_LIMIT // 2
    cut = len(text) - 2 * half
    return f"{text[:half]}\n… {cut:,} characters left out …\n{text[-half:]}"


def _first_words(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    if not lines:
        return f"The render failed, and {NO_REASON}."
    return lines[-1] if "Traceback" in lines[0] else lines[0]


def _without_folders(message: str) -> str:
    """Manim lists every place where it looked for a file; the file's name says enough."""
    return re.sub(
        r"From: .*?, (could not find \S+) at either of these locations: .*", r"\1", message
    )


_Place = tuple[int, int | None, int | None]
"""A line of the source's ``code``, and the columns to mark (``None``: all of it)."""


def _place(text: str, source: Source, *, latex: bool) -> _Place | None:
    mine = [frame for frame in frames(text) if _is_users(frame, source)]
    if mine:
        deepest = mine[-1]
        line = source.lines[deepest.line - 1]
        if deepest.marks is None:
            return deepest.line, None, None
        indent = len(line) - len(line.lstrip())
        start, stop = (indent + at for at in deepest.marks)
        return deepest.line, start, stop
    return latex_call(text, source) if latex else _definition(text, source)


def _definition(text: str, source: Source) -> _Place | None:
    """The line that defines the method which was called in a way it does not take."""
    called = _CALLED_WRONGLY.search(text)
    if called:
        wanted = re.compile(rf"\s*(?:async )?def {called[2]}\(")
        start = next(
            (n for n, line in enumerate(source.lines) if re.match(rf"class {called[1]}\b", line)),
            None,
        )
        for number, line in enumerate(source.lines[start or 0 :], (start or 0) + 1):
            if start is not None and wanted.match(line):
                return number, None, None
    return None


def _is_users(frame: Frame, source: Source) -> bool:
    if not 1 <= frame.line <= len(source.lines):
        return False
    own = source.lines[frame.line - 1].strip()
    if frame.text:
        # Manim's boxes cut long lines off
        return bool(own) and (own == frame.text or _cut_off(own, frame.text))
    return not _NOT_THE_USERS.search(frame.file)


def _cut_off(own: str, shown: str) -> bool:
    start = shown.rstrip("…").rstrip()
    return len(start) > 40 and own.startswith(start)
