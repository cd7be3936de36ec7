"""Which functions of a source the scenes to render can come past.

By names alone: what runs is the top of the source, the scenes' own methods that Manim calls, and
every function whose name is used in something that runs. So too much counts as reached, never too
little.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.reading.bindings import children
from kodisc_jupyter.scene.reading.classes import Classes
from kodisc_jupyter.scene.reading.scopes import Scopes

_BY_STRING: Final = frozenset({"getattr", "eval", "exec", "globals", "vars", "locals", "dir"})
"""With one of these a function may be called whose name is nowhere."""

_PLAIN: Final = frozenset({"property", "setter", "staticmethod", "classmethod", "cached_property"})


@dataclass(eq=False)
class _Part:
    """A function, a class body or the top of the source, with the names that it uses itself."""

    name: str = ""
    node: ast.AST | None = None
    around: _Part | None = None
    bases: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    decorated: bool = False

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)


def unreached_lines(
    tree: ast.Module, scopes: Scopes, classes: Classes, scenes: tuple[str, ...]
) -> tuple[tuple[int, int], ...]:
    """The first and the last line of each function body that no scene in ``scenes`` reaches."""
    if scopes.unreadable or not scenes or any(name not in classes.definitions for name in scenes):
        return ()
    if any(use.id in _BY_STRING for use in scopes.loads):
        return ()
    parts: list[_Part] = [_Part()]
    guarded: list[tuple[int, int]] = []
    _collect(tree.body, parts[0], parts, guarded)
    reached = _reached(parts, scenes)
    return (*guarded, *(_lines(part.node) for part in parts[1:] if _is_unreached(part, reached)))


def _is_unreached(part: _Part, reached: set[_Part]) -> bool:
    return not part.is_class and part not in reached


def _lines(node: ast.AST | None) -> tuple[int, int]:
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return node.body[0].lineno, node.end_lineno or node.lineno


def _collect(
    nodes: Iterable[ast.AST], part: _Part, parts: list[_Part], guarded: list[tuple[int, int]]
) -> None:
    for node in nodes:
        kind = node.__class__
        if kind is ast.Name:
            part.uses.add(node.id)  # type: ignore[attr-defined]
            continue
        if kind is ast.Constant:
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            _definition(node, part, parts, guarded)
            continue
        if kind is ast.Attribute:
            part.uses.add(node.attr)  # type: ignore[attr-defined]
        elif isinstance(node, ast.If) and part.node is None and "__name__" in _words(node.test):
            guarded.append((node.body[0].lineno, node.body[-1].end_lineno or node.lineno))
        _collect(children(node), part, parts, guarded)


def _definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    part: _Part,
    parts: list[_Part],
    guarded: list[tuple[int, int]],
) -> None:
    inner = _Part(node.name, node, part)
    inner.decorated = any(_last_word(one) not in _PLAIN for one in node.decorator_list)
    parts.append(inner)
    outside: list[ast.AST] = [*node.decorator_list]
    if isinstance(node, ast.ClassDef):
        for base in (*node.bases, *node.keywords):
            inner.bases |= set(_words(base))
    else:
        outside += [node.args, *filter(None, [node.returns])]
    for expression in outside:
        part.uses |= set(_words(expression))
    _collect(node.body, inner, parts, guarded)


def _words(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _last_word(node: ast.expr) -> str:
    return next(_words(node.func if isinstance(node, ast.Call) else node), "")


def _reached(parts: list[_Part], scenes: tuple[str, ...]) -> set[_Part]:
    known = names()
    called = known.scene_attributes | known.class_attributes
    reached: set[_Part] = {parts[0]}
    used = set(scenes) | parts[0].uses
    for part in parts:  # a class body runs where it stands
        if part.is_class and (part.around is parts[0] or part.around in reached):
            reached.add(part)
            used |= part.uses
    alive: set[_Part] = set()
    while True:
        before = len(reached) + len(alive)
        for part in parts[1:]:
            if part.around not in reached:
                continue
            wanted = part.name in used or part.decorated
            if part.is_class:
                if wanted and part not in alive:
                    alive.add(part)
                    reached.add(part)
                    used |= part.bases | part.uses
            elif part not in reached and _runs(part, alive, called, wanted=wanted):
                reached.add(part)
                used |= part.uses
        if len(reached) + len(alive) == before:
            return reached


def _runs(part: _Part, alive: set[_Part], called: frozenset[str], *, wanted: bool) -> bool:
    assert part.around is not None
    if not part.around.is_class:
        return wanted
    return part.around in alive and (wanted or part.name.startswith("__") or part.name in called)
