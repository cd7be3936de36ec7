"""Names that nothing defines, and what their writer probably meant."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.manimgl import manimgl_hint
from kodisc_jupyter.scene.names import names
from kodisc_jupyter.scene.reading import Reading
from kodisc_jupyter.scene.scopes import BUILTINS

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
_OTHER_LANGUAGES: Final = {"true": "True", "false": "False", "null": "None", "none": "None"}
_NOTEBOOK_ONLY: Final = frozenset({"get_ipython", "display", "In", "Out"})


def undefined_names(reading: Reading, notebook_names: Collection[str]) -> Iterable[Diagnostic]:
    """One error for each name that nothing defines, at its first use."""
    known = names()
    scopes = reading.scopes
    first: dict[str, ast.Name] = {}
    for use in scopes.undefined:
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
    others = f" (nor are {_listed(manims[1:])})" if len(manims) > 1 else ""
    return reading.error(
        "undefined-name",
        first[manims[0]],
        f"{manims[0]} is not defined{others}: Manim is not imported here.",
        "Each cell is sent by itself: put `from manim import *` at its top, "
        "or once into a %%kodisc_prelude cell.",
    )


def _listed(words: list[str]) -> str:
    shown = words[:3]
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
            f"{name} is defined in the notebook, but was not sent along.",
            _sending_hint(name, notebook_names),
        )
    return reading.error(
        "undefined-name", use, f"{name} is not defined.", _undefined_hint(reading, name)
    )


def _sending_hint(name: str, notebook_names: Collection[str]) -> str:
    value = notebook_names[name] if isinstance(notebook_names, Mapping) else None
    if isinstance(value, types.ModuleType):
        whole = value.__name__
        written = f"import {whole}" if whole == name else f"import {whole} as {name}"
        return f"Add `{written}` to the cell."
    if isinstance(value, (type, types.FunctionType)):
        what = "class" if isinstance(value, type) else "function"
        return f"Put the {what} into the cell, or into a %%kodisc_prelude cell."
    return f"Send its value along: add `--with {name}` to the %%kodisc line."


def _undefined_hint(reading: Reading, name: str) -> str:
    if name in _NOTEBOOK_ONLY:
        return "It exists in the notebook only; a scene is rendered by plain Python."
    if name in _OTHER_LANGUAGES:
        return f"Python writes it {_OTHER_LANGUAGES[name]}."
    if name == "self":
        return "Indent this line into a method; self exists only there."
    owner = _class_attribute(reading.tree, name)
    if owner:
        return f"It is an attribute of {owner}: write self.{name} in its methods."
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
        return "It is defined in another scope only: define it here too, or pass it on."
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


def closest(name: str, candidates: Collection[str]) -> str:
    """The candidate that ``name`` was probably meant to be, or ``""``."""
    if not 1 < len(name) <= 60:
        return ""
    folded = name.casefold().replace("_", "")
    for candidate in sorted(candidates):
        if candidate.casefold().replace("_", "") == folded:
            return candidate
    near = [
        candidate
        for candidate in candidates
        if abs(len(candidate) - len(name)) <= 3 and not candidate.startswith("_")
    ]
    from difflib import get_close_matches  # only a mistake needs it

    matches = get_close_matches(name, sorted(near), n=1, cutoff=0.75)
    return matches[0] if matches else ""
