"""The pictures of a cell: asked for, drawn on this machine, shown and saved. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.rules import STILLS_LIMIT
from kodisc_jupyter.notebook.backends import NOT_SENT, NowhereToRenderError, has_manim
from kodisc_jupyter.notebook.display import notices, words
from kodisc_jupyter.notebook.display.output.embedding import SERVER_LIMIT_BYTES
from kodisc_jupyter.notebook.front_end import BEHAVIOUR
from kodisc_jupyter.notebook.pictures.still import Still, Stills
from kodisc_jupyter.notebook.pictures.storyboard import Storyboard, storyboard_in_cell
from kodisc_jupyter.notebook.prepare import option_diagnostic, refused
from kodisc_jupyter.notebook.rehearsal.playing import (
    alone_limit_s,
    doubt_about,
    error_of,
    play_scene,
    rehearse_alone,
)
from kodisc_jupyter.notebook.save_paths import picture_paths
from kodisc_jupyter.renders.pictures import PictureRequest
from kodisc_jupyter.renders.rehearsal import Outcome, Rehearsal
from kodisc_jupyter.renders.rehearsal_request import can_rehearse
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED

if TYPE_CHECKING:
    from kodisc_jupyter.api.models import RenderRequest
    from kodisc_jupyter.notebook.front_end import FrontEnd
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.notebook.line.options import Options
    from kodisc_jupyter.notebook.prepare import PreparedCell
    from kodisc_jupyter.notebook.rehearsal.report import RehearsalReport
    from kodisc_jupyter.scene.cell import Source

ON_KODISC: Final = (
    "render the video on Kodisc and save its last frame: leave --still out and write "
    "--save picture.png."
)


class NoPictureError(KodiscError):
    """A picture was not drawn, for a reason that is not the scene's; nothing was sent."""


class Drawn(NamedTuple):
    """What was drawn of one scene, and what the scene printed meanwhile."""

    stills: Stills
    storyboard: Storyboard | None
    printed: str

    @property
    def value(self) -> Still | Stills | Storyboard | None:
        """What ``render()`` gives for it: one still, several, or the storyboard."""
        if self.stills:
            return self.stills[0] if len(self.stills) == 1 else self.stills
        return self.storyboard


def request_of(options: Options, line: str = "") -> PictureRequest:
    """The pictures that a line asks for: of times if there are some, else the last frame.

    Raises:
        SceneCheckError: they are too many.
    """
    at_s = tuple(dict.fromkeys(options.at))
    if len(at_s) > STILLS_LIMIT:
        message = f"--at is given {len(at_s)} times; {STILLS_LIMIT} pictures are the most."
        raise refused([option_diagnostic(message, "Use several cells.", line, "--at")])
    return PictureRequest(at_s, last=options.still and not at_s, storyboard=options.storyboard)


def draw_scene(
    request: RenderRequest,
    source: Source,
    kernel: KernelState,
    wanted: PictureRequest,
    *,
    line: str = "",
    alt: str = "",
    css_width: str | None = None,
    limit_s: float | None = None,
) -> Drawn:
    """Play a scene on this machine, for ``limit_s`` seconds at most, and draw what is wanted.

    Raises:
        SceneCheckError: the scene failed; or a time lies behind its end.
        NoPictureError: it took too long, or the render server did not do it.
        SubmissionInterruptedError: Ctrl-C; nothing was sent.
    """
    limit_s = limit_s or alone_limit_s(kernel.settings)
    rehearsal = play_scene(request, kernel.home, limit_s=limit_s, pictures=wanted)
    scene = request.class_name
    if rehearsal.error is not None:
        doubt = doubt_about(rehearsal.error)
        way_out = f"Perhaps only here: {doubt}. Then {ON_KODISC}" if doubt else ""
        raise refused([error_of(rehearsal, source, NOTHING_CHARGED, way_out)])
    _refuse_late(scene, rehearsal, wanted, line)
    missing = len(rehearsal.stills) < len(wanted.at_s) + wanted.last
    seen = rehearsal.storyboard is not None and rehearsal.storyboard.pictures
    if missing or (wanted.storyboard and not seen):
        raise _not_drawn(scene, rehearsal)
    stills = Stills(
        Still(scene, drawn.at_s, drawn.time_s, drawn.width, drawn.height, drawn.png, alt, css_width)
        for drawn in rehearsal.stills
    )
    storyboard = None
    if rehearsal.storyboard is not None:
        seconds = rehearsal.seconds if rehearsal.is_whole else None
        storyboard = storyboard_in_cell(
            scene, rehearsal.storyboard, source, seconds=seconds, alt=alt
        )
    return Drawn(stills, storyboard, rehearsal.printed)


def play_cell(
    kernel: KernelState,
    prepared: PreparedCell,
    options: Options,
    line: str = "",
    alts: Sequence[str] = (),
    css_width: str | None = None,
    *,
    show: bool = False,
) -> list[Any]:
    """``--rehearse``, ``--still``, ``--at``, ``--storyboard``: scene after scene; nothing is sent.

    ``alts`` has a text for each scene. With ``show`` all is shown below the cell. The answer has
    each scene's report, still, stills or storyboard.

    Raises:
        KodiscError: as :func:`draw_scene` or :func:`rehearse_alone`; or a file cannot be written.
    """
    wanted = request_of(options, line)
    stills = len(wanted.at_s) + wanted.last
    paths: list[list[Path]] = [[] for _ in prepared.requests]
    if options.pictures:
        paths = picture_paths(options.save, prepared.requests, stills, line)
        refuse_without_manim()
    share = SERVER_LIMIT_BYTES // max(1, stills * len(prepared.requests))
    results: list[Any] = []
    for request, alt, files in zip(prepared.requests, alts, paths, strict=True):
        if options.rehearse:
            report = rehearse_alone(request, prepared.source, kernel)
            results.append(report)
            if show:
                _show_report(kernel.front_end(), report)
        if stills or (wanted.storyboard and not options.rehearse):
            drawn = draw_scene(
                request, prepared.source, kernel, wanted, line=line, alt=alt, css_width=css_width
            )
            saved = [still.save(path) for still, path in zip(drawn.stills, files, strict=False)]
            if not options.rehearse:
                results.append(drawn.value)
            if show:
                _show(kernel.front_end(), drawn, saved, share)
    return results


def refuse_without_manim() -> None:
    """Pictures are drawn by Manim on this machine.

    Raises:
        NowhereToRenderError: it is not installed, or cannot be used here.
    """
    if not can_rehearse():
        raise NowhereToRenderError(
            f"Pictures are drawn on this machine, which Kodisc's render server does not run on "
            f"(Windows). {NOT_SENT}",
            hint=f"Use WSL; or {ON_KODISC}",
        )
    if not has_manim():
        raise NowhereToRenderError(
            f"Pictures are drawn by Manim on this machine, and it is not installed. {NOT_SENT}",
            hint=f'Two ways out: install it with pip install "kodisc-jupyter[local]"; or '
            f"{ON_KODISC}",
        )


def _refuse_late(scene: str, rehearsal: Rehearsal, wanted: PictureRequest, line: str) -> None:
    drawn = {one.at_s for one in rehearsal.stills}
    late = [at for at in wanted.at_s if at not in drawn]
    if not (rehearsal.is_whole and late and rehearsal.seconds is not None):
        return
    if rehearsal.seconds and late[0] <= rehearsal.seconds:
        return
    message = (
        f"The video of {words.name(scene)} lasts {rehearsal.seconds:g} s; it has no frame at "
        f"{late[0]:g} s."
    )
    hint = f"Use --at with a time from 0 to {rehearsal.seconds:g}, or --still for the last frame."
    raise refused([option_diagnostic(message, hint, line, f"{late[0]:g}", "--at")])


def _not_drawn(scene: str, rehearsal: Rehearsal) -> NoPictureError:
    """Why there is no picture, although the scene did not fail."""
    why = rehearsal.why or "the render server on this machine is of an older version"
    hint = "Try again, or look at %kodisc doctor."
    if rehearsal.outcome is Outcome.LIMIT:
        why = f"{why}, and it was not over"
        hint = "--at S shows a frame that comes earlier; the setting rehearsal_limit gives it time."
    elif rehearsal.is_whole:
        hint = "%kodisc local stop ends it; the next cell starts the new one."
    return NoPictureError(
        f"No picture of {words.name(scene)} was drawn: {why.rstrip('.')}. {NOT_SENT}", hint=hint
    )


def _show_report(front_end: FrontEnd, report: RehearsalReport) -> None:
    notices.show_warnings(report.warnings, front_end)
    notices.say(str(report))
    if report.storyboard is not None:
        notices.show_bundle(front_end, report.storyboard.bundle())


def _show(front_end: FrontEnd, drawn: Drawn, saved: Sequence[Path], share_bytes: int) -> None:
    """Show what was drawn; a Jupyter server surely passes a still of ``share_bytes`` on."""
    if printed := words.printed(drawn.printed):
        notices.say(printed)
    limit_bytes = None if BEHAVIOUR[front_end].waits else share_bytes
    for index, still in enumerate(drawn.stills):
        note = f"Saved as {saved[index].name}" if saved else ""
        notices.show_bundle(front_end, still.bundle(limit_bytes, note))
        if not saved and front_end.is_text:
            notices.say("A terminal shows no pictures: --save picture.png writes it to a file.")
    if drawn.storyboard is not None:
        notices.show_bundle(front_end, drawn.storyboard.bundle())
