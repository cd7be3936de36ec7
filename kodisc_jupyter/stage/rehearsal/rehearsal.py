"""Play a scene once without drawing it, and report what that has shown.

Runs in a render process of its own, under the same limits as a render. It always leaves
:data:`~kodisc_jupyter.stage.task.REPORT`, unless it was killed.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage import failure, film
from kodisc_jupyter.stage.pictures.pictures import Pictures
from kodisc_jupyter.stage.printed import heard
from kodisc_jupyter.stage.rehearsal.line_times import LineTimes, OutOfTimeError, current_line
from kodisc_jupyter.stage.rehearsal.opened_files import OpenedFiles
from kodisc_jupyter.stage.rehearsal.rehearsal_watcher import RehearsalWatcher
from kodisc_jupyter.stage.scene_source import SceneMissingError
from kodisc_jupyter.stage.stepping.stepping import Stepping
from kodisc_jupyter.stage.stepping.watchers import Watchers
from kodisc_jupyter.stage.task import RenderTask, grace_s

Report = dict[str, Any]


def rehearse(task: RenderTask, results: Path, formulas: Path | None = None) -> str | None:
    """Step through the scene of ``task`` in the current folder; the report goes to ``results``.

    Returns ``None``, as :func:`~kodisc_jupyter.stage.film.render` does where all went well: what
    the scene did is in the report.
    """
    latex: list[str] = []
    files = OpenedFiles(current_line)
    watcher = RehearsalWatcher(measure=task.measure)
    pictures = Pictures(task)
    times = LineTimes(task.limits.seconds - grace_s(task.frames))
    report: Report = {"outcome": "ok"}
    began = time.monotonic()
    with heard(passed_on=False) as printed:
        try:
            times.start()
            scene_class = film.load_scene(task, formulas, latex)
            files.listen()
            Stepping(scene_class(), Watchers(watcher, *pictures.watchers)).run()
        except OutOfTimeError:
            report.update(outcome="limit", line=times.last_line)
        except BaseException as problem:
            times.stop()
            report.update(_failed(problem, task, latex))
            if _is_ours(problem):
                report["outcome"] = "stopped"
        finally:
            times.stop()
    for line, seconds in watcher.drawing.items():
        times.seconds[line] += seconds
    report.update(
        watcher.to_json(),
        **pictures.to_json(),
        printed=printed.text(),
        files=[{"path": path, "line": line} for path, line in files.read.items()],
        took_s=round(time.monotonic() - began, 3),
        slow=[[line, round(s, 3)] for line, s in _most_first(times.seconds)],
    )
    film.leave_report(results, report)
    return None


def _most_first(seconds: Mapping[int, float]) -> list[tuple[int, float]]:
    return sorted(seconds.items(), key=lambda of: -of[1])


def _failed(problem: BaseException, task: RenderTask, latex: list[str]) -> Report:
    """What came out of the scene, with what tells whether it would come out elsewhere, too."""
    return {
        "outcome": "error",
        "error": failure.shorten(film.error_text(problem, task, latex)),
        "kinds": [each.__name__ for each in type(problem).__mro__[:-2]],
        "message": str(problem)[:2000],
        "name": str(getattr(problem, "name", None) or ""),
        "path": str(getattr(problem, "filename", None) or ""),
        "classes": _classes(problem),
        "latex": latex[:40],
        "known": _is_known(problem),
    }


def _is_known(problem: BaseException) -> bool:
    """Whether this Manim has the attribute, or the option, that the error is about, anywhere."""
    import manim

    name = str(getattr(problem, "name", None) or "")
    option = _OPTION.search(str(problem))
    for kind in vars(manim).values():
        if not isinstance(kind, type):
            continue
        if option is not None:
            with contextlib.suppress(TypeError, ValueError):
                if option[1] in inspect.signature(kind).parameters:
                    return True
    if option is not None or not name:
        return False
    made = re.compile(rf"(?:\bself\.|\bdef |^    ){re.escape(name)}\b", re.MULTILINE)
    files = Path(manim.__file__).parent.rglob("*.py")
    return any(made.search(file.read_text(encoding="utf-8", errors="replace")) for file in files)


_OPTION: Final = re.compile(r"unexpected keyword argument '(\w+)'")


def _is_ours(problem: BaseException) -> bool:
    """Whether the error came out of this package, and so says nothing about the scene."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace is not None else ""
    explained = isinstance(problem, SceneMissingError) or "LaTeX" in str(problem)
    return file.startswith(str(Path(__file__).parent)) and not explained


def _classes(problem: BaseException) -> list[str]:
    """The classes whose option or method the error is about, as far as can be seen.

    That is what lacks the attribute; else what was being made or called when it was raised.
    """
    if isinstance(problem, AttributeError):
        owner = getattr(problem, "obj", None)
        kind = owner if isinstance(owner, type) else type(owner)
        return [each.__name__ for each in kind.__mro__[:-1]]
    classes: dict[str, None] = {}
    trace, below = problem.__traceback__, False
    while trace is not None:
        frame = trace.tb_frame
        if below and "self" in frame.f_locals:
            classes.update(
                dict.fromkeys(each.__name__ for each in type(frame.f_locals["self"]).__mro__[:-1])
            )
        below = below or frame.f_code.co_filename == failure.SCENE_FILE
        trace = trace.tb_next
    return list(classes)
