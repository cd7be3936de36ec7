"""What the API's own rules say about a request, put at the option that it is about."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity, one_line
from kodisc_jupyter.scene.excerpt import shown_line

_HINTS: Final[dict[str, str]] = {
    "code": "Write the scene below the %%kodisc line.",
    "className": "Use only the letters a to z, digits and _, and do not begin with a digit.",
}
"""What to do about the fields that no option writes."""


class Request(NamedTuple):
    """The request around a source, as plain values.

    ``broken_rule`` is the API's sentence about it and ``field`` the field that it is about;
    ``body_bytes`` is its size as JSON; ``options`` the magic's line as typed, and ``options_line``
    its number. ``words`` are the spellings of the option that writes ``field``, the longest
    first, and ``hint`` what to do about it. ``files`` are those that are sent along, with their
    sizes in bytes.
    """

    broken_rule: str | None = None
    field: str = ""
    body_bytes: int = 0
    options: str = ""
    options_line: int = 1
    words: tuple[str, ...] = ()
    hint: str = ""
    files: tuple[tuple[str, int], ...] = ()


FILES_NAMED: Final = 5


def too_large(size_bytes: int, limit_bytes: int, request: Request) -> Diagnostic:
    """A request that is larger than the API takes."""
    message = f"The request is {size_bytes:,} bytes; the API takes at most {limit_bytes:,}."
    hint = "Shorten the cell, or compute long data in the scene instead of sending it."
    place: dict[str, Any] = {}
    if request.files:
        largest = sorted(request.files, key=lambda file: -file[1])
        named = [f"{path} {size:,} bytes" for path, size in largest[:FILES_NAMED]]
        named += [f"{len(largest) - FILES_NAMED} more"] if largest[FILES_NAMED:] else []
        message += f" Its files, before they are compressed: {', '.join(named)}."
        hint = "Send less: a picture can be scaled down, as in --file picture.png:512."
        place = _place(request, word_span(request.options, "--file"))
    return Diagnostic(
        "too-large", Severity.ERROR, message, hint=hint, charged=NOTHING_CHARGED, **place
    )


def at_scene_name(request: Request, name: str) -> dict[str, Any]:
    """The fields of a diagnostic that point at a scene's name in the options."""
    return _place(request, word_span(request.options, name))


def word_span(line: str, word: str) -> tuple[int, int] | None:
    """Where a word stands on a line, not where it is a part of another one."""
    match = re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)", line)
    return match.span() if match else None


def refusal(sentence: str, request: Request, charged: str) -> Diagnostic:
    """The API's sentence about one field, shown at the option that set it."""
    return Diagnostic(
        "request",
        Severity.ERROR,
        one_line(f"{sentence}."),
        hint=request.hint or _HINTS.get(request.field, ""),
        charged=charged,
        **_place(request, _option(request)),
    )


def _place(request: Request, mark: tuple[int, int] | None) -> dict[str, Any]:
    if mark is None:
        return {"origin": "options"}
    return {
        "origin": "options",
        "line": request.options_line,
        "column": mark[0],
        "end_column": mark[1],
        "excerpt": (shown_line(request.options_line, request.options, mark),),
    }


def _option(request: Request) -> tuple[int, int] | None:
    """Where in the options line the field was set: the option with its value."""
    if request.field == "className":
        match = re.search(r"%%?\w+\s+([^\s-]\S*)", request.options)
        return match.span(1) if match else None
    for option in request.words:
        match = re.search(
            rf"(?<!\S){option}(?:[=\s]\s*|(?=[^\s-]))(?:'[^']*'|\"[^\"]*\"|\S+)", request.options
        )
        if match:
            return match.span()
    return None
