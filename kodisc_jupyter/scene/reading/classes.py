"""The classes of a source and which of them are scenes, as far as the text can tell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from kodisc_jupyter.scene.manim.names import names


class Kind(Enum):
    """Whether a class is a Scene."""

    SCENE = "scene"
    OTHER = "other"
    UNKNOWN = "unknown"
    """It has a base that comes from somewhere that cannot be read."""


class Classes:
    """The classes that a module defines at its top (in ``if`` and ``try`` as well)."""

    def __init__(self, tree: ast.Module) -> None:
        self.definitions: dict[str, list[ast.ClassDef]] = {}
        self.given_construct: set[str] = set()  # by `Name.construct = …`
        self._aliases: dict[str, str] = {}  # names bound to Manim's own: name -> Manim's name
        self._manim: set[str] = set()  # names that are the manim module
        self._assigned: dict[str, ast.expr] = {}
        self.manim_star = False
        self.repeated: list[ast.ClassDef] = []
        for node in _statements(tree.body):
            if isinstance(node, ast.ClassDef):
                self.definitions.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Assign):
                self._assign(node)
        seen: set[str] = set()
        for statement in tree.body:  # in branches a second definition may be meant
            if isinstance(statement, ast.ClassDef):
                if statement.name in seen:
                    self.repeated.append(statement)
                seen.add(statement.name)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name == "manim" or (alias.name.startswith("manim.") and not alias.asname):
                self._manim.add(alias.asname or "manim")

    def _import_from(self, node: ast.ImportFrom) -> None:
        package = (node.module or "").partition(".")[0]
        for alias in node.names:
            if package == "manim" and not node.level:
                if alias.name == "*":
                    self.manim_star = True
                else:
                    self._aliases[alias.asname or alias.name] = alias.name

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._assigned[target.id] = node.value
            elif (
                isinstance(target, ast.Attribute)
                and target.attr == "construct"
                and isinstance(target.value, ast.Name)
            ):
                self.given_construct.add(target.value.id)

    def scenes(self) -> tuple[str, ...]:
        """The scenes that can be rendered, in the order they are written."""
        return tuple(name for name in self.definitions if self.looks_like_scene(name))

    def looks_like_scene(self, name: str) -> bool:
        """Whether a class is a Scene, or may be one and has a ``construct``."""
        kind = self.kind(name)
        if kind is Kind.UNKNOWN:
            return self.method(name, "construct") or self._base_says_scene(name)
        return kind is Kind.SCENE

    def _base_says_scene(self, name: str) -> bool:
        return any(
            ast.unparse(base).endswith("Scene")
            for node in self.definitions.get(name, ())
            for base in node.bases
        )

    def kind(self, name: str, above: tuple[str, ...] = ()) -> Kind:
        """Whether the class ``name`` is a Scene, through whatever bases."""
        nodes = self.definitions.get(name)
        if nodes is None:
            return self._kind_of_outside(name)
        depth = above.count(name)  # `class Scene(Scene)` is built from what had the name before
        if depth >= len(nodes):
            return self._kind_of_outside(name)
        if name in self._assigned:
            return Kind.UNKNOWN
        kinds = {self._kind_of(base, (*above, name)) for base in nodes[-1 - depth].bases}
        if Kind.SCENE in kinds:
            return Kind.SCENE
        if Kind.UNKNOWN in kinds or nodes[-1].keywords or nodes[-1].decorator_list:
            return Kind.UNKNOWN
        return Kind.OTHER

    def _kind_of(self, base: ast.expr, above: tuple[str, ...]) -> Kind:
        if isinstance(base, ast.Name):
            return self.kind(base.id, above)
        if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
            if base.value.id in self._manim:
                return _kind_in_manim(base.attr)
        elif isinstance(base, ast.Subscript):  # Generic[T]
            return self._kind_of(base.value, above)
        return Kind.UNKNOWN

    def _kind_of_outside(self, name: str) -> Kind:
        if name in self._assigned:
            value = self._assigned[name]
            return (
                self.kind(value.id)
                if isinstance(value, ast.Name) and value.id != name and value.id in self.definitions
                else Kind.UNKNOWN
            )
        if name in self._aliases:
            return _kind_in_manim(self._aliases[name])
        if name in _PLAIN_BASES:
            return Kind.OTHER
        if self.manim_star and name in names().manim:
            return _kind_in_manim(name)
        return Kind.UNKNOWN

    def method(self, name: str, method: str, above: tuple[str, ...] = ()) -> bool:
        """Whether the class, or a base of it in this source, defines ``method``."""
        if name in self.given_construct:
            return True
        if name in above:
            return False
        return any(
            method in bound_in(node)
            or any(
                isinstance(base, ast.Name) and self.method(base.id, method, (*above, name))
                for base in node.bases
            )
            for node in self.definitions.get(name, ())[-1:]
        )

    def surely_no_construct(self, name: str) -> bool:
        """Whether nothing, known or unknown, can give this scene a ``construct``."""
        if name in self.given_construct:
            return False
        nodes = self.definitions.get(name)
        if nodes is None:
            return self._kind_of_outside(name) is not Kind.UNKNOWN  # Manim's own do nothing
        node = nodes[-1]
        if node.decorator_list or node.keywords or "construct" in bound_in(node):
            return False
        return all(
            self._kind_of(base, ()) is not Kind.UNKNOWN
            and (not isinstance(base, ast.Name) or self.surely_no_construct(base.id))
            for base in node.bases
            if not (isinstance(base, ast.Name) and base.id == name)
        )


_PLAIN_BASES = frozenset({"object", "Exception", "dict", "list", "tuple", "str", "int", "float"})


def _kind_in_manim(name: str) -> Kind:
    known = names()
    if name in known.scenes:
        return Kind.SCENE
    return Kind.OTHER if name in known.manim else Kind.UNKNOWN


def bound_in(node: ast.ClassDef) -> set[str]:
    """The names that a class body binds."""
    bound = set()
    for statement in _statements(node.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)):
            bound |= {
                part.id
                for part in ast.walk(statement)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
            for alias in getattr(statement, "names", ()):
                bound.add(alias.asname or alias.name)
    return bound


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body and of the branches in it, but not of functions or classes."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body)
