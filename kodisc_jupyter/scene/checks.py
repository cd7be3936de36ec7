"""The free checks: what is wrong with a cell, found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity
from kodisc_jupyter.scene.manim.suggestions import closest
from kodisc_jupyter.scene.reading.classes import Classes
from kodisc_jupyter.scene.reading.parser import CANNOT_PARSE, parse
from kodisc_jupyter.scene.reading.reading import Reading, read
from kodisc_jupyter.scene.reading.values import Values
from kodisc_jupyter.scene.request import Request, refusal, too_large
from kodisc_jupyter.scene.rules.imports import import_problems, manim_attributes, newer_names
from kodisc_jupyter.scene.rules.portability import leftover_calls, relative_files
from kodisc_jupyter.scene.rules.scenes import scene_problems
from kodisc_jupyter.scene.rules.semantics import semantic_problems
from kodisc_jupyter.scene.rules.surroundings import ignored_settings, waits_for_somebody
from kodisc_jupyter.scene.rules.tex import tex_problems
from kodisc_jupyter.scene.rules.undefined import replaced_values, undefined_names

CHECKS: Final[dict[str, str]] = {
    "syntax": "Python can read the cell",
    "ipython-syntax": "no shell command, magic or ? inside the cell",
    "no-scene": "the cell defines a scene",
    "which-scene": "a cell with several scenes says which of them to render",
    "no-such-scene": "the scene that was asked for is there",
    "not-a-scene": "the class that was asked for is a Scene",
    "no-construct": "the scene has a construct method that Manim can call",
    "duplicate-scene": "a scene is defined once (warning)",
    "hidden-name": "the scene does not hide a name of Manim that it uses",
    "undefined-name": "every name is defined in the cell, the prelude, Python or Manim",
    "not-sent": "notebook variables that are used are sent along",
    "replaced-value": "no import replaces a value that was sent along",
    "manimgl": "no names of ManimGL, which Kodisc does not render with",
    "newer-manim": "no names that came after the Manim version Kodisc was seen with (warning)",
    "local-import": "no imports of your own files, which are not sent",
    "relative-file": "no files opened by a relative path that are not sent along (warning)",
    "leftover-call": "no leftover calls that render by themselves (warning)",
    "waits-for-input": "nothing waits for somebody to type or to click",
    "ignored-setting": "no size, rate or format set in the cell, where it is ignored (warning)",
    "semantics": "options, methods and arguments that Manim has, and LaTeX it can set",
    "request": "quality, aspect ratio, fps, webhook and metadata by the API's own rules",
    "too-large": "the request is not larger than the API takes",
    "rehearsal": "the scene plays to its end on this machine, without being drawn",
    "layout": "nothing leaves the frame, covers a text or is too small to read (warning)",
    "too-deep": "the cell is not nested too deeply to be checked (warning)",
}
"""Every check by its name, with what holds when it passes; each can be switched off by name."""


class Checked(NamedTuple):
    """What the checks found: problems in the order of the text, and which scenes to render."""

    diagnostics: tuple[Diagnostic, ...]
    scenes: tuple[str, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The problems that stop the cell."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The problems that are shown and do not stop it."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.WARNING)


def check(
    source: Source,
    scenes: Sequence[str] = (),
    *,
    notebook_names: Collection[str] = (),
    local_modules: Collection[str] = (),
    request: Request | None = None,
    limit_bytes: int = 0,
    disabled: Collection[str] = (),
) -> Checked:
    """Check a source without running it.

    ``scenes`` are the names that were asked for; none means the cell's only scene.
    ``notebook_names`` are the notebook's variables; given as a mapping to their values, hints can
    tell a module from a number. ``local_modules`` are modules in the user's folder. ``request`` is
    what is known of the request around it, and ``limit_bytes`` how large that may be (0: do not
    look). Every name in ``disabled`` is one of :data:`CHECKS`.

    Raises:
        ValueError: ``disabled`` has a name that is no check.
    """
    _refuse_unknown(disabled)
    request = request or Request()
    problems: list[Diagnostic] = []
    if request.broken_rule:
        problems.append(refusal(request.broken_rule, request, NOTHING_CHARGED))
    size = request.body_bytes or len(source.code.encode("utf-8", "surrogatepass"))
    if limit_bytes and size > limit_bytes:
        problems.append(too_large(size, limit_bytes, request))
    chosen = tuple(scenes)
    try:
        reading = read(source, chosen)
        if isinstance(reading, Diagnostic):
            problems.append(reading)
        else:
            chosen = reading.scenes
            if request.field not in {"code", "className"} or not request.broken_rule:
                problems.extend(scene_problems(reading, request))
            problems.extend(_code_problems(reading, notebook_names, local_modules))
    except (RecursionError, MemoryError):
        problems.append(_TOO_DEEP)
    return Checked(_without(problems, disabled), chosen)


def check_prelude(source: Source, *, disabled: Collection[str] = ()) -> Checked:
    """Check shared imports and helpers like a cell, apart from what is about a scene to render.

    Raises:
        ValueError: ``disabled`` has a name that is no check.
    """
    _refuse_unknown(disabled)
    problems: list[Diagnostic] = []
    try:
        reading = read(source, whole=True)
        if isinstance(reading, Diagnostic):
            problems.append(reading)
        else:
            problems.extend(_code_problems(reading, (), ()))
    except (RecursionError, MemoryError):
        problems.append(_TOO_DEEP)
    return Checked(_without(problems, disabled), ())


def _refuse_unknown(disabled: Collection[str]) -> None:
    unknown = sorted(set(disabled) - set(CHECKS))
    if unknown:
        close = closest(unknown[0], CHECKS)
        meant = f" Did you mean {close}?" if close else f" There are: {', '.join(CHECKS)}."
        raise ValueError(f"There is no check called {unknown[0]}.{meant}")


def _without(problems: list[Diagnostic], disabled: Collection[str]) -> tuple[Diagnostic, ...]:
    # The lines that write the files are ours: what is unusual in them is nobody's mistake.
    enabled = [
        problem
        for problem in problems
        if problem.check not in disabled and problem.origin != "file"
    ]
    return tuple(sorted(enabled, key=_in_text_order))


_TOO_DEEP: Final = Diagnostic(
    "too-deep",
    Severity.WARNING,
    "The cell is nested too deeply to be checked.",
    hint="Split the longest expression into several.",
)


def _in_text_order(problem: Diagnostic) -> tuple[int, int, int]:
    origins = ["options", "file", "prelude", "with", "cell"]
    return (origins.index(problem.origin), problem.line or 0, problem.column or 0)


def _code_problems(
    reading: Reading, notebook_names: Collection[str], local_modules: Collection[str]
) -> Iterator[Diagnostic]:
    yield from undefined_names(reading, notebook_names)
    yield from import_problems(reading, local_modules)
    yield from replaced_values(reading)
    yield from manim_attributes(reading)
    yield from newer_names(reading)
    yield from relative_files(reading)
    yield from leftover_calls(reading)
    yield from waits_for_somebody(reading)
    yield from ignored_settings(reading)
    values = Values(reading)
    yield from semantic_problems(reading, values)
    yield from tex_problems(reading, values)


_CLASS: Final = r"^class\s+(\w+)\s*\(([^)]*)\)?"


def find_scenes(code: str) -> tuple[str, ...]:
    """The scenes that a cell defines, for completion; works on half-typed code, never raises."""
    try:
        return Classes(parse(code)).scenes()
    except CANNOT_PARSE:
        return tuple(
            dict.fromkeys(
                name for name, bases in re.findall(_CLASS, code, re.MULTILINE) if "Scene" in bases
            )
        )
