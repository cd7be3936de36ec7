"""The path of a cell: checked, submitted, shown, and waited for where that is the manner.

The magic, ``render()`` and Studio all take it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.render_request import RenderRequest
from kodisc_jupyter.notebook import waiting
from kodisc_jupyter.notebook.display import notices
from kodisc_jupyter.notebook.garbage_collection import allow_collections
from kodisc_jupyter.notebook.kernel import KernelState, visible_variables
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.prepare import (
    CellContext,
    PreparedCell,
    for_each_scene,
    local_modules,
    prepare,
    read_transcripts,
)
from kodisc_jupyter.notebook.save_paths import save_paths
from kodisc_jupyter.notebook.screens import handle_html, new_screen, video_options_of
from kodisc_jupyter.notebook.source.notebook_file import notebook_name
from kodisc_jupyter.renders.state import Estimate, RenderState, first_state

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.backends import Kind
    from kodisc_jupyter.notebook.display.display import RenderDisplay, Screen
    from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
    from kodisc_jupyter.renders.rehearsal import Rehearsal
    from kodisc_jupyter.renders.render import Render
    from kodisc_jupyter.scene.cell import Source

MakeScreen = Callable[[RenderState, "VideoOptions"], "Screen"]


def run_cell(
    kernel: KernelState,
    cell: str,
    options: Options,
    *,
    line: str = "",
    values: Mapping[str, Any] | None = None,
    context: CellContext | None = None,
    screen: MakeScreen | None = None,
) -> list[Render]:
    """Check, submit, show, and wait where that is the manner.

    ``line`` is the magic's own line, for errors on it. ``values`` go before the notebook's
    variables of the same name. ``context`` is what the cell stands in, where that is not as
    :func:`cell_context` tells. ``screen`` makes what each render is shown on; by default that is
    a display under the cell.

    Raises:
        SceneCheckError: a free check found a mistake; nothing was sent.
        KodiscError: the submission was refused or failed; or, where the cell waits, the render.
        StoppedWaiting: Ctrl-C while waiting.
    """
    prepared = prepare_cell(kernel, cell, options, line=line, values=values, context=context)
    video_options = video_options_of(kernel, options, line)
    save = None if options.rehearse or options.pictures else options.save
    paths = save_paths(save, prepared.requests, line)
    scenes = [one.class_name for one in prepared.requests]
    shown = _options_by_scene(video_options, options, scenes, line)
    notices.show_warnings(prepared.warnings, kernel.front_end())
    if options.check:
        notices.say(notices.checks_passed(prepared.requests, prepared.warnings))
        return []
    if options.rehearse or options.pictures:
        from kodisc_jupyter.notebook.pictures.cell import play_cell

        alts, width = [one.alt for one in shown], video_options.width
        _bind(kernel, options, play_cell(kernel, prepared, options, line, alts, width, show=True))
        return []
    kind = kernel.places.likely(options.backend)
    displays: list[RenderDisplay] = []
    renders: list[Render] = []
    played: dict[str, Rehearsal] = {}
    for request, path, own_options in zip(prepared.requests, paths, shown, strict=True):
        state = first_state(request, kind, now=time.time())
        make = screen or _screen_maker(kernel, options)
        place = make(state, own_options)
        allow_collections()
        # From here on the panel is there; what is imported later delays nobody's eyes.
        display = _display(place, own_options, path, prepared.source)
        later = prepared.requests[len(renders) + 1 :]
        _start(kernel, display, request, options, renders, line, later=later, played=played)
        displays.append(display)
        renders.append(display.rendered)
    _bind(kernel, options, renders)
    if waiting.cell_waits(kernel, options):
        waiting.for_cell(displays, waiting.patience_of(kernel, options))
    else:
        kernel.unwaited.extend(renders)
    return renders


def _options_by_scene(
    video_options: VideoOptions, options: Options, scenes: Sequence[str], line: str
) -> list[VideoOptions]:
    """How each scene's video is shown, with what its author says that it shows."""
    alts = for_each_scene("--alt", options.alt, scenes, line)
    transcripts = read_transcripts(options.transcript, scenes, line)
    return [
        video_options._replace(alt=alt, transcript=text)
        for alt, text in zip(alts, transcripts, strict=True)
    ]


def cell_context(kernel: KernelState, line: str = "") -> CellContext:
    """What a cell of this notebook stands in: prelude, variables, its folder's modules."""
    return CellContext(
        line=line,
        prelude=kernel.prelude,
        namespace=visible_variables(kernel.settings.shell),
        local_modules=local_modules(Path.cwd()),
        first_line=2 if line else 1,
    )


def prepare_cell(
    kernel: KernelState,
    cell: str,
    options: Options,
    *,
    line: str = "",
    values: Mapping[str, Any] | None = None,
    context: CellContext | None = None,
) -> PreparedCell:
    """The free part: assemble and check; nothing is sent.

    Raises:
        SceneCheckError: a check found a mistake.
    """
    context = context or cell_context(kernel, line)
    if values:
        context = context._replace(namespace={**(context.namespace or {}), **values})
    return prepare(cell, options, kernel.settings, context)


def estimate_cell(
    kernel: KernelState, cell: str, options: Options, values: Mapping[str, Any]
) -> Estimate:
    """What a render of a cell may cost and take; no request is made.

    Raises:
        KodiscError: the cell has a mistake, or there is nowhere to render.
    """
    prepared = prepare_cell(kernel, cell, options, values=values)
    return kernel.session.estimate(prepared.requests[0], kernel.places.backend(options.backend))


def show_render(
    kernel: KernelState, render: Render, screen: MakeScreen | None = None
) -> RenderDisplay:
    """A display of a render that is known already: ``%kodisc show``.

    With a ``screen`` of somebody else's no cell is there to wait.
    """
    video_options = video_options_of(kernel, Options(), "")
    make = screen or _screen_maker(kernel, Options())
    display = _display(make(render.state, video_options), video_options, None, None)
    display.render = render
    _listen(kernel, display)
    render.subscribe(display.update)
    if screen is None and waiting.cell_waits(kernel, Options()):
        waiting.until_shown(display, waiting.patience_of(kernel))
    return display


def render_again(kernel: KernelState, display: RenderDisplay) -> None:
    """Render the same request anew, in a display of its own."""
    from kodisc_jupyter.notebook.display.display import RenderDisplay

    old = display.rendered
    assert old.request is not None
    kind: Kind = "local" if old.state.backend == "local" else "cloud"
    state = first_state(old.request, kind, now=time.time())
    screen = new_screen(kernel.front_end(), state, display.ending.video_options)
    anew = RenderDisplay(screen, display.ending, display.source)
    options = Options(force=True, wait=False, backend=kind)
    _start(kernel, anew, old.request, options, rehearse=False)
    kernel.unwaited.append(anew.rendered)


def _start(
    kernel: KernelState,
    display: RenderDisplay,
    request: RenderRequest,
    options: Options,
    alongside: Sequence[Render] = (),
    line: str = "",
    *,
    rehearse: bool = True,
    later: Sequence[RenderRequest] = (),
    played: dict[str, Rehearsal] | None = None,
) -> None:
    """Submit, with the panel there already; it goes again when the cell raises.

    ``later`` are the cell's next scenes; ``played`` are its rehearsals so far.
    """
    from kodisc_jupyter.notebook.rehearsal.before_sending import rehearsal_before

    display.cell_waits(waiting.cell_waits(kernel, options))
    try:
        backend = kernel.places.backend(options.backend)
        display.render = kernel.session.start(
            request,
            backend=backend,
            notebook=notebook_name(kernel.settings.shell),
            title=request.class_name,
            force=options.force,
            max_credits=options.max_credits,
            alongside=alongside,
            on_state=display.update,
            rehearse=rehearsal_before(
                request,
                display.source if rehearse else None,
                kernel,
                later=later,
                played={} if played is None else played,
                backend=backend,
                force=options.force,
                setting="never" if options.rehearse is False else kernel.settings.rehearse,
                alongside=len(alongside),
            ),
        )
    except BaseException as problem:
        display.clear()
        if isinstance(problem, KodiscError):
            at_option = notices.at_option(problem, line)
            notices.show_refusal(problem, at_option, kernel.front_end())
        raise
    shell = kernel.settings.shell
    display.rendered.on_display = handle_html(kernel.front_end(), shell, display)
    _listen(kernel, display)


def _listen(kernel: KernelState, display: RenderDisplay) -> None:
    """Answer the panel's buttons."""
    from kodisc_jupyter.notebook.buttons import answer

    display.screen.on_action(lambda action: answer(kernel, display, action, render_again))


def _screen_maker(kernel: KernelState, options: Options) -> MakeScreen:
    return partial(new_screen, kernel.front_end(), waits=waiting.cell_waits(kernel, options))


def _bind(kernel: KernelState, options: Options, renders: Sequence[Any]) -> None:
    """``--as NAME``: one render (or report, or picture), or the list of them."""
    if options.bind and kernel.settings.shell is not None:
        handle = renders[0] if len(renders) == 1 else list(renders)
        kernel.settings.shell.user_ns[options.bind] = handle


def _display(
    screen: Screen, video_options: VideoOptions, save: Path | None, source: Source | None
) -> RenderDisplay:
    from kodisc_jupyter.notebook.display.display import OnFinish, RenderDisplay

    return RenderDisplay(screen, OnFinish(video_options, save), source)
