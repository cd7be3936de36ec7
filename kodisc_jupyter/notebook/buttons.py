"""What the panel's buttons do. They are heard when the kernel is free; the page says so itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kodisc_jupyter.api.errors import KodiscError

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.cell import Runner
    from kodisc_jupyter.notebook.display.display import RenderDisplay


def answer(runner: Runner, shown: RenderDisplay, action: str) -> None:
    """Do what a button asks, and say in one sentence what came of it."""
    screen: Any = shown.screen
    try:
        said = {"stop": _stop, "check": _check, "again": _again}[action](runner, shown)
    except KodiscError as problem:
        said = str(problem)
    screen.answer(action, said)


def _stop(_runner: Runner, shown: RenderDisplay) -> str:
    shown.rendered.cancel_watch()
    job = shown.rendered.state.job_id or "JOBID"
    return f"No longer watched. The job goes on, at no further cost: %kodisc show {job}."


def _check(runner: Runner, shown: RenderDisplay) -> str:
    runner.session.check_now(shown.rendered)
    return "Asked the server again."


def _again(runner: Runner, shown: RenderDisplay) -> str:
    """Render the same request anew, in the same place; the page asked first if it costs."""
    if shown.rendered.request is None:
        return "This render's code is not known in this kernel: run its cell again with --force."
    runner.again(shown)
    return "Rendering again."
