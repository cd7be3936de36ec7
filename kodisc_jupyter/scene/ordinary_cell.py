"""What of an ordinary cell belongs to the scene: everything that does not talk to the notebook."""

from __future__ import annotations

import ast
from typing import Final

from kodisc_jupyter.scene.cell import blank_out, split_lines
from kodisc_jupyter.scene.parsing import CANNOT_PARSE, parse

_PACKAGE: Final = "kodisc_jupyter"
_NOTEBOOK_NAMES: Final = frozenset({"get_ipython", "display"})
"""IPython writes its magics as calls of ``get_ipython()``."""


def defines_class(code: str, name: str) -> bool:
    """Whether ``code`` defines a class of that name at its top level."""
    try:
        tree = parse(code)
    except CANNOT_PARSE:
        return False
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body)


def scene_part(code: str) -> str:
    """``code`` without the statements that use this package, a magic or what came of them.

    ``from kodisc_jupyter import render``, ``video = render(MyScene)``, ``video.wait()`` and
    ``%load_ext kodisc_jupyter`` mean nothing where the scene is rendered. Their lines stay, empty,
    so that every other line keeps its number; without such statements nothing is changed.
    """
    try:
        tree = parse(code)
    except CANNOT_PARSE:
        return code  # the checks say what is wrong with it
    lines = list(split_lines(code))
    ours = set(_NOTEBOOK_NAMES)
    found = False
    for node in tree.body:
        bound = _bound(node)
        if _imports_us(node) or (not isinstance(node, ast.ClassDef) and _loaded(node) & ours):
            blank_out(lines, node)
            ours |= bound
            found = True
        else:
            ours -= bound
    return "\n".join(lines).rstrip() + "\n" if found else code


def _imports_us(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] == _PACKAGE
    return isinstance(node, ast.Import) and any(
        alias.name.partition(".")[0] == _PACKAGE for alias in node.names
    )


def _loaded(node: ast.AST) -> set[str]:
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Store)
    }


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement of the top level binds there."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
