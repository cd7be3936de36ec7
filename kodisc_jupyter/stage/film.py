"""Render one scene with Manim, in a process that does nothing else.

Runs inside the process that :mod:`kodisc_jupyter.local.processes.forker` made for one job: its
working folder is the job's own, and what it changes ends with it. Manim is imported here and only
here.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage import (
    failure,
    frame_settings,
    latex_cache,
    manim_patches,
    scene_source,
)
from kodisc_jupyter.stage.captions import Cue, to_vtt
from kodisc_jupyter.stage.task import CAPTIONS, THUMBNAIL, VIDEO, RenderTask
from kodisc_jupyter.stage.thumbnail import Thumbnail

STILL_S: Final = 1.0
"""Seconds that the picture of a scene without any animation is shown."""


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
        frame_settings.kept_settings(),
    ):
        os.chdir(folder)
        try:
            task = RenderTask("", "", "", 64, 36, 30)
            frame_settings.set_frame(task)
            _film(Tiny, Path(folder) / "results")
        finally:
            os.chdir(here)


def render(task: RenderTask, results: Path, formulas: Path | None = None) -> str | None:
    """Render ``task`` in the current folder and leave the three files in ``results``.

    ``formulas`` is a folder of typeset LaTeX that this user's renders share.

    Returns:
        The job's ``error`` text, or ``None`` when everything went well.
    """
    latex: list[str] = []
    try:
        _film(load_scene(task, formulas, latex), results)
        if not Path(failure.SCENE_FILE).exists():
            return "The scene deleted the folder that it is rendered in."
    except BaseException as problem:
        return error_text(problem, task, latex)
    return None


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
    if isinstance(problem, scene_source.SceneMissingError):
        return str(problem)
    if isinstance(problem, SystemExit):
        return failure.describe(problem)
    if isinstance(problem, MemoryError):
        megabytes = task.limits.memory_bytes >> 20
        return failure.describe(
            _reworded(problem, MemoryError(f"the scene needed more than {megabytes} MB of memory"))
        )
    if isinstance(problem, ModuleNotFoundError):
        return failure.describe(_reworded(problem, _module_hint(problem)))
    return failure.describe(problem, latex=latex)


def _repeat(num_frames: int = 1, *, repeat: int = 1) -> int:
    """How often a frame is shown: Manim 0.22 says ``repeat``, earlier ones ``num_frames``."""
    return max(num_frames, repeat)


def _film(scene_class: type[Any], results: Path) -> None:
    scene = scene_class()
    writer = scene.renderer.file_writer
    thumbnail = Thumbnail()
    write_frame, tear_down = writer.write_frame, scene.tear_down

    def write_and_look(pixels: Any, *args: Any, **kwargs: Any) -> Any:
        thumbnail.look(pixels, _repeat(*args, **kwargs))
        return write_frame(pixels, *args, **kwargs)

    def draw_the_end() -> Any:
        scene.renderer.update_frame(scene)
        return scene.renderer.get_frame()

    def tear_down_with_a_picture() -> None:
        if not any(writer.partial_movie_files):
            writer.sections[-1].skip_animations = False
            scene.wait(STILL_S)
        thumbnail.end(draw_the_end)
        tear_down()

    writer.write_frame = write_and_look
    scene.tear_down = tear_down_with_a_picture
    scene.render()
    results.mkdir(parents=True, exist_ok=True)
    shutil.move(str(writer.movie_file_path), results / VIDEO)
    thumbnail.save(results / THUMBNAIL)
    cues = (
        Cue(each.start.total_seconds(), each.end.total_seconds(), each.content)
        for each in writer.subcaptions
    )
    (results / CAPTIONS).write_text(to_vtt(cues), encoding="utf-8")


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


def _reworded(problem: BaseException, better: BaseException) -> BaseException:
    return better.with_traceback(problem.__traceback__)
