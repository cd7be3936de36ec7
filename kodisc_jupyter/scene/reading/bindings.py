"""What binds and uses names in a syntax tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Final

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.reading.scopes import Scope

ANNOTATIONS_RUN: Final = sys.version_info < (3, 14)
"""Before Python 3.14 an annotation is evaluated where it stands."""

_DYNAMIC: Final = frozenset({"exec", "globals", "vars", "locals", "__builtins__", "builtins"})
_CATCHES_NAME_ERROR: Final = frozenset({"NameError", "Exception", "BaseException"})


class Bindings:
    """One pass over a tree: what binds or uses names, in the scopes that a subclass opens."""

    special: ClassVar[dict[type, Callable[[Any, Any], None]]] = {}
    """What to do at each kind of node; at others their children are visited."""

    def __init__(self, tree: ast.Module) -> None:
        self.module = Scope("module")
        self.strings: list[str] = []
        self.scope_of: dict[ast.AST, Scope] = {}
        self.caught: set[ast.AST] = set()
        self.trying = 0  # inside a try that catches something
        self.scopes = [self.module]
        self.stars: set[str] = set()
        self.own: set[str] = set()
        self.calls: list[ast.Call] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.attributes: list[ast.Attribute] = []
        self.loads: list[ast.Name] = []
        self.unreadable = False
        self.guarded = 0  # inside a try that catches NameError
        self.lazy_annotations = not ANNOTATIONS_RUN or any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in tree.body
        )
        self.scope = self.module
        self.visit_all(tree.body)

    def visit_all(self, nodes: list[ast.stmt] | list[ast.expr]) -> None:
        """Visit several nodes."""
        visit = self.visit
        for node in nodes:
            visit(node)

    def visit(self, node: ast.AST | None) -> None:
        """Visit a node, by what is special to it or through its children."""
        special = self.special.get(node.__class__)
        if special is not None:
            special(self, node)
        elif node is not None:
            for child in children(node):
                self.visit(child)

    def value(self, node: ast.Expr | ast.Starred | ast.Return) -> None:
        """A node that has nothing but a value: the most common of those with nothing special."""
        self.visit(node.value)

    def text(self, node: ast.JoinedStr) -> None:
        """An f-string."""
        self.visit_all(node.values)

    def formatted(self, node: ast.FormattedValue) -> None:
        """What stands in the braces of an f-string."""
        self.visit(node.value)
        self.visit(node.format_spec)

    def open_scope(self, kind: str, node: ast.AST) -> Scope:
        """A new scope inside of the current one."""
        scope = Scope(kind, self.scope, node)
        self.scopes.append(scope)
        return scope

    def bind(self, name: str) -> None:
        """A name is bound in the current scope."""
        self.own.add(name)
        scope = self.module if name in self.scope.globals else self.scope
        scope.bound.add(name)
        scope.times[name] = scope.times.get(name, 0) + 1

    # What binds or uses names

    def constant(self, node: ast.Constant) -> None:
        """A text is kept."""
        if isinstance(node.value, str):
            self.strings.append(node.value)

    def assign(self, node: ast.Assign) -> None:
        """A plain assignment: the value is kept with the name."""
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            scope = self.module if name in self.scope.globals else self.scope
            scope.assigned.setdefault(name, []).append(node.value)
        self.visit(node.value)
        self.visit_all(node.targets)

    def name(self, node: ast.Name) -> None:
        """A use of a name, or a binding."""
        if node.ctx.__class__ is ast.Load:
            self.loads.append(node)
            if node.id in _DYNAMIC:
                self.unreadable = True
            if not self.guarded:
                self.scope.uses.append(node)
        else:
            self.bind(node.id)

    def named(self, node: ast.NamedExpr) -> None:
        """``(name := value)``."""
        # A walrus in a comprehension binds in the scope around it.
        self.visit(node.value)
        here, scope = self.scope, self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        self.scope = scope
        self.bind(node.target.id)
        self.scope = here

    def call(self, node: ast.Call) -> None:
        """A call, with its arguments."""
        self.calls.append(node)
        self.keep_place(node)
        visit = self.visit
        visit(node.func)
        for argument in node.args:
            visit(argument)
        for keyword in node.keywords:
            visit(keyword.value)

    def keep_place(self, node: ast.AST) -> None:
        """Remember in which scope a node stands, and whether a failure is caught there."""
        self.scope_of[node] = self.scope
        if self.trying:
            self.caught.add(node)

    def import_(self, node: ast.Import) -> None:
        """``import module``."""
        self.imports.append(node)
        for alias in node.names:
            if alias.name == "builtins":
                self.unreadable = True
            if alias.name == "manim":
                self.scope.imported[alias.asname or "manim"] = ""
            self.bind(alias.asname or alias.name.partition(".")[0])

    def import_from(self, node: ast.ImportFrom) -> None:
        """``from module import name``, or ``*``."""
        self.imports.append(node)
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name)
                if (node.module or "").partition(".")[0] == "manim":
                    self.scope.imported[alias.asname or alias.name] = alias.name
                continue
            module = "." * node.level + (node.module or "")
            brought = names().brought_by(module)
            if brought is None:
                self.unreadable = True
            else:
                self.stars.add(module)
                self.scope.bound |= brought

    def global_(self, node: ast.Global) -> None:
        """``global name``."""
        self.scope.globals.update(node.names)

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        """``nonlocal name``: bound from an inner function."""
        scope = self.scope.parent
        while scope is not None:  # whichever it is, it is bound once more there
            for name in node.names:
                scope.times[name] = scope.times.get(name, 0) + 1
            scope = scope.parent

    def attribute(self, node: ast.Attribute) -> None:
        """``owner.name``."""
        self.attributes.append(node)
        self.keep_place(node)
        if node.attr == "modules" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            self.unreadable = True
        self.visit(node.value)

    def handler(self, node: ast.ExceptHandler) -> None:
        """``except … as name``."""
        self.visit(node.type)
        if node.name:
            self.bind(node.name)
        self.visit_all(node.body)

    def match_name(self, node: ast.MatchAs | ast.MatchStar) -> None:
        """``case name``."""
        if node.name:
            self.bind(node.name)
        self.visit(getattr(node, "pattern", None))

    def match_mapping(self, node: ast.MatchMapping) -> None:
        """``case {**rest}``."""
        if node.rest:
            self.bind(node.rest)
        for child in children(node):
            self.visit(child)

    def annotated(self, node: ast.AnnAssign) -> None:
        """``name: annotation = value``."""
        if self.scope.kind != "function":  # there they are never evaluated
            self.annotation(node.annotation)
        self.visit(node.target)
        self.visit(node.value)

    def annotation(self, node: ast.expr | None) -> None:
        """An annotation, where it is evaluated."""
        if not self.lazy_annotations:
            self.visit(node)

    def try_(self, node: ast.Try) -> None:
        """``try``: what is caught in it may be meant."""
        caught = any(
            handler.type is None
            or any(
                isinstance(part, ast.Name) and part.id in _CATCHES_NAME_ERROR
                for part in ast.walk(handler.type)
            )
            for handler in node.handlers
        )
        self.guarded += caught
        self.trying += bool(node.handlers)
        self.visit_all(node.body)
        self.trying -= bool(node.handlers)
        self.guarded -= caught
        for handler in node.handlers:
            self.visit(handler)
        self.visit_all(node.orelse)
        self.visit_all(node.finalbody)


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes below a node, without the context of names."""
    nodes: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            nodes.extend(item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST) and name != "ctx":
            nodes.append(value)
    return nodes
