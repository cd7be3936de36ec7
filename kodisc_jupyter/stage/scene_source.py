"""The user's code as a module, and the scene in it."""

from __future__ import annotations

import linecache
import sys
import types
from pathlib import Path
from typing import Any

from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.frame_settings import set_frame, set_size
from kodisc_jupyter.stage.task import RenderTask


class SceneMissingError(Exception):
    """The code does not define the scene that was asked for."""


def load(task: RenderTask) -> types.ModuleType:
    """Run the user's code as the module ``scene`` in ``scene.py``, as Manim runs a file."""
    Path(failure.SCENE_FILE).write_text(task.code, encoding="utf-8", errors="replace")
    lines = task.code.splitlines(keepends=True)
    linecache.cache[failure.SCENE_FILE] = (len(task.code), None, lines, failure.SCENE_FILE)
    module = types.ModuleType("scene")
    module.__file__ = str(Path(failure.SCENE_FILE).absolute())
    sys.modules["scene"] = module
    sys.path.insert(0, str(Path.cwd()))
    set_frame(task)
    code = compile(task.code, failure.SCENE_FILE, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102  the server's purpose
    set_size(task)
    return module


def find(module: types.ModuleType, name: str) -> type[Any]:
    """The scene class called ``name``; raises :class:`SceneMissingError`."""
    from manim import Scene

    scene_class = module.__dict__.get(name)
    if isinstance(scene_class, type) and issubclass(scene_class, Scene):
        return scene_class
    defined = [
        key
        for key, value in module.__dict__.items()
        if isinstance(value, type) and issubclass(value, Scene) and value.__module__ == "scene"
    ]
    other = "" if scene_class is None else f"of type {type(scene_class).__name__}"
    if isinstance(scene_class, type):
        other = "a class"
    raise SceneMissingError(failure.scene_missing(name, defined, other=other))
