"""Names that nothing defines, or an import replaces, and what their writer probably meant."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.literals import literal
from kodisc_jupyter.scene.manim.manimgl import manimgl_hint
from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.suggestions import closest
from kodisc_jupyter.scene.other_languages import other_language_hint
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.reading.scopes import BUILTINS

LIMIT: Final = 10
"""More undefined names than this are not worth reading at once."""

_ALIASES: Final = {
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
    "sp": "import sympy as sp",
    "nx": "import networkx as nx",
    "numpy": "import numpy",
    "scipy": "import scipy",
    "networkx": "import networkx",
}
_NOTEBOOK_ONLY: Final = frozenset({"get_ipython", "display", "In", "Out"})


def undefined_names(reading: Reading, notebook_names: Collection[str]) -> Iterator[Diagnostic]:
    """One error for each name that nothing defines, at its first use."""
    known = names()
    scopes = reading.scopes
    first: dict[str, ast.Name] = {}
    for use in sorted(scopes.undefined, key=lambda use: not reading.reaches(use)):
        if not _in_method_without_self(reading, use):  # the check of construct says so
            first.setdefault(use.id, use)
    no_manim = "manim" not in scopes.stars and not _imports_manim(reading)
    manims = [name for name in first if name in known.manim] if no_manim else []
    if manims:
        yield _manim_not_imported(reading, first, manims)
    rest = [name for name in first if name not in manims]
    for name in rest[:LIMIT]:
        yield _undefined(reading, first[name], notebook_names)


def _imports_manim(reading: Reading) -> bool:
    return any(
        (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "manim")
        or (
            isinstance(node, ast.Import)
            and any(alias.name.partition(".")[0] == "manim" for alias in node.names)
        )
        for node in reading.scopes.imports
    )


def _manim_not_imported(
    reading: Reading, first: Mapping[str, ast.Name], manims: list[str]
) -> Diagnostic:
    are = "are" if len(manims) > 1 else "is"
    return reading.error(
        "undefined-name",
        first[manims[0]],
        f"{_in_words(manims)} {are} not defined: Manim is not imported here.",
        "Each cell is sent by itself: put `from manim import *` at its top, "
        "or once in a %%kodisc_prelude cell.",
    )


def _in_words(words: list[str]) -> str:
    shown = words[:4]
    more = len(words) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _undefined(reading: Reading, use: ast.Name, notebook_names: Collection[str]) -> Diagnostic:
    name = use.id
    replaced = manimgl_hint(name)
    if replaced and name not in notebook_names:
        return reading.error("manimgl", use, f"{name} is not in Manim Community.", replaced)
    if name in notebook_names and name not in _NOTEBOOK_ONLY:
        return reading.error(
            "not-sent",
            use,
            f"{name} is defined in the notebook, but it is not sent along.",
            _sending_hint(name, notebook_names),
        )
    if "manim_kodisc" in reading.scopes.stars:
        return reading.warning(
            "undefined-name",
            use,
            f"{name} is not defined, unless a newer manim_kodisc has it.",
            _undefined_hint(reading, name, use),
        )
    return reading.error(
        "undefined-name", use, f"{name} is not defined.", _undefined_hint(reading, name, use)
    )


def _method_around(reading: Reading, use: ast.Name) -> ast.FunctionDef | None:
    """The innermost method of a class of the source that a use stands in."""
    method = None
    for node in ast.walk(reading.tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.lineno <= use.lineno <= (
                    part.end_lineno or part.lineno
                ):
                    method = part
    return method


def _in_method_without_self(reading: Reading, use: ast.Name) -> bool:
    """Whether it is the ``self`` of a ``def construct():``."""
    if use.id != "self":
        return False
    method = _method_around(reading, use)
    return method is not None and method.name == "construct" and not method.args.args


def _sending_hint(name: str, notebook_names: Collection[str]) -> str:
    value = notebook_names[name] if isinstance(notebook_names, Mapping) else None
    if isinstance(value, types.ModuleType):
        whole = value.__name__
        written = f"import {whole}" if whole == name else f"import {whole} as {name}"
        return f"Add `{written}` to the cell."
    if isinstance(value, (type, types.FunctionType)):
        what = "class" if isinstance(value, type) else "function"
        return f"Put the {what} in the cell, or in a %%kodisc_prelude cell."
    try:
        literal(value)
    except ValueError as refused:
        return f"Create it in the cell; its value cannot be sent along: {refused}"
    return f"Add `--with {name}` to the %%kodisc line to send its value along."


def _undefined_hint(reading: Reading, name: str, use: ast.Name) -> str:
    if name in _NOTEBOOK_ONLY:
        return "It exists only in the notebook; a scene runs in plain Python."
    other = other_language_hint(name)
    if other:
        return other
    if name == "self":
        method = _method_around(reading, use)
        if method is not None and not method.args.args:
            return f"Write `def {method.name}(self):`."
        return "Indent this line so that it is inside a method; self exists only there."
    owner = _class_attribute(reading.tree, name)
    if owner:
        return f"It belongs to the class {owner}: write self.{name}."
    if name in _ALIASES:
        return f"Add `{_ALIASES[name]}` to the cell."
    if name in sys.stdlib_module_names:
        return f"Add `import {name}` to the cell."
    if name in names().scene_attributes and name not in names().manim:
        return f"Did you mean self.{name}?"
    if name.startswith("OpenGL") and name.removeprefix("OpenGL") in names().manim:
        return f"Write {name.removeprefix('OpenGL')}."
    scopes = reading.scopes
    if "manim" not in scopes.stars and name in names().manim:
        return f"Add `from manim import {name}` to the cell."
    if name in scopes.bound:
        return (
            "It is defined elsewhere and cannot be used here: define it here too, "
            "or pass it as an argument."
        )
    close = closest(name, scopes.defined | scopes.bound | BUILTINS)
    if close:
        return f"Did you mean {close}?"
    return "Define it in the cell, or in a %%kodisc_prelude cell."


def _class_attribute(tree: ast.Module, name: str) -> str:
    """The class whose body binds ``name``, which its methods see only through ``self``."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                targets = (
                    statement.targets
                    if isinstance(statement, ast.Assign)
                    else [statement]
                    if isinstance(statement, ast.FunctionDef)
                    else [getattr(statement, "target", None)]
                )
                for target in targets:
                    if getattr(target, "id", getattr(target, "name", None)) == name:
                        return node.name
    return ""


def replaced_values(reading: Reading) -> Iterator[Diagnostic]:
    """``from manim import *`` below a sent ``color`` makes ``color`` Manim's module again.

    An import in the prelude stands above the values and replaces nothing.
    """
    sent = set(reading.source.names)
    for node in reading.tree.body if sent else ():
        if not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*"):
            continue
        lost = sent & (names().brought_by(node.module or "") or frozenset())
        if lost and reading.source.origin(node.lineno) == "cell":
            name = min(lost)
            yield reading.error(
                "replaced-value",
                node,
                f"This import replaces the {name} that is sent along with --with.",
                f"Send it under another name: my_{name} = {name}, then --with my_{name}.",
            )
