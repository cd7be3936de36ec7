"""Render one scene with Manim, in a process that does nothing else.

Runs inside the process that :mod:`kodisc_jupyter.local.processes.forker` made for one job: its
working folder is the job's own, and what it changes ends with it. Manim is imported here and only
here.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage import (
    failure,
    frame_settings,
    latex_cache,
    manim_patches,
    scene_source,
    video,
)
from kodisc_jupyter.stage.drawing.drawing_queue import DrawingFailedError
from kodisc_jupyter.stage.printed import heard
from kodisc_jupyter.stage.task import REPORT, RenderTask, Shared

LIST_LIMIT: Final = 1_000
"""Entries kept of each list in a report."""


def warm_up() -> None:
    """Render a tiny scene, so that fonts, codecs and lazily imported modules are there."""
    import tempfile

    import manim

    class Tiny(manim.Scene):  # type: ignore[misc]
        def construct(self) -> None:
            self.play(manim.Write(manim.Text("Kodisc")), manim.Create(manim.Circle()), run_time=0.1)

    here = Path.cwd()
    with (
        tempfile.TemporaryDirectory(prefix="warm-up-", dir=here) as folder,
        frame_settings.restore_settings(),
    ):
        os.chdir(folder)
        try:
            task = RenderTask("", "", "", 64, 36, 30)
            frame_settings.set_frame(task)
            video.make(Tiny, "", Path(folder) / "results", Shared())
        finally:
            os.chdir(here)


def render(task: RenderTask, results: Path, shared: Shared | None = None) -> str | None:
    """Render ``task`` in the current folder and leave its files in ``results``.

    ``shared`` is what this user's renders have in common.

    Returns:
        The job's ``error`` text, or ``None`` when everything went well.
    """
    shared = shared or Shared()
    latex: list[str] = []
    with heard(passed_on=True) as printed:
        try:
            scene_class = load_scene(task, shared.formulas, latex)
            report = video.make(scene_class, task.code, results, shared, fresh=task.fresh)
            if not Path(failure.SCENE_FILE).exists():
                return "The scene deleted the folder that it is rendered in."
            leave_report(results, {"outcome": "ok", **report, "printed": printed.text()})
        except BaseException as problem:
            return failure.with_output(error_text(problem, task, latex), printed.text())
    return None


def leave_report(results: Path, report: dict[str, Any]) -> None:
    """Write :data:`~kodisc_jupyter.stage.task.REPORT`, its lists cut to :data:`LIST_LIMIT`."""
    cut = {
        name: value[:LIST_LIMIT] if isinstance(value, list) else value
        for name, value in report.items()
    }
    results.mkdir(parents=True, exist_ok=True)
    (results / REPORT).write_text(json.dumps(cut, default=str), encoding="utf-8")


def load_scene(task: RenderTask, formulas: Path | None, latex: list[str]) -> type[Any]:
    """Run the user's code in the current folder; the class of the scene that was asked for.

    What LaTeX says of its errors from now on is put into ``latex``.
    """
    import numpy as np

    sys.addaudithook(manim_patches.refuse_copies)
    np.random.seed()  # noqa: NPY002  a forked copy would else draw what every other one draws
    latex_cache.explain_latex(latex)
    if formulas is not None:
        latex_cache.share_formulas(formulas)
    return scene_source.find(scene_source.load(task), task.class_name)


def error_text(problem: BaseException, task: RenderTask, latex: list[str]) -> str:
    """The job's ``error`` for what came out of the scene."""
    if isinstance(problem, (scene_source.SceneMissingError, DrawingFailedError)):
        return str(problem)
    if isinstance(problem, SystemExit):
        return failure.describe(problem)
    if isinstance(problem, MemoryError):
        megabytes = task.limits.memory_bytes >> 20
        return failure.describe(
            _reword(problem, MemoryError(f"the scene needed more than {megabytes} MB of memory"))
        )
    if isinstance(problem, ModuleNotFoundError):
        return failure.describe(_reword(problem, _module_hint(problem)))
    return failure.describe(problem, latex=latex)


def _module_hint(problem: ModuleNotFoundError) -> ModuleNotFoundError:
    message = str(problem)
    if (problem.name or "").split(".")[0] == "manim_kodisc":
        message += (
            " (manim-kodisc is not installed where this scene is rendered. It asks for an older "
            "Pillow than today's Manim, so install it by itself: pip install --no-deps "
            "manim-kodisc; or render on Kodisc)"
        )
    else:
        message += " (on the machine that renders)"
    return ModuleNotFoundError(message, name=problem.name)


def _reword(problem: BaseException, better: BaseException) -> BaseException:
    return better.with_traceback(problem.__traceback__)
