"""What an expression is, followed through simple assignments only; ``None`` where unsure."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures
from kodisc_jupyter.scene.reading.reading import Reading
from kodisc_jupyter.scene.reading.scopes import Scope

_DEEPEST: Final = 12
"""How many assignments and calls are followed."""


class Value(NamedTuple):
    """What is known of an expression.

    ``form`` says whether it is a class of Manim (``"class"``), an ``"object"`` of it, the builder
    that ``.animate`` makes of one (``"animate"``), one of its methods, not called (``"method"``), a
    ``"function"`` of Manim or the ``"module"`` itself, or the ``"self"`` of a class of the source.
    """

    form: Literal["class", "object", "animate", "method", "function", "module", "self"]
    name: str


class Values:
    """Works out values for one reading, each name of each scope once."""

    def __init__(self, reading: Reading) -> None:
        self._scopes = reading.scopes
        self._classes = reading.classes
        self._of: dict[ast.expr, Value | None] = {}
        self._known: dict[tuple[Scope, str], Value | None] = {}
        self._starred: dict[str, Value | None] = {}
        self._built: dict[str, tuple[str, ...] | None] = {}

    def of(self, node: ast.expr, scope: Scope, depth: int = 0) -> Value | None:
        """What an expression in ``scope`` is."""
        kind = node.__class__
        if kind is ast.Name:
            return self._name(node.id, scope, depth)  # type: ignore[attr-defined]
        if kind is not ast.Attribute and kind is not ast.Call:
            return None
        if node in self._of:
            return self._of[node]
        if depth > _DEEPEST:
            return None
        worked_out = self._attribute if kind is ast.Attribute else self._call
        value = self._of[node] = worked_out(node, scope, depth)  # type: ignore[arg-type]
        return value

    def bases(self, class_name: str) -> tuple[str, ...] | None:
        """Manim's classes that a class of the source is built from; ``None`` if it is not clear."""
        if class_name not in self._built:
            self._built[class_name] = self._bases(class_name, 0)
        return self._built[class_name]

    def _bases(self, class_name: str, depth: int) -> tuple[str, ...] | None:
        nodes = self._classes.definitions.get(class_name, [])
        if len(nodes) != 1 or depth > _DEEPEST or self._scopes.module.times.get(class_name) != 1:
            return None
        node = nodes[0]
        if node.decorator_list or node.keywords or not node.bases:
            return None
        bases: list[str] = []
        for base in node.bases:
            value = self.of(base, self._scopes.module)
            if isinstance(base, ast.Name) and base.id in self._classes.definitions:
                more = self._bases(base.id, depth + 1)
                if more is None:
                    return None
                bases += more
            elif value is not None and value.form == "class":
                bases.append(value.name)
            else:
                return None
        return tuple(bases)

    def _name(self, name: str, scope: Scope, depth: int) -> Value | None:
        if name not in self._scopes.own:  # nothing in the source binds it
            return self._starred[name] if name in self._starred else self._of_stars(name)
        key = scope, name
        if key in self._known:
            return self._known[key]
        self._known[key] = None  # while it is being worked out
        home = scope.finds(name)
        if home is None:
            value = self._of_stars(name)
        elif home is scope:
            value = self._bound(name, home, depth)
        else:
            value = self._name(name, home, depth)
        self._known[key] = value
        return value

    def _of_stars(self, name: str) -> Value | None:
        """What a star import brings; ``None`` where another one may have brought it."""
        stars = self._scopes.stars
        others = (names().brought_by(star) for star in stars if star != "manim")
        unsure = "manim" not in stars or any(name in (other or ()) for other in others)
        value = self._starred[name] = None if unsure else _of_manim(name)
        return value

    def _bound(self, name: str, home: Scope, depth: int) -> Value | None:
        times = home.times.get(name, 0)
        if name in home.imported and times == 1:
            whole = home.imported[name]
            return _of_manim(whole) if whole else Value("module", "manim")
        assigned = home.assigned.get(name, [])
        if assigned and times == len(assigned):
            values = {self.of(value, home, depth + 1) for value in assigned}
            return values.pop() if len(values) == 1 else None
        if times == 1 and _first_parameter(home) == name and home.parent is not None:
            node = home.parent.node
            if isinstance(node, ast.ClassDef) and home.parent.parent is self._scopes.module:
                return Value("self", node.name)
        return None

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Value | None:
        owner = self.of(node.value, scope, depth + 1)
        if owner is None:
            return None
        if owner.form == "module":
            return _of_manim(node.attr)
        if owner.form == "object":
            if node.attr == "animate":
                return Value("animate", owner.name)
            if signatures().method(owner.name, node.attr):
                return Value("method", f"{owner.name}.{node.attr}")
        return None

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Value | None:
        func = node.func
        if isinstance(func, ast.Attribute):
            owner = self.of(func.value, scope, depth + 1)
            if owner is not None and owner.form == "animate":
                return owner  # self.play(circle.animate.shift(UP)) goes on building
            if owner is not None and owner.form == "object":
                if func.attr == "animate":
                    return Value("animate", owner.name)
                if signatures().returns_itself(owner.name, func.attr):
                    return owner
                return None
        called = self.of(func, scope, depth + 1)
        if called is not None and called.form == "class":
            return Value("object", called.name)
        if called is not None and called.form == "animate":
            return called
        return None


@lru_cache(maxsize=1024)
def _of_manim(name: str) -> Value | None:
    known = signatures()
    if known.is_class(name) and name in names().manim:
        return Value("class", name)
    return Value("function", name) if known.function(name) else None


def _first_parameter(scope: Scope) -> str:
    node = scope.node
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return ""
    first = [*node.args.posonlyargs, *node.args.args][:1]
    return first[0].arg if first else ""
