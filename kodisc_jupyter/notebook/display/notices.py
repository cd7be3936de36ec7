"""Words that are no panel: warnings, the answer of ``--check``, the frame of an error."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from kodisc_jupyter.api.credits import balance_text
from kodisc_jupyter.api.errors import InsufficientCreditsError, InvalidRequestError, KodiscError
from kodisc_jupyter.api.render_request import RenderRequest
from kodisc_jupyter.notebook.front_end import BEHAVIOUR, FrontEnd
from kodisc_jupyter.scene.diagnostics import Diagnostic, Severity, to_ansi, to_html, to_text

_BOLD, _OFF = "\x1b[1m", "\x1b[0m"


def say(text: str) -> None:
    """A line of text below the cell; not flushed, else each line is an output of its own."""
    sys.stdout.write(f"{text}\n")


def show_warnings(warnings: Sequence[Diagnostic], front_end: FrontEnd) -> None:
    """Warnings do not stop a cell; they stand above its panel."""
    if not warnings:
        return
    if front_end.is_text:
        for warning in warnings:
            say(to_ansi(warning))
        return
    text, html = "\n".join(map(to_text, warnings)), "".join(map(to_html, warnings))
    show_text_or_html(front_end, text, html)


def show_text_or_html(front_end: FrontEnd, text: str, html: str) -> None:
    """HTML below the cell with plain text beside it; in a terminal the text."""
    show_bundle(front_end, {"text/html": html, "text/plain": text})


def show_bundle(front_end: FrontEnd, bundle: Mapping[str, Any]) -> None:
    """Show all forms of something below the cell; in a terminal, or without HTML, the text."""
    if front_end.is_text or not bundle["text/html"]:
        say(bundle["text/plain"])
    elif front_end is FrontEnd.MARIMO:
        from kodisc_jupyter.notebook.display.marimo_output import show_html

        show_html(bundle["text/html"])
    else:
        from IPython.display import publish_display_data

        publish_display_data(bundle)  # type: ignore[no-untyped-call, unused-ignore]


def checks_passed(requests: Sequence[RenderRequest], warnings: Sequence[Diagnostic]) -> str:
    """What ``--check`` says when nothing stops the cell."""
    scenes = ", ".join(request.class_name for request in requests)
    sentence = (
        f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}" if warnings else "no mistake"
    )
    return f"Checked {scenes}: {sentence} found. Nothing was sent and nothing was charged."


def at_option(error: KodiscError, line: str) -> Diagnostic | None:
    """A 400 of the API, brought home to the option it is about; ``None`` for other errors."""
    if not isinstance(error, InvalidRequestError):
        return None
    from kodisc_jupyter.notebook.prepare import request_facts
    from kodisc_jupyter.scene.failures import from_invalid_request

    return from_invalid_request(
        error.error or error.message,
        field=error.field or "",
        detail=error.detail or "",
        request=request_facts(line, field=error.field or ""),
    )


def frame(error: KodiscError, problem: Diagnostic | None) -> str:
    """An error as the cell's error output shows it: as every other mistake."""
    return to_ansi(problem or diagnostic_of(error))


def diagnostic_of(error: KodiscError) -> Diagnostic:
    """An error of the API, a budget or this machine, in the form of all mistakes."""
    return Diagnostic(
        type(error).__name__,
        Severity.ERROR,
        " ".join(error.message.split()),
        hint=" ".join(error.hint.split()),
    )


def _with_balance(error: InsufficientCreditsError, front_end: FrontEnd) -> Diagnostic:
    """What there is, where no file keeps what is shown; else how to see it."""
    problem = diagnostic_of(error)
    unsaved = front_end.is_text
    balance = balance_text(error.balance) if unsaved else "%kodisc shows your balance."
    return problem._replace(hint=f"{balance} {problem.hint}")


def show_refusal(error: KodiscError, problem: Diagnostic | None, front_end: FrontEnd) -> None:
    """Prepare an error to be raised: where a page is live, the card says it all.

    The cell's error output then has one line, which also stops "Run All".
    """
    if error.frames:
        return
    if isinstance(error, InsufficientCreditsError):
        problem = _with_balance(error, front_end)
    if not BEHAVIOUR[front_end].live or front_end is FrontEnd.MARIMO:
        error.frames = [frame(error, problem)]
        return
    problem = problem or diagnostic_of(error)
    show_text_or_html(front_end, to_text(problem), to_html(problem))
    first, stop, _ = problem.message.partition(". ")
    error.frames = [f"{_BOLD}{type(error).__name__}{_OFF}: {first}{stop.strip()}"]
