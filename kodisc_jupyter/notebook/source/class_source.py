"""Where a Scene class was written: the cell, or the file, that ``render(MyScene)`` sends."""

from __future__ import annotations

import contextlib
import linecache
import sys
import types
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED, Diagnostic, Severity
from kodisc_jupyter.scene.ordinary_cell import defines_class, marimo_cell, scene_part

_HINT: Final = (
    "Define the class at the top level of a cell or of a Python file, run that, and render it "
    "again; or render the cell itself with %%kodisc on its first line."
)


class ClassSource(NamedTuple):
    """The code that defines a class, and the number that the reader sees beside its first line."""

    code: str
    first_line: int = 1


def source_of(scene: type, shell: Any) -> ClassSource:
    """The cell or the file that defines a class, without its statements for the notebook.

    IPython, ipykernel and marimo keep the text of each cell that was run in :mod:`linecache`, under
    the name that the cell's code objects have.

    Raises:
        SceneCheckError: it cannot be found.
    """
    if "<locals>" not in scene.__qualname__:
        for text, first_line in _candidates(scene, shell):
            if defines_class(text, scene.__name__):
                return ClassSource(scene_part(text, _ours(scene)), first_line)
    from kodisc_jupyter.notebook.prepare import refused

    inside = "<locals>" in scene.__qualname__
    why = "it is defined inside a function" if inside else "its source text was not found"
    raise refused([_problem(f"{scene.__name__} cannot be sent: {why}.")])


def imports_of(code: str, prelude: str, values: Collection[str], scene: type) -> str:
    """Import statements for what a cell uses and other cells of the notebook imported.

    In marimo a name is imported by one cell for all, and many notebooks import Manim once.
    ``values`` are the names that are sent along.
    """
    from kodisc_jupyter.scene.cell import assemble
    from kodisc_jupyter.scene.reading.reading import Reading, read

    variables = _variables(scene)

    with contextlib.suppress(RecursionError, MemoryError):
        reading = read(assemble(code, prelude=prelude))
        if isinstance(reading, Reading):
            names = dict.fromkeys(use.id for use in reading.scopes.undefined)
            written = (
                _import(name, variables[name])
                for name in names
                if name not in values and name in variables
            )
            return "\n".join(line for line in written if line)
    return ""


def _candidates(scene: type, shell: Any) -> Iterator[tuple[str, int]]:
    """Texts that may define the class, the likeliest first, with the number of their first line."""
    typed = _typed(scene, shell)
    for function in _functions(scene):
        name = function.__code__.co_filename
        linecache.checkcache(name)
        text = "".join(linecache.getlines(name, function.__globals__))
        if Path(name).suffix == ".py":
            yield marimo_cell(text, function.__code__.co_firstlineno), 1
        yield text, _first_line(text, typed, shell)
    file = getattr(sys.modules.get(scene.__module__), "__file__", None)
    if file and scene.__module__ != "__main__":
        yield "".join(linecache.getlines(file)), 1
    for cell in typed:  # %%time compiles without keeping the text
        yield (cell.partition("\n")[2], 2) if cell.startswith("%%") else (cell, 1)
    if not _functions(scene):
        for name in reversed(list(linecache.cache)):
            if not Path(name).exists():
                yield "".join(linecache.getlines(name)), 1


def _typed(scene: type, shell: Any) -> list[str]:
    """The cells that were typed with this class in them, the newest first."""
    history = getattr(shell, "history_manager", None)
    cells = reversed(history.input_hist_raw) if history is not None else ()
    return [str(cell) for cell in cells if f"class {scene.__name__}" in cell]


def _first_line(text: str, typed: list[str], shell: Any) -> int:
    """The number of a code's first line in its cell: IPython takes empty lines off its top."""
    for cell in typed:
        above, body = (1, cell.partition("\n")[2]) if cell.startswith("%%") else (0, cell)
        if shell.transform_cell(body).rstrip() == text.rstrip():
            lines = body.splitlines()
            return above + next(n for n, line in enumerate(lines, 1) if line.strip())
    return 1


def _functions(scene: type) -> list[types.FunctionType]:
    """The class's own functions, ``construct`` first."""
    own = [value for value in vars(scene).values() if isinstance(value, types.FunctionType)]
    mine = [function for function in own if function.__module__ == scene.__module__]
    return sorted(mine, key=lambda function: function.__name__ != "construct")


def _variables(scene: type) -> Mapping[str, Any]:
    """The variables of the notebook, or of the module, that a class was defined in."""
    functions = _functions(scene)
    if functions:
        return functions[0].__globals__
    return vars(sys.modules.get(scene.__module__, sys))


def _ours(scene: type) -> set[str]:
    """The variables that hold something of this package: ``render``, a render's handle."""
    return {
        name
        for name, value in _variables(scene).items()
        if str(getattr(value, "__module__", None) or getattr(value, "__name__", "")).partition(".")[
            0
        ]
        == "kodisc_jupyter"
    }


def _import(name: str, value: Any) -> str:
    """The statement that imports ``value`` as ``name``; empty where nobody else can import it."""
    if isinstance(value, types.ModuleType):
        whole = value.__name__
        return f"import {whole}" if whole == name else f"import {whole} as {name}"
    home = sys.modules.get("manim")
    if home is None or getattr(home, name, None) is not value:
        home = sys.modules.get(getattr(value, "__module__", None) or "")
        original = getattr(value, "__name__", "")
    else:
        original = name
    if home is None or home.__name__ == "__main__" or not original.isidentifier():
        return ""
    if getattr(home, original, None) is not value:
        return ""
    return f"from {home.__name__} import {original}" + (f" as {name}" if original != name else "")


def _problem(message: str) -> Diagnostic:
    return Diagnostic("no-source", Severity.ERROR, message, hint=_HINT, charged=NOTHING_CHARGED)
