"""``render()``: from Python what the magic does in a cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.notebook.line.cell_line import from_python
from kodisc_jupyter.notebook.line.values import OptionError
from kodisc_jupyter.notebook.prepare import CellContext, option_diagnostic, refused

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.notebook.line.options import Options
    from kodisc_jupyter.notebook.pictures.still import Still, Stills
    from kodisc_jupyter.notebook.pictures.storyboard import Storyboard
    from kodisc_jupyter.notebook.rehearsal.report import RehearsalReport
    from kodisc_jupyter.renders.render import Render


@overload
def render(
    code: str | type, scene: str | None = None, *, rehearse: Literal[True], **options: Any
) -> RehearsalReport: ...


@overload
def render(
    code: str | type, scene: str | None = None, *, at: Sequence[float], **options: Any
) -> Stills: ...


@overload
def render(
    code: str | type, scene: str | None = None, *, at: float | str, **options: Any
) -> Still: ...


@overload
def render(
    code: str | type, scene: str | None = None, *, still: Literal[True], **options: Any
) -> Still: ...


@overload
def render(
    code: str | type, scene: str | None = None, *, storyboard: Literal[True], **options: Any
) -> Storyboard: ...


@overload
def render(code: str | type, scene: str | None = None, **options: Any) -> Render: ...


def render(
    code: str | type, scene: str | None = None, **options: Any
) -> Render | RehearsalReport | Still | Stills | Storyboard:
    """Render a scene from Python, just as ``%%kodisc`` does, panel included.

    Args:
        code: Manim source that defines the scene, or the Scene class itself: then the cell (or the
            file) that defines it is sent, as it was when it was run.
        scene: the Scene class's name; may be left out when ``code`` defines exactly one.
        options: ``%%kodisc``'s options by name: ``quality``, ``aspect``, ``fps``, ``values``
            (a dict of what ``--with`` sends), ``file`` (a path or a list of them), ``metadata``,
            ``webhook`` (``None`` for none), ``wait``, ``timeout``, ``force``, ``max_credits``,
            ``embed``, ``save``, ``width``, ``loop``, ``autoplay``, ``alt``, ``backend``,
            ``rehearse`` (``True`` rehearses only, ``False`` sends without a rehearsal),
            ``still``, ``at`` (seconds, or a list of them), ``storyboard``.

    Returns:
        The render's handle: ``.job``, ``.wait()``, ``.video``, ``.cancel_watch()``. With
        ``rehearse=True`` nothing is sent, and it is what the rehearsal has shown: ``.seconds``,
        ``.animations``, ``.sections``, ``.warnings``, ``.slowest`` … With ``still=True`` or
        ``at=S`` it is a picture (``.png``, ``.save(path)``), with a list of times a tuple of
        them, with ``storyboard=True`` the ``.pictures`` of the animations; a cell that ends with
        one of these shows it.

    Raises:
        TypeError: an unknown option, or ``code`` is neither source nor a class.
        SceneCheckError: a mistake in the scene, or the class's source cannot be found.
        KodiscError: as a cell raises it.
    """
    from kodisc_jupyter.notebook.cell import cell_context
    from kodisc_jupyter.notebook.kernel import current_kernel

    kernel = current_kernel()
    values = options.pop("values", None)
    context = cell_context(kernel)
    if isinstance(code, type):
        if scene is not None:
            raise TypeError("render(MyScene) takes no other scene's name. Nothing was sent.")
        scene = code.__name__
        code, context = _written_source(code, context, values or (), kernel.settings.shell)
    elif not isinstance(code, str):
        raise TypeError(
            f"render() takes Manim source or a Scene class, not {type(code).__name__}. "
            "Nothing was sent."
        )
    try:
        parsed = from_python(scene, tuple(values or ()), options)
    except OptionError as problem:
        raise refused([option_diagnostic(problem.message, problem.hint, "")]) from None
    try:
        return _run(kernel, code, parsed, values, context)
    except KodiscError as problem:
        if kernel.front_end() is FrontEnd.MARIMO:  # which shows an error's first sentence only
            say("\n".join(problem.frames))
        raise problem.with_traceback(None) from None  # what lies below here is not the user's


def _run(
    kernel: KernelState,
    code: str,
    parsed: Options,
    values: Mapping[str, Any] | None,
    context: CellContext,
) -> Render | RehearsalReport | Still | Stills | Storyboard:
    """What ``render()`` gives: a handle, a report, or pictures."""
    from kodisc_jupyter.notebook.cell import prepare_cell, run_cell

    if parsed.rehearse or parsed.pictures:
        from kodisc_jupyter.notebook.pictures.cell import play_cell

        prepared = prepare_cell(kernel, code, parsed, values=values, context=context)
        played = play_cell(kernel, prepared, parsed, alts=parsed.alt[:1] or ("",))
        return played[0]  # type: ignore[no-any-return]
    return run_cell(kernel, code, parsed, values=values, context=context)[0]


def _written_source(
    scene: type, context: CellContext, values: Collection[str], shell: Any
) -> tuple[str, CellContext]:
    """A Scene class's source, and what it stands in: its file's imports are its prelude's."""
    from kodisc_jupyter.notebook.source.class_source import imports_of, source_of

    written = source_of(scene, shell)
    imports = imports_of(written.code, context.prelude, values, scene)
    prelude = f"{context.prelude.rstrip()}\n{imports}\n" if imports else context.prelude
    return written.code, context._replace(prelude=prelude, first_line=written.first_line)
