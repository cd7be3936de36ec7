"""What of an ordinary cell belongs to the scene: everything that does not talk to the notebook."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

from kodisc_jupyter.scene.cell import blank_out, split_lines
from kodisc_jupyter.scene.reading.parser import CANNOT_PARSE, parse

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


def marimo_cell(code: str, line: int) -> str:
    """The cell that line ``line`` of a marimo file belongs to, as its reader sees it; else ``""``.

    The file holds each cell as a function below ``@app.cell``, or as a class below
    ``@app.class_definition``.
    """
    try:
        tree = parse(code) if "marimo" in code else ast.Module([], [])
    except CANNOT_PARSE:
        return ""
    lines = split_lines(code)
    for node in tree.body:
        if not (getattr(node, "decorator_list", ()) and node.lineno <= line <= _end(node)):
            continue
        if isinstance(node, ast.ClassDef):
            return "\n".join(lines[node.lineno - 1 : _end(node)])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = [part for part in node.body if not isinstance(part, ast.Return)] or node.body
            indent = " " * body[0].col_offset
            first = min(
                part.lineno for part in ast.walk(body[0]) if isinstance(part, (ast.stmt, ast.expr))
            )
            return "\n".join(
                text.removeprefix(indent) for text in lines[first - 1 : _end(body[-1])]
            )
    return ""


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def scene_part(code: str, ours: Collection[str] = ()) -> str:
    """``code`` without the statements that use this package, a magic or what came of them.

    ``from kodisc_jupyter import render``, ``video = render(MyScene)``, ``video.wait()`` and
    ``%load_ext kodisc_jupyter`` mean nothing where the scene is rendered. Their lines stay, empty,
    so that every other line keeps its number; without such statements nothing is changed. ``ours``
    are names that came from this package in other cells.
    """
    try:
        tree = parse(code)
    except CANNOT_PARSE:
        return code  # the checks say what is wrong with it
    lines = list(split_lines(code))
    known = {*_NOTEBOOK_NAMES, *ours}
    has_scene = False
    for node in tree.body:
        bound = _bound(node)
        if _imports_us(node) or (not isinstance(node, ast.ClassDef) and _loaded(node) & known):
            blank_out(lines, node)
            known |= bound
            has_scene = True
        else:
            known -= bound
    return "\n".join(lines).rstrip() + "\n" if has_scene else code


def _imports_us(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] == _PACKAGE
    return isinstance(node, ast.Import) and any(
        alias.name.partition(".")[0] == _PACKAGE for alias in node.names
    )


def _loaded(node: ast.AST) -> set[str]:
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store)
    }


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement of the top level binds there."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
