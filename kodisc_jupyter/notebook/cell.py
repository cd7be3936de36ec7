"""From a cell to its videos: the one path that the magic, ``render()`` and Studio all take."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import DEFAULT_ASPECT_RATIO, DEFAULT_QUALITY, RenderRequest
from kodisc_jupyter.notebook import waiting
from kodisc_jupyter.notebook.backends import BackendChooser, Kind
from kodisc_jupyter.notebook.display import notices
from kodisc_jupyter.notebook.front_end import BEHAVIOUR, FrontEnd, of_shell
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.prepare import (
    CellContext,
    PreparedCell,
    local_modules,
    option_diagnostic,
    prepare,
    refused,
)
from kodisc_jupyter.notebook.settings import KodiscSettings
from kodisc_jupyter.renders.paths import kodisc_home
from kodisc_jupyter.renders.state import ENDED, Estimate, Phase, RenderState

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.display import RenderDisplay, Screen
    from kodisc_jupyter.notebook.display.embedding import VideoOptions
    from kodisc_jupyter.renders.render import Render
    from kodisc_jupyter.renders.session import RenderSession
    from kodisc_jupyter.renders.start.backend import Backend
    from kodisc_jupyter.scene.cell import Source

MakeScreen = Callable[[RenderState, "VideoOptions"], "Screen"]

SAVED_BESIDE: Final = "kodisc"
"""Folder beside the notebook for videos that are too large to embed."""


class Runner:
    """What one kernel has going on: its settings, its session of renders, its prelude."""

    def __init__(self, settings: KodiscSettings) -> None:
        self.settings = settings
        self.home = kodisc_home()
        self.places = BackendChooser(settings, self.home)
        self.prelude = ""
        self._session: RenderSession | None = None
        self._unwaited: list[Render] = []

    @property
    def session(self) -> RenderSession:
        """This kernel's renders, opened on first use: the journal is not touched before."""
        if self._session is None:
            from kodisc_jupyter.renders.session import RenderSession

            self._session = RenderSession(home=self.home)
        self._session.max_credits = self.settings.max_credits
        return self._session

    @property
    def has_session(self) -> bool:
        """Whether anything was rendered or looked up in this kernel."""
        return self._session is not None

    @property
    def has_journal(self) -> bool:
        """Whether this user rendered anything yet: only then is the journal worth opening."""
        return (self.home / "journal.sqlite").exists()

    def close(self) -> None:
        """Stop watching; jobs go on."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self.places.close()

    def front_end(self) -> FrontEnd:
        """Who is looking, for the request that is being executed."""
        return of_shell(self.settings.shell, os.environ, sys.modules)

    def surroundings(self, line: str) -> CellContext:
        """The prelude, the notebook's variables and its folder's modules."""
        shell = self.settings.shell
        return CellContext(
            line=line,
            prelude=self.prelude,
            namespace=_variables(shell),
            local_modules=local_modules(Path.cwd()),
            first_line=2 if line else 1,
        )

    def run(
        self,
        cell: str,
        options: Options,
        *,
        line: str = "",
        values: Mapping[str, Any] | None = None,
        around: CellContext | None = None,
        screen: MakeScreen | None = None,
    ) -> list[Render]:
        """Check, submit, show, and wait where that is the manner.

        ``line`` is the magic's own line, for errors on it. ``values`` go before the notebook's
        variables of the same name. ``around`` is what the cell stands in, where that is not as
        :meth:`surroundings` tells. ``screen`` makes what each render is shown on; by default that
        is a display under the cell.

        Raises:
            SceneCheckError: a free check found a mistake; nothing was sent.
            KodiscError: the submission was refused or failed; or, where the cell waits, the render.
            StoppedWaiting: Ctrl-C while waiting.
        """
        order = self.prepare(cell, options, line=line, values=values, around=around)
        kept, targets = self._kept(options, line), _targets(options, order, line)
        notices.show_warnings(order.warnings, self.front_end())
        if options.check:
            notices.say(notices.checked(order.requests, order.warnings))
            return []
        kind = self.places.likely(options.backend)
        shown: list[RenderDisplay] = []
        renders: list[Render] = []
        for request, target in zip(order.requests, targets, strict=True):
            state = _first_state(request, kind)
            place = screen(state, kept) if screen else self._screen(state, kept)
            # From here on the panel is there; what is imported later delays nobody's eyes.
            one = _shown(place, kept, target, order.source)
            self._start(one, request, options, renders, line)
            shown.append(one)
            renders.append(one.rendered)
        self._bind(options, renders)
        if self._waits(options):
            waiting.for_cell(shown, self._timeout(options))
        else:
            self._unwaited.extend(renders)
        return renders

    def prepare(
        self,
        cell: str,
        options: Options,
        *,
        line: str = "",
        values: Mapping[str, Any] | None = None,
        around: CellContext | None = None,
    ) -> PreparedCell:
        """The free part: assemble and check; nothing is sent.

        Raises:
            SceneCheckError: a check found a mistake.
        """
        around = around or self.surroundings(line)
        if values:
            around = around._replace(namespace={**(around.namespace or {}), **values})
        return prepare(cell, options, self.settings, around)

    def estimate(self, cell: str, options: Options, values: Mapping[str, Any]) -> Estimate:
        """What a render of a cell may cost and take; no request is made.

        Raises:
            KodiscError: the cell has a mistake, or there is nowhere to render.
        """
        order = self.prepare(cell, options, values=values)
        return self.session.estimate(order.requests[0], self.places.backend(options.backend))

    def show(self, render: Render) -> RenderDisplay:
        """A display of a render that is known already: ``%kodisc show``."""
        from kodisc_jupyter.notebook.display.display import OnFinish, RenderDisplay

        kept = self._kept(Options(), "")
        shown = RenderDisplay(self._screen(render.state, kept), OnFinish(kept), None)
        shown.render = render
        self._listen(shown)
        render.subscribe(shown.update)
        if self._waits(Options()):
            waiting.until_shown(shown, self.settings.timeout)
        return shown

    def again(self, shown: RenderDisplay) -> None:
        """Render the same request anew, in a display of its own."""
        from kodisc_jupyter.notebook.display.display import RenderDisplay

        old = shown.rendered
        assert old.request is not None
        kind: Kind = "local" if old.state.backend == "local" else "cloud"
        state = _first_state(old.request, kind)
        anew = RenderDisplay(self._screen(state, shown.ending.kept), shown.ending, shown.source)
        options = Options(force=True, wait=False, backend=kind)
        self._start(anew, old.request, options)
        self._unwaited.append(anew.rendered)

    def known_job_ids(self) -> list[str]:
        """Recent jobs, for Tab; empty where nothing was rendered yet."""
        if not self.has_journal:
            return []
        return [row.job_id for row in self.session.jobs(20) if row.job_id]

    def backend_of(self, job_id: str) -> Backend:
        """The backend that a journalled job is on, else where renders go now."""
        record = self.session.find(job_id)
        return self.places.backend(record.backend if record else None)

    def wait_for_all(self, timeout: float | None) -> str:
        """``%kodisc wait``: wait for everything open in this kernel; says what came of it.

        What earlier kernels of this notebook left open is taken up and waited for, too.

        Raises:
            RenderFailedError: one or more failed.
            WaitTimeoutError: the time is up; the jobs go on.
            StoppedWaiting: Ctrl-C; the jobs go on.
        """
        open_now = [*self._unwaited, *self._open(), *self._left_open()]
        renders = list({id(one): one for one in open_now}.values())
        try:
            return waiting.for_renders(renders, timeout)
        finally:  # what has ended was told about now, also by what was raised
            self._unwaited = [one for one in self._unwaited if one.state.phase not in ENDED]

    def _open(self) -> list[Render]:
        return self._session.open_renders() if self._session is not None else []

    def _left_open(self) -> list[Render]:
        """What earlier kernels of this notebook left open, watched from now on."""
        name = notebook_name(self.settings.shell)
        if name is None:  # without a name, nobody can tell whose jobs they are
            return []
        taken = []
        for record in self.session.left_open():
            if record.notebook == name and record.job_id is not None:
                notices.say(f"Taken up from an earlier kernel: {record.scene}, {record.job_id}")
                try:
                    backend = self.places.backend(record.backend)
                    taken.append(self.session.show(record.job_id, backend))
                except KodiscError as problem:
                    notices.say(str(problem))
        return taken

    def _start(
        self,
        shown: RenderDisplay,
        request: RenderRequest,
        options: Options,
        alongside: Sequence[Render] = (),
        line: str = "",
    ) -> None:
        """Submit, with the panel there already; it goes again when the cell raises."""
        shown.cell_waits(self._waits(options))
        try:
            backend = self.places.backend(options.backend)
            shown.render = self.session.start(
                request,
                backend=backend,
                notebook=notebook_name(self.settings.shell),
                title=request.class_name,
                force=options.force,
                max_credits=options.max_credits,
                alongside=alongside,
                on_state=shown.update,
            )
        except BaseException as problem:
            shown.clear()
            if isinstance(problem, KodiscError) and not problem.frames:
                problem.frames = [notices.frame(problem, notices.at_option(problem, line))]
            raise
        self._listen(shown)

    def _listen(self, shown: RenderDisplay) -> None:
        """Answer the panel's buttons."""
        from kodisc_jupyter.notebook.buttons import answer

        screen = shown.screen
        if getattr(screen, "live", False):
            screen.on_action(lambda action: answer(self, shown, action))  # type: ignore[attr-defined]

    def _screen(self, state: RenderState, kept: VideoOptions) -> Any:
        front_end = self.front_end()
        if front_end in {FrontEnd.TERMINAL, FrontEnd.SCRIPT}:
            from kodisc_jupyter.notebook.display.display import Lines

            return Lines(state)
        from kodisc_jupyter.notebook.display.panel import Panel

        return Panel(state, live=BEHAVIOUR[front_end].live, kept=kept)

    def _kept(self, options: Options, line: str) -> VideoOptions:
        from kodisc_jupyter.notebook.display.embedding import SERVER_LIMIT_BYTES, VideoOptions
        from kodisc_jupyter.notebook.display.figure import css_width

        width = options.width or self.settings.width or None
        if width:
            try:
                width = css_width(width)
            except ValueError as problem:
                raise refused([option_diagnostic(str(problem), "", line, "--width")]) from None
        # A Jupyter server drops an output that is too large, where the cell no longer waits for it.
        by_server = not BEHAVIOUR[self.front_end()].waits
        return VideoOptions(
            embed=options.embed,
            embed_limit_mb=self.settings.embed_limit_mb,
            folder=Path.cwd() / SAVED_BESIDE,
            width=width,
            loop=options.loop,
            autoplay=options.autoplay,
            alt=options.alt or "",
            message_limit=SERVER_LIMIT_BYTES if by_server else None,
        )

    def _waits(self, options: Options) -> bool:
        if options.wait is not None:
            return options.wait
        setting = self.settings.wait
        if setting in {"auto", ""}:
            return BEHAVIOUR[self.front_end()].waits
        return setting is True or setting == "always"

    def _timeout(self, options: Options) -> float | None:
        return options.timeout if options.timeout is not None else self.settings.timeout

    def _bind(self, options: Options, renders: Sequence[Render]) -> None:
        """``--as NAME``: one render, or the list of them."""
        if options.bind and self.settings.shell is not None:
            handle = renders[0] if len(renders) == 1 else list(renders)
            self.settings.shell.user_ns[options.bind] = handle


def notebook_name(shell: Any) -> str | None:
    """The notebook's file name, where the front end tells it."""
    said = os.environ.get("JPY_SESSION_NAME") or ""
    if shell is not None:
        said = shell.user_ns.get("__vsc_ipynb_file__") or said
    return Path(said).name or None


def _variables(shell: Any) -> Mapping[str, Any]:
    """The notebook's variables, without IPython's own."""
    if shell is None:
        return {}
    hidden = getattr(shell, "user_ns_hidden", {})
    return {name: value for name, value in shell.user_ns.items() if name not in hidden}


def _targets(options: Options, order: PreparedCell, line: str) -> list[Path | None]:
    """Where ``--save`` writes each scene's video: a file, or a folder for several scenes.

    Raises:
        SceneCheckError: several scenes would go into one file.
    """
    if options.save is None:
        return [None] * len(order.requests)
    path = Path(options.save).expanduser().absolute()
    if path.is_dir() or options.save.endswith(("/", os.sep)):
        return [path / f"{request.class_name}.mp4" for request in order.requests]
    if len(order.requests) > 1:
        raise refused(
            [
                option_diagnostic(
                    "--save names one file for several scenes.",
                    f"Name a folder: --save {options.save}/",
                    line,
                    "--save",
                )
            ]
        )
    return [path if path.suffix else path.with_suffix(".mp4")]


def _first_state(request: RenderRequest, kind: Kind) -> RenderState:
    """What the panel shows before it is known where the render goes: nothing that depends on it."""
    now = time.time()
    return RenderState(
        render_id="",
        phase=Phase.CHECKING,
        scene=request.class_name,
        quality=request.quality or DEFAULT_QUALITY,
        aspect_ratio=request.aspect_ratio or DEFAULT_ASPECT_RATIO,
        backend=kind,
        began_at=now,
        phase_at=now,
        fps=request.fps,
    )


def _shown(screen: Screen, kept: VideoOptions, save: Path | None, source: Source) -> RenderDisplay:
    from kodisc_jupyter.notebook.display.display import OnFinish, RenderDisplay

    return RenderDisplay(screen, OnFinish(kept, save), source)
