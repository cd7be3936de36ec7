"""Where ``--save`` and ``%kodisc save`` write a video, and as what kind of file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.line.values import OptionError
from kodisc_jupyter.notebook.prepare import option_diagnostic, refused
from kodisc_jupyter.renders.media.convert import ending_problem


def save_path(given: str, name: str) -> Path:
    """The file that was named; in a folder, an MP4 called ``name``. Without an ending, an MP4.

    Raises:
        OptionError: the ending is of no kind that can be made here.
    """
    path = Path(given).expanduser().absolute()
    if _is_folder(given):
        return path / f"{name}.mp4"
    path = path if path.suffix else path.with_suffix(".mp4")
    problem = ending_problem(path)
    if problem:
        raise OptionError(*problem, given)
    return path


def save_paths(save: str | None, requests: Sequence[RenderRequest], line: str) -> list[Path | None]:
    """A path for each request: a file, or one in a folder for several scenes; ``None`` for none.

    Raises:
        SceneCheckError: several scenes would go into one file, or its ending is none of ours.
    """
    if save is None:
        return [None] * len(requests)
    if len(requests) > 1 and not _is_folder(save):
        message, hint = (
            "--save names one file for several scenes.",
            f"Name a folder: --save {save}/",
        )
        raise refused([option_diagnostic(message, hint, line, "--save")])
    try:
        return [save_path(save, request.class_name) for request in requests]
    except OptionError as problem:
        diagnostic = option_diagnostic(problem.message, problem.hint, line, "--save")
        raise refused([diagnostic]) from None


def _is_folder(given: str) -> bool:
    return given.endswith(("/", os.sep)) or Path(given).expanduser().is_dir()
