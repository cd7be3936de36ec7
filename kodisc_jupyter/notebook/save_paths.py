"""Where ``--save`` and ``%kodisc save`` write a video, and as what kind of file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kodisc_jupyter.api.render_request import RenderRequest
from kodisc_jupyter.notebook.line.values import OptionError
from kodisc_jupyter.notebook.prepare import option_diagnostic, refused


def save_path(given: str, name: str) -> Path:
    """The file that was named; in a folder, an MP4 called ``name``. Without an ending, an MP4.

    Raises:
        OptionError: the ending is of no kind that can be made here.
    """
    from kodisc_jupyter.renders.media.convert import ending_problem

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
        raise refused([option_diagnostic(*_one_for_several(save), line, "--save")])
    try:
        return [save_path(save, request.class_name) for request in requests]
    except OptionError as problem:
        diagnostic = option_diagnostic(problem.message, problem.hint, line, "--save")
        raise refused([diagnostic]) from None


def picture_paths(
    save: str | None, requests: Sequence[RenderRequest], stills: int, line: str
) -> list[list[Path]]:
    """The PNG files for each request's ``stills``, numbered where there are several.

    Raises:
        SceneCheckError: several scenes would go into one file; it is no .png; there is no still.
    """
    if save is None:
        return [[] for _ in requests]
    whole = Path(save).expanduser().absolute()
    folder = _is_folder(save)
    message = hint = ""
    if not stills:
        message, hint = "A storyboard is not saved as a file.", "Use --save with --still or --at."
    elif not folder and whole.suffix.lower() not in {"", ".png"}:
        message, hint = (
            f"A picture is saved as .png, not as {whole.suffix}.",
            "Leave --still and --at out to save the video.",
        )
    elif not folder and len(requests) > 1:
        message, hint = _one_for_several(save)
    if message:
        raise refused([option_diagnostic(message, hint, line, "--save")])
    return [
        [
            (whole / name if folder else whole.with_name(name))
            for name in _number(request.class_name if folder else whole.stem, stills)
        ]
        for request in requests
    ]


def _number(stem: str, number: int) -> list[str]:
    if number == 1:
        return [f"{stem}.png"]
    return [f"{stem}-{index}.png" for index in range(1, number + 1)]


def _one_for_several(save: str) -> tuple[str, str]:
    return "--save names one file for several scenes.", f"Name a folder: --save {save}/"


def _is_folder(given: str) -> bool:
    return given.endswith(("/", os.sep)) or Path(given).expanduser().is_dir()
