"""A cell's scene is played on this machine: what came of it, and what is said of that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.api.errors import SubmissionInterruptedError
from kodisc_jupyter.notebook.backends import NOT_SENT, NowhereToRenderError, has_manim
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.prepare import refused
from kodisc_jupyter.notebook.rehearsal.report import RehearsalReport, report_of
from kodisc_jupyter.renders.pictures import PictureRequest
from kodisc_jupyter.renders.rehearsal import Outcome, Rehearsal, SceneError
from kodisc_jupyter.renders.rehearsal_request import can_rehearse, rehearse
from kodisc_jupyter.scene.diagnostics import (
    NOTHING_CHARGED,
    Diagnostic,
    Severity,
    one_line,
    place,
)
from kodisc_jupyter.scene.evidence import SceneFailure, unproven
from kodisc_jupyter.scene.failures import from_failure

if TYPE_CHECKING:
    from kodisc_jupyter.api.models import RenderRequest
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.notebook.settings import KodiscSettings
    from kodisc_jupyter.scene.cell import Source

WAY_OUT: Final = (
    "If it is right all the same, --no-rehearsal sends it; "
    'rehearse="never" or KODISC_REHEARSE=never switches rehearsals off.'
)

ALONE_LIMIT_S: Final = 60.0
"""Seconds that a rehearsal by itself may take: no render waits for it."""


def rehearse_alone(request: RenderRequest, source: Source, kernel: KernelState) -> RehearsalReport:
    """Rehearse a scene that is not to be sent, and measure where the time goes.

    Raises:
        SceneCheckError: the scene failed, with an error that it would have on Kodisc, too.
        NowhereToRenderError: Manim is not installed here.
    """
    if not (can_rehearse() and has_manim()):
        raise NowhereToRenderError(
            f"A rehearsal needs Manim on this machine. {NOT_SENT}",
            hint='Install it with: pip install "kodisc-jupyter[local]"; or look for mistakes '
            "with --check, which needs nothing.",
        )
    settings = kernel.settings
    off = settings.disabled_checks()
    rehearsal = play_scene(
        request,
        kernel.home,
        limit_s=alone_limit_s(settings),
        measure=True,
        pictures=PictureRequest(storyboard=True),
    )
    rehearsal = passed_rehearsal(rehearsal, source)
    warnings = warnings_of(rehearsal, source, cloud=False)
    return report_of(
        request.class_name,
        rehearsal,
        source,
        tuple(warning for warning in warnings if warning.check not in off),
    )


def alone_limit_s(settings: KodiscSettings) -> float:
    """Seconds for a scene that is played for its own sake."""
    return max(ALONE_LIMIT_S, settings.rehearsal_limit)


def passed_rehearsal(
    rehearsal: Rehearsal, source: Source, charged: str = NOTHING_CHARGED
) -> Rehearsal:
    """A scene that was played, unless it failed; the answer says what could not be seen.

    Raises:
        SceneCheckError: the scene failed, with an error that it would have on Kodisc, too.
    """
    if rehearsal.error is None:
        return rehearsal
    doubt = doubt_about(rehearsal.error)
    if doubt:
        return replace(rehearsal, why=doubt)
    raise refused([error_of(rehearsal, source, charged)])


def play_scene(
    request: RenderRequest,
    home: Path,
    *,
    limit_s: float,
    measure: bool = False,
    pictures: PictureRequest | None = None,
    charged: str = NOTHING_CHARGED,
) -> Rehearsal:
    """Play a scene, whatever comes of it.

    Raises:
        SubmissionInterruptedError: Ctrl-C; nothing was sent.
    """
    try:
        rehearsal = rehearse(request, home, limit_s=limit_s, measure=measure, pictures=pictures)
    except KeyboardInterrupt:
        sentence = f"Interrupted while {request.class_name} was rehearsed. {charged}"
        raise SubmissionInterruptedError(sentence, attempts=0, uncertain=0) from None
    if rehearsal.outcome is Outcome.LIMIT:
        return replace(rehearsal, why=f"the rehearsal's limit of {limit_s:g} s was reached")
    return rehearsal


def doubt_about(error: SceneError) -> str:
    """Why the error may be this machine's alone; empty where it would be the same on Kodisc."""
    return unproven(_failure(error), exists=os.path.exists)


def _failure(error: SceneError) -> SceneFailure:
    return SceneFailure(
        kinds=error.kinds,
        message=error.message,
        text=error.text,
        name=error.name,
        path=error.path,
        classes=error.classes,
        latex=error.latex,
        known=error.known,
    )


def error_of(
    rehearsal: Rehearsal, source: Source, charged: str, way_out: str = WAY_OUT
) -> Diagnostic:
    """The scene's error at the cell's line, as a failed render has it."""
    assert rehearsal.error is not None
    diagnostic = from_failure(rehearsal.error.text, source, charged=charged)
    full = diagnostic.full or rehearsal.error.text
    printed = words.printed(rehearsal.printed)
    full += f"\n\n{printed}" if printed else ""
    hint = f"{diagnostic.hint} {way_out}".strip()
    return diagnostic._replace(check="rehearsal", hint=hint, full=full)


def warnings_of(rehearsal: Rehearsal, source: Source, *, cloud: bool) -> list[Diagnostic]:
    """What is worth knowing before the render goes out, and stops nothing."""
    return [
        *_about_files(rehearsal, source),
        *_about_layout(rehearsal, source),
        *_about_prints(rehearsal, cloud=cloud),
    ]


_LAYOUT: Final = {
    "outside": (
        "{what} is outside the frame from {at} on.",
        "Move it, scale it, or use to_edge; remove what is no longer needed.",
    ),
    "overlap": (
        "{what} overlap from {at} on.",
        "Move one of them (next_to, arrange), or fade it out first.",
    ),
    "small": (
        "{what} is too small to read at this quality, from {at} on.",
        "Make it larger (font_size, scale), or choose a higher quality.",
    ),
}


def _about_layout(rehearsal: Rehearsal, source: Source) -> Iterator[Diagnostic]:
    for kind, line, at_s, what in rehearsal.layout:
        if kind in _LAYOUT:
            message, hint = _LAYOUT[kind]
            sentence = message.format(what=words.name(what, 140), at=words.clock(at_s))
            yield _warning(source, "layout", line, sentence, hint)


def _about_files(rehearsal: Rehearsal, source: Source) -> Iterator[Diagnostic]:
    for path, line in rehearsal.files:
        beside = Path(path).is_relative_to(Path.cwd())
        known = str(Path(path).relative_to(Path.cwd())) if beside else ""
        way = (
            f"Send it along with --file {known}, and open it by that path."
            if known
            else "Copy it beside the notebook, send it along with --file, and open it by its name."
        )
        yield _warning(
            source,
            "rehearsal",
            line,
            f"{path} is a file on this machine; Kodisc does not have it.",
            way,
        )


def _about_prints(rehearsal: Rehearsal, *, cloud: bool) -> Iterator[Diagnostic]:
    printed = rehearsal.printed.strip()
    if printed and cloud:
        yield Diagnostic(
            "rehearsal",
            Severity.WARNING,
            one_line(
                f"The scene prints, and Kodisc does not send that back. Here it printed: "
                f"{printed[: words.PRINTED_LIMIT]}"
            ),
        )


def _warning(source: Source, check: str, line: int | None, message: str, hint: str) -> Diagnostic:
    known = line is not None and 1 <= line <= len(source.lines)
    where = place(source, line) if known and line is not None else {}
    return Diagnostic(check, Severity.WARNING, one_line(message), hint=hint, **where)
