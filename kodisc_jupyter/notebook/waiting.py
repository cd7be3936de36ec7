"""What a waiting cell does: wait, raise what went wrong, and say how to come back to a job."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from kodisc_jupyter.api.errors import KodiscError, RenderFailedError, WaitTimeoutError
from kodisc_jupyter.notebook.display import notices, words
from kodisc_jupyter.notebook.front_end import BEHAVIOUR, FrontEnd
from kodisc_jupyter.notebook.source.notebook_file import notebook_name
from kodisc_jupyter.renders.state import ENDED, OUTAGE_LIMIT_S, Phase

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.display import RenderDisplay
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.notebook.line.options import Options
    from kodisc_jupyter.renders.render import Render


class StoppedWaiting(KeyboardInterrupt):
    """Ctrl-C while a cell waited: the waiting stopped, the jobs go on."""

    def _render_traceback_(self) -> list[str]:
        return [f"Stopped waiting. {self}"]


UNATTENDED_LIMIT_S: Final = 24 * 3600.0
"""Where nobody watches, a wait without a timeout ends after a day: some server never finishes."""


class Patience(NamedTuple):
    """Seconds that may be waited in all (``None``: without end), and in a row without contact."""

    timeout: float | None = None
    outage_limit: float = OUTAGE_LIMIT_S


class _Clock:
    """What is left of the seconds that may be waited in all."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._began = time.monotonic()

    def wait(self, render: Render) -> None:
        """Wait for a render, for what is left; raises what :meth:`Render.wait` does."""
        timeout, outage_limit = self._patience
        spent = time.monotonic() - self._began
        left = None if timeout is None else max(0.0, timeout - spent)
        render.wait(left, outage_limit=outage_limit)


def for_cell(shown: Sequence[RenderDisplay], patience: Patience) -> None:
    """Wait for all renders of a cell, then raise for those that failed.

    Raises:
        RenderFailedError: one or more failed; their frames are the error.
        WaitTimeoutError: the time is up; the jobs go on.
        KodiscError: nothing is heard of a job any more; it goes on.
        StoppedWaiting: Ctrl-C; the jobs go on.
    """
    for display in shown:
        display.cell_waits(True)
    clock = _Clock(patience)
    failed: list[tuple[RenderDisplay, KodiscError]] = []
    try:
        for display in shown:
            try:
                clock.wait(display.rendered)
            except RenderFailedError as error:
                failed.append((display, error))
            except WaitTimeoutError as error:
                raise _out_of_time(error, display.rendered, patience) from None
            display.settle()
    except KeyboardInterrupt:
        raise StoppedWaiting(_come_back([display.rendered for display in shown])) from None
    finally:
        for display in shown:
            display.cell_waits(False)
    if failed:
        first = failed[0][1]
        first.frames = [notices.frame(problem, display.problem) for display, problem in failed]
        raise first from None


def until_shown(shown: RenderDisplay, patience: Patience) -> None:
    """Wait for the end of a render that another cell started; its failure is that cell's.

    Raises:
        WaitTimeoutError: the time is up; the job goes on.
        StoppedWaiting: Ctrl-C; the job goes on.
    """
    try:
        with contextlib.suppress(RenderFailedError):
            _Clock(patience).wait(shown.rendered)
        shown.settle()
    except KeyboardInterrupt:
        raise StoppedWaiting(_come_back([shown.rendered])) from None


def for_renders(renders: Sequence[Render], patience: Patience) -> str:
    """``%kodisc wait``: wait for renders of other cells; says what came of them.

    Raises:
        RenderFailedError: one or more failed.
        WaitTimeoutError: the time is up; the jobs go on.
        KodiscError: nothing is heard of a job any more; it goes on.
        StoppedWaiting: Ctrl-C; the jobs go on.
    """
    clock = _Clock(patience)
    failed: list[KodiscError] = []
    for render in renders:
        try:
            clock.wait(render)
        except WaitTimeoutError as problem:
            raise _out_of_time(problem, render, patience) from None
        except KodiscError as problem:
            if render.state.phase not in ENDED:  # out of sight, as all others may be
                problem.frames = [notices.frame(problem, None)]
                raise
            if render.state.phase is not Phase.DETACHED:
                failed.append(problem)
        except KeyboardInterrupt:
            raise StoppedWaiting(_come_back(renders)) from None
    if failed:
        raise _several_failed(failed, len(renders))
    return _all_done(renders)


def cell_waits(kernel: KernelState, options: Options) -> bool:
    """Whether a cell waits for its videos: its option, the setting, the front end's manner."""
    if options.wait is not None:
        return options.wait
    setting = kernel.settings.wait
    if setting in {"auto", ""}:
        return BEHAVIOUR[kernel.front_end()].waits
    return setting is True or setting == "always"


def patience_of(kernel: KernelState, options: Options | None = None) -> Patience:
    """How long a cell waits: not without end where nobody is."""
    timeout = options.timeout if options is not None else None
    return patience_for(kernel, kernel.settings.timeout if timeout is None else timeout)


def patience_for(kernel: KernelState, timeout: float | None) -> Patience:
    """How long is waited under this timeout."""
    if timeout is None and kernel.front_end() in {FrontEnd.HEADLESS, FrontEnd.SCRIPT}:
        timeout = UNATTENDED_LIMIT_S
    return Patience(timeout, kernel.settings.outage_limit)


def wait_for_all(kernel: KernelState, timeout: float | None) -> str:
    """``%kodisc wait``: wait for everything open in this kernel; says what came of it.

    What earlier kernels of this notebook left open is taken up and waited for, too.

    Raises:
        RenderFailedError: one or more failed.
        WaitTimeoutError: the time is up; the jobs go on.
        KodiscError: nothing is heard of a job any more; it goes on.
        StoppedWaiting: Ctrl-C; the jobs go on.
    """
    open_now = [*kernel.unwaited, *kernel.open_renders(), *_take_up_left_open(kernel)]
    renders = list({id(render): render for render in open_now}.values())
    try:
        return for_renders(renders, patience_for(kernel, timeout))
    finally:  # what has ended was told about now, also by what was raised
        kernel.unwaited = [one for one in kernel.unwaited if one.state.phase not in ENDED]


def _take_up_left_open(kernel: KernelState) -> list[Render]:
    """What earlier kernels of this notebook left open, watched from now on."""
    name = notebook_name(kernel.settings.shell)
    if name is None:  # without a name, nobody can tell whose jobs they are
        return []
    taken = []
    for record in kernel.session.left_open():
        if record.notebook == name and record.job_id is not None:
            notices.say(f"Taken up from an earlier kernel: {record.scene}, {record.job_id}")
            try:
                backend = kernel.places.backend(record.backend)
                taken.append(kernel.session.show(record.job_id, backend))
            except KodiscError as problem:
                notices.say(str(problem))
    return taken


def _out_of_time(error: WaitTimeoutError, late: Render, patience: Patience) -> WaitTimeoutError:
    """The same error, about the time that was given for all of the renders."""
    name = words.name(late.state.scene)
    return WaitTimeoutError(
        f"{name} was not finished within {patience.timeout or 0:g} s; the job goes on.",
        job_id=error.job_id,
        hint=error.hint,
    )


def _come_back(renders: Sequence[Render]) -> str:
    jobs = [render.job.job_id for render in renders if render.job]
    ours = [render.job.job_id for render in renders if render.job and render.state.cancellable]
    end = f" To end {'them' if len(ours) > 1 else 'it'}: %kodisc cancel {' '.join(ours)}."
    return (
        f"{'The jobs go' if len(jobs) > 1 else 'The job goes'} on; nothing is lost. Come back with "
        f"%kodisc wait, or %kodisc show {jobs[0] if jobs else 'JOBID'}.{end if ours else ''}"
    )


def _several_failed(failed: Sequence[KodiscError], of: int) -> KodiscError:
    """The error of ``%kodisc wait``: short, because each failed render shows its own card."""
    error = failed[0]
    if of > 1:
        error = RenderFailedError(
            f"{len(failed)} of {of} renders failed; each shows its error in its own cell.",
            job_id=failed[0].job_id,
            hint=" ".join(problem.message for problem in failed[:3]),
        )
    error.frames = [notices.frame(error, None)]
    return error


def _all_done(renders: Sequence[Render]) -> str:
    if not renders:
        return "Nothing is open: there is nothing to wait for."
    names = ", ".join(words.name(render.state.scene) for render in renders[:12])
    done = "Done" if len(renders) == 1 else f"All {len(renders)} done"
    return f"{done}: {names}{' …' if len(renders) > 12 else ''}"
