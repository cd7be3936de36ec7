"""Where ``--save`` writes each scene's video."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.prepare import option_diagnostic, refused


def save_paths(save: str | None, requests: Sequence[RenderRequest], line: str) -> list[Path | None]:
    """A path for each request: a file, or one in a folder for several scenes; ``None`` for none.

    Raises:
        SceneCheckError: several scenes would go into one file.
    """
    if save is None:
        return [None] * len(requests)
    path = Path(save).expanduser().absolute()
    if path.is_dir() or save.endswith(("/", os.sep)):
        return [path / f"{request.class_name}.mp4" for request in requests]
    if len(requests) > 1:
        raise refused(
            [
                option_diagnostic(
                    "--save names one file for several scenes.",
                    f"Name a folder: --save {save}/",
                    line,
                    "--save",
                )
            ]
        )
    return [path if path.suffix else path.with_suffix(".mp4")]
