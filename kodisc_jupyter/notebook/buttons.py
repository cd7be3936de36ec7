"""What the panel's buttons do. They are heard when the kernel is free; the page says so itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kodisc_jupyter.api.errors import KodiscError

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.display import RenderDisplay
    from kodisc_jupyter.notebook.kernel import KernelState


RenderAgain = Callable[["KernelState", "RenderDisplay"], None]


def answer(kernel: KernelState, shown: RenderDisplay, action: str, again: RenderAgain) -> None:
    """Do what a button asks, and say in one sentence what came of it."""
    try:
        if action == "again":
            sentence = _again(kernel, shown, again)
        else:
            sentence = {"cancel": _cancel, "stop": _stop, "check": _check}[action](kernel, shown)
    except KodiscError as problem:
        sentence = str(problem)
    shown.screen.answer(action, sentence)


def _cancel(kernel: KernelState, shown: RenderDisplay) -> str:
    job = shown.rendered.state.job_id
    if job is None:
        return "There is no job yet that could be cancelled."
    return f"Cancelled. {kernel.cancel(job)}"


def _stop(_kernel: KernelState, shown: RenderDisplay) -> str:
    shown.rendered.cancel_watch()
    job = shown.rendered.state.job_id or "JOBID"
    return f"No longer watched. The job goes on, at no further cost: %kodisc show {job}."


def _check(kernel: KernelState, shown: RenderDisplay) -> str:
    kernel.session.check_now(shown.rendered)
    return "Asked the server again."


def _again(kernel: KernelState, shown: RenderDisplay, again: RenderAgain) -> str:
    """Render the same request anew, in the same place; the page asked first if it costs."""
    if shown.rendered.request is None:
        paid = "" if shown.rendered.state.unlimited else "; you pay for it again"
        return (
            "This kernel does not know the code of this render. To render it again, run its cell "
            f"with --force{paid}."
        )
    again(kernel, shown)
    return "Rendering again."
