"""The free checks: what is wrong with a cell, found before anything is sent."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from kodisc_jupyter.scene.cell import Source
from kodisc_jupyter.scene.classes import Classes, Kind, bound_in
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity, one_line
from kodisc_jupyter.scene.imports import import_problems, manim_attributes, newer_names
from kodisc_jupyter.scene.parsing import CANNOT_PARSE, parse
from kodisc_jupyter.scene.portability import leftover_calls, relative_files
from kodisc_jupyter.scene.reading import Reading, read
from kodisc_jupyter.scene.replaced import replaced_values
from kodisc_jupyter.scene.request import Request, at_scene_name, refusal, too_large
from kodisc_jupyter.scene.undefined import closest, undefined_names

CHECKS: Final[dict[str, str]] = {
    "syntax": "Python can read the cell",
    "ipython-syntax": "no shell command, magic or ? inside the cell",
    "no-scene": "the cell defines a scene",
    "which-scene": "a cell with several scenes says which of them to render",
    "no-such-scene": "the scene that was asked for is there",
    "not-a-scene": "the class that was asked for is a Scene",
    "no-construct": "the scene has a construct method",
    "duplicate-scene": "a scene is defined once",
    "undefined-name": "every name is defined in the cell, the prelude, Python or Manim",
    "not-sent": "notebook variables that are used are sent along",
    "replaced-value": "no import replaces a value that was sent along",
    "manimgl": "no names of ManimGL, which Kodisc does not render with",
    "newer-manim": "no names that came after the Manim version Kodisc was seen with (warning)",
    "local-import": "no imports of your own files, which are not sent",
    "relative-file": "no files opened by a relative path (warning)",
    "leftover-call": "no leftover calls that render by themselves (warning)",
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

    @property
    def ok(self) -> bool:
        """Whether the cell may be sent."""
        return not self.errors


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
    _known(disabled)
    request = request or Request()
    found: list[Diagnostic] = []
    if request.broken_rule:
        found.append(refusal(request.broken_rule, request, NOTHING_CHARGED))
    size = request.body_bytes or len(json.dumps(source.code))
    if limit_bytes and size > limit_bytes:
        found.append(too_large(size, limit_bytes))
    chosen = tuple(scenes)
    try:
        reading = read(source)
        if isinstance(reading, Diagnostic):
            found.append(reading)
        else:
            chosen = chosen or _only_scene(reading)
            if request.field not in {"code", "className"} or not request.broken_rule:
                found.extend(_about_scenes(reading, chosen, request))
            found.extend(_about_code(reading, notebook_names, local_modules))
    except (RecursionError, MemoryError):
        found.append(_TOO_DEEP)
    return Checked(_kept(found, disabled), chosen)


def check_prelude(source: Source, *, disabled: Collection[str] = ()) -> Checked:
    """Check shared imports and helpers like a cell, apart from what is about a scene to render.

    Raises:
        ValueError: ``disabled`` has a name that is no check.
    """
    _known(disabled)
    found: list[Diagnostic] = []
    try:
        reading = read(source)
        if isinstance(reading, Diagnostic):
            found.append(reading)
        else:
            found.extend(_about_code(reading, (), ()))
    except (RecursionError, MemoryError):
        found.append(_TOO_DEEP)
    return Checked(_kept(found, disabled), ())


def _known(disabled: Collection[str]) -> None:
    unknown = sorted(set(disabled) - set(CHECKS))
    if unknown:
        close = closest(unknown[0], CHECKS)
        meant = f" Did you mean {close}?" if close else f" There are: {', '.join(CHECKS)}."
        raise ValueError(f"There is no check called {unknown[0]}.{meant}")


def _kept(found: list[Diagnostic], disabled: Collection[str]) -> tuple[Diagnostic, ...]:
    kept = [problem for problem in found if problem.check not in disabled]
    return tuple(sorted(kept, key=_in_text_order))


_TOO_DEEP: Final = Diagnostic(
    "too-deep",
    Severity.WARNING,
    "The cell is nested too deeply to be checked.",
    hint="Split the longest expression into several.",
)


def _in_text_order(problem: Diagnostic) -> tuple[int, int, int]:
    origins = ["options", "prelude", "with", "cell"]
    return (origins.index(problem.origin), problem.line or 0, problem.column or 0)


def _about_code(
    reading: Reading, notebook_names: Collection[str], local_modules: Collection[str]
) -> Iterator[Diagnostic]:
    yield from undefined_names(reading, notebook_names)
    yield from import_problems(reading, local_modules)
    yield from replaced_values(reading)
    yield from manim_attributes(reading)
    yield from newer_names(reading)
    yield from relative_files(reading)
    yield from leftover_calls(reading)


def _about_scenes(
    reading: Reading, chosen: tuple[str, ...], request: Request
) -> Iterator[Diagnostic]:
    if not chosen:
        yield _cannot_choose(reading)
    for name in dict.fromkeys(chosen):
        yield from _scene_problems(reading, name, request)


def _only_scene(reading: Reading) -> tuple[str, ...]:
    candidates = _renderable(reading)
    return candidates if len(candidates) == 1 else ()


def _renderable(reading: Reading) -> tuple[str, ...]:
    """Scenes of the cell; those without a ``construct`` are bases, unless there is nothing else."""
    classes = reading.classes
    mine = [
        name
        for name in classes.scenes()
        if reading.source.locate(classes.definitions[name][-1].lineno)[0] == "cell"
    ]
    complete = tuple(name for name in mine if classes.method(name, "construct"))
    return complete or tuple(mine)


def _cannot_choose(reading: Reading) -> Diagnostic:
    candidates = _renderable(reading)
    if candidates:
        return reading.error(
            "which-scene",
            _name_of(reading.classes.definitions[candidates[1]][-1]),
            f"The cell defines {len(candidates)} scenes: {', '.join(candidates)}.",
            f"Say which to render: %%kodisc {candidates[0]}, or all: "
            f"%%kodisc {' '.join(candidates)}.",
        )
    classes = reading.classes
    others = list(classes.definitions)
    if others:
        # The one with a construct was probably meant to be a scene.
        meant = next((n for n in others if classes.method(n, "construct")), others[-1])
        node = classes.definitions[meant][-1]
        return reading.error(
            "no-scene",
            _name_of(node),
            f"The cell defines no scene: {meant} is not a Scene.",
            f"Write `class {meant if not node.bases else 'MyScene'}(Scene):`.",
        )
    return reading.error(
        "no-scene",
        None,
        "The cell defines no scene.",
        "Write `class MyScene(Scene):` with a `construct` method.",
    )


def _scene_problems(reading: Reading, name: str, request: Request) -> Iterable[Diagnostic]:
    classes = reading.classes
    nodes = classes.definitions.get(name)
    if nodes is None:
        if name not in reading.scopes.defined or name in reading.scopes.stars:
            yield _no_such_scene(reading, name, request)
        return
    node = nodes[-1]
    if classes.kind(name) is Kind.OTHER:
        yield reading.error(
            "not-a-scene",
            _name_of(node),
            f"{name} is not a Scene.",
            f"Write `class {name}(Scene):`."
            if not node.bases
            else "Give it a Scene as its base: `(Scene)`, `(MovingCameraScene)`, `(ThreeDScene)`.",
        )
    elif classes.kind(name) is Kind.SCENE and classes.surely_no_construct(name):
        close = closest("construct", bound_in(node))
        yield reading.error(
            "no-construct",
            _name_of(node),
            f"{name} has no construct method, so there is nothing to render.",
            f"Rename {close} to construct."
            if close
            else "Put the animations into `def construct(self):`.",
        )
    for repeated in classes.repeated:
        if repeated.name == name:
            yield _repeated(reading, repeated, nodes[0])


def _no_such_scene(reading: Reading, name: str, request: Request) -> Diagnostic:
    there = reading.classes.scenes()
    close = closest(name, there)
    hint = f"Did you mean {close}? " if close else ""
    hint += f"Scenes here: {', '.join(there)}." if there else "No scene is defined here."
    return Diagnostic(
        "no-such-scene",
        Severity.ERROR,
        one_line(f"There is no scene called {name}."),
        hint=one_line(hint),
        charged=NOTHING_CHARGED,
        **at_scene_name(request, name),
    )


def _repeated(reading: Reading, second: ast.ClassDef, first: ast.ClassDef) -> Diagnostic:
    origin, line = reading.source.locate(first.lineno)
    if origin == "cell":
        return reading.error(
            "duplicate-scene",
            _name_of(second),
            f"{second.name} is defined twice; the first is on line {line}.",
            "Delete one, or give it another name.",
        )
    return reading.warning(
        "duplicate-scene",
        _name_of(second),
        f"{second.name} is also defined in the prelude; this one is rendered.",
        "Give it another name if that is not what you mean.",
    )


def _name_of(node: ast.ClassDef) -> ast.AST:
    """The line `class Name(…):` alone, without decorators and body."""
    head = ast.Name(id=node.name)
    head.lineno = head.end_lineno = node.lineno
    head.col_offset = node.col_offset
    head.end_col_offset = node.col_offset + len("class ") + len(node.name.encode())
    return head


_CLASS: Final = re.compile(r"^class\s+(\w+)\s*\(([^)]*)\)?", re.MULTILINE)


def find_scenes(code: str) -> tuple[str, ...]:
    """The scenes that a cell defines, for completion; works on half-typed code, never raises."""
    try:
        return Classes(parse(code)).scenes()
    except CANNOT_PARSE:
        return tuple(
            dict.fromkeys(name for name, bases in _CLASS.findall(code) if "Scene" in bases)
        )
