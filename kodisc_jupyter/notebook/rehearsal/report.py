"""``--rehearse``: what a scene's rehearsal has shown, for a person and for a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.pictures.storyboard import Storyboard, storyboard_in_cell
from kodisc_jupyter.renders.media.outline import UNNAMED
from kodisc_jupyter.renders.rehearsal import Animation, Caption, Rehearsal, Section
from kodisc_jupyter.scene.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kodisc_jupyter.scene.cell import Source

SLOWEST_SHOWN: Final = 3

_SECTIONS_SHOWN: Final = 12


class SlowLine(NamedTuple):
    """A line of the cell: how many seconds it takes here, of how many, and its text."""

    line: int
    seconds: float
    of_s: float
    text: str


@dataclass(frozen=True)
class RehearsalReport:
    """A rehearsal of one scene; ``str()`` of it is what ``--rehearse`` prints.

    ``seconds`` and ``frames`` are the video's, None where its end was not seen: ``why`` says why.
    Lines are the cell's own. ``slowest`` are those that take most time to render, measured here.
    ``storyboard`` has a picture for each animation.
    """

    scene: str
    seconds: float | None
    frames: int | None
    animations: tuple[Animation, ...]
    sections: tuple[Section, ...]
    captions: tuple[Caption, ...]
    texts: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    slowest: tuple[SlowLine, ...]
    printed: str
    why: str
    storyboard: Storyboard | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        if self.storyboard is None:
            return {"text/plain": str(self)}
        html = f'<pre style="white-space:pre-wrap">{escape(str(self))}</pre>'
        return {
            **self.storyboard.bundle(),
            "text/html": html + self.storyboard.html(),
            "text/plain": f"{self}\n{self.storyboard.text()}",
        }


def report_of(
    scene: str, rehearsal: Rehearsal, source: Source, warnings: tuple[Diagnostic, ...]
) -> RehearsalReport:
    """The report of a rehearsal, with the cell's own line numbers."""
    whole = rehearsal.is_whole
    return RehearsalReport(
        scene=scene,
        seconds=rehearsal.seconds if whole else None,
        frames=rehearsal.frames if whole else None,
        animations=tuple(
            animation._replace(line=source.cell_line(animation.line))
            for animation in rehearsal.animations
        ),
        sections=tuple(section for section in rehearsal.sections if section.name not in UNNAMED),
        captions=rehearsal.captions,
        texts=rehearsal.texts,
        warnings=warnings,
        slowest=_slowest(rehearsal, source),
        printed=rehearsal.printed,
        why=rehearsal.why,
        storyboard=_storyboard(scene, rehearsal, source),
    )


def _storyboard(scene: str, rehearsal: Rehearsal, source: Source) -> Storyboard | None:
    drawn = rehearsal.storyboard
    if drawn is None or not drawn.pictures:
        return None
    seconds = rehearsal.seconds if rehearsal.is_whole else None
    return storyboard_in_cell(scene, drawn, source, seconds=seconds)


def _slowest(rehearsal: Rehearsal, source: Source) -> tuple[SlowLine, ...]:
    total = sum(seconds for _, seconds in rehearsal.slow)
    slowest = []
    for line, seconds in rehearsal.slow:
        number = source.cell_line(line)
        if number is not None:
            slowest.append(SlowLine(number, seconds, total, source.lines[line - 1].strip()))
    return tuple(slowest[:SLOWEST_SHOWN])


def _lines(report: RehearsalReport) -> list[str]:
    scene = words.name(report.scene)
    if report.seconds is None:
        lines = [f"Rehearsed {scene}, not to its end: {report.why.rstrip('.')}."]
    else:
        number = len(report.animations)
        length = f"{words.clock(report.seconds + 0.5)} of video"
        exactly = f"{report.seconds:.1f} s, {report.frames:,} frames"
        animations = f"{number} animation{'' if number == 1 else 's'}"
        lines = [f"Rehearsed {scene}: {length} ({exactly}), {animations}."]
    if report.sections:
        named = [
            f"{words.clock(section.start_s)} {words.name(section.name)}"
            for section in report.sections[:_SECTIONS_SHOWN]
        ]
        more = " …" if report.sections[_SECTIONS_SHOWN:] else ""
        lines.append(f"Sections: {' · '.join(named)}{more}")
    if report.captions:
        lines.append(f"Captions: {len(report.captions)}")
    if report.slowest:
        lines.append("What takes most of the time to render, measured on this machine:")
        lines += [
            f"  line {slow.line}: {100 * slow.seconds / slow.of_s:.0f} % ({slow.seconds:.1f} s)  "
            f"{words.name(slow.text, 80)}"
            for slow in report.slowest
        ]
    if printed := words.printed(report.printed):
        lines.append(printed)
    return [*lines, "Nothing was sent and nothing was charged."]
