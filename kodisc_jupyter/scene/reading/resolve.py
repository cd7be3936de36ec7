"""One pass over a syntax tree that finds its scopes, and what in it nothing defines."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.reading.scopes import BUILTINS, MODULE_NAMES, Scope, Scopes

ANNOTATIONS_RUN: Final = sys.version_info < (3, 14)
"""Before Python 3.14 an annotation is evaluated where it stands."""

_CLASS_NAMES: Final = frozenset({"__module__", "__qualname__", "__class__"})
_DYNAMIC: Final = frozenset({"exec", "globals", "vars", "locals", "__builtins__", "builtins"})
_CATCHES_NAME_ERROR: Final = frozenset({"NameError", "Exception", "BaseException"})


def resolve(tree: ast.Module) -> Scopes:
    """Resolve every name of a module."""
    walk = _Walk(tree)
    module = walk.module
    missing = []
    if not walk.unreadable:
        known = module.bound | BUILTINS | MODULE_NAMES
        missing = [
            use
            for scope in walk.scopes
            for use in scope.uses
            if use.id not in known and not scope.sees(use.id)
        ]
        missing.sort(key=lambda use: (use.lineno, use.col_offset))
    return Scopes(
        undefined=tuple(missing),
        defined=frozenset(module.bound),
        bound=frozenset().union(*(scope.bound for scope in walk.scopes[1:])),
        own=frozenset(walk.own),
        stars=frozenset(walk.stars),
        unreadable=walk.unreadable,
        calls=tuple(walk.calls),
        imports=tuple(walk.imports),
        attributes=tuple(walk.attributes),
        loads=tuple(walk.loads),
        strings=tuple(walk.strings),
        class_names=frozenset().union(
            *(scope.times for scope in walk.scopes if scope.kind == "class")
        ),
        module=module,
        scope_of=walk.scope_of,
        guarded=frozenset(walk.caught),
    )


class _Walk:
    """One pass over the tree that fills the scopes."""

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
        self.each(tree.body)

    def each(self, nodes: list[ast.stmt] | list[ast.expr]) -> None:
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST | None) -> None:
        if node is None:
            return
        special = _SPECIAL.get(type(node))
        if special is not None:
            special(self, node)
            return
        for child in _children(node):
            self.visit(child)

    def inside(self, kind: str, node: ast.AST) -> Scope:
        scope = Scope(kind, self.scope, node)
        self.scopes.append(scope)
        return scope

    def bind(self, name: str) -> None:
        self.own.add(name)
        scope = self.module if name in self.scope.globals else self.scope
        scope.bound.add(name)
        scope.times[name] += 1

    # What binds or uses names

    def constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.strings.append(node.value)

    def assign(self, node: ast.Assign) -> None:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            scope = self.module if name in self.scope.globals else self.scope
            scope.assigned.setdefault(name, []).append(node.value)
        self.visit(node.value)
        self.each(node.targets)

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.loads.append(node)
            if node.id in _DYNAMIC:
                self.unreadable = True
            if not self.guarded:
                self.scope.uses.append(node)
        else:
            self.bind(node.id)

    def named(self, node: ast.NamedExpr) -> None:
        # A walrus in a comprehension binds in the scope around it.
        self.visit(node.value)
        here, scope = self.scope, self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        self.scope = scope
        self.bind(node.target.id)
        self.scope = here

    def call(self, node: ast.Call) -> None:
        self.calls.append(node)
        self.place(node)
        self.visit(node.func)
        self.each(node.args)
        for keyword in node.keywords:
            self.visit(keyword.value)

    def place(self, node: ast.AST) -> None:
        self.scope_of[node] = self.scope
        if self.trying:
            self.caught.add(node)

    def import_(self, node: ast.Import) -> None:
        self.imports.append(node)
        for alias in node.names:
            if alias.name == "builtins":
                self.unreadable = True
            if alias.name == "manim":
                self.scope.imported[alias.asname or "manim"] = ""
            self.bind(alias.asname or alias.name.partition(".")[0])

    def import_from(self, node: ast.ImportFrom) -> None:
        self.imports.append(node)
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name)
                if (node.module or "").partition(".")[0] == "manim":
                    self.scope.imported[alias.asname or alias.name] = alias.name
                continue
            module = "." * node.level + (node.module or "")
            brought = names().stars.get(module)
            if brought is None:
                self.unreadable = True
            else:
                self.stars.add(module)
                self.scope.bound |= brought

    def global_(self, node: ast.Global) -> None:
        self.scope.globals.update(node.names)

    def nonlocal_(self, node: ast.Nonlocal) -> None:
        scope = self.scope.parent
        while scope is not None:  # whichever it is, it is bound once more there
            scope.times.update(node.names)
            scope = scope.parent

    def attribute(self, node: ast.Attribute) -> None:
        self.attributes.append(node)
        self.place(node)
        if node.attr == "modules" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            self.unreadable = True
        self.visit(node.value)

    def handler(self, node: ast.ExceptHandler) -> None:
        self.visit(node.type)
        if node.name:
            self.bind(node.name)
        self.each(node.body)

    def match_name(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)
        self.visit(getattr(node, "pattern", None))

    def match_mapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        for child in _children(node):
            self.visit(child)

    def annotated(self, node: ast.AnnAssign) -> None:
        if self.scope.kind != "function":  # there they are never evaluated
            self.annotation(node.annotation)
        self.visit(node.target)
        self.visit(node.value)

    def annotation(self, node: ast.expr | None) -> None:
        if not self.lazy_annotations:
            self.visit(node)

    def try_(self, node: ast.Try) -> None:
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
        self.each(node.body)
        self.trying -= bool(node.handlers)
        self.guarded -= caught
        for handler in node.handlers:
            self.visit(handler)
        self.each(node.orelse)
        self.each(node.finalbody)

    # What opens a scope

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.each(node.decorator_list)
        self.bind(node.name)
        outer, scope = self.scope, self.parameters(node)
        self.arguments(node.args, annotated=True)
        self.annotation(node.returns)
        self.body(scope, node, node.body)
        self.scope = outer

    def lambda_(self, node: ast.Lambda) -> None:
        outer = self.scope
        self.arguments(node.args, annotated=False)
        self.body(outer, node, [node.body])
        self.scope = outer

    def parameters(self, node: ast.AST) -> Scope:
        """Enter the scope of type parameters (`def f[T]`), if there are any."""
        parameters = getattr(node, "type_params", ())
        if parameters:
            self.scope = self.inside("function", node)
            for parameter in parameters:
                self.bind(parameter.name)
                self.visit(getattr(parameter, "bound", None))
        return self.scope

    def arguments(self, args: ast.arguments, *, annotated: bool) -> None:
        """Defaults and annotations belong to the scope around the function."""
        self.each(args.defaults)
        self.each([default for default in args.kw_defaults if default is not None])
        if annotated:
            for arg in _all_arguments(args):
                self.annotation(arg.annotation)

    def body(
        self,
        outer: Scope,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        nodes: list[ast.stmt] | list[ast.expr],
    ) -> None:
        self.scope = outer
        self.scope = self.inside("function", node)
        if outer.kind == "class":
            self.bind("__class__")
        for arg in _all_arguments(node.args):
            self.bind(arg.arg)
        self.each(nodes)
        self.scope = outer

    def class_(self, node: ast.ClassDef) -> None:
        self.each(node.decorator_list)
        self.bind(node.name)
        outer = self.scope
        self.parameters(node)
        self.each(node.bases)
        for keyword in node.keywords:
            self.visit(keyword.value)
        self.scope = self.inside("class", node)
        self.scope.bound |= _CLASS_NAMES
        self.each(node.body)
        self.scope = outer

    def type_alias(self, node: ast.AST) -> None:
        self.bind(node.name.id)  # type: ignore[attr-defined]  # Python 3.12 and later
        # Its value is evaluated only when somebody asks for it.

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        outer = self.scope
        self.visit(node.generators[0].iter)  # evaluated in the scope around
        self.scope = self.inside("comprehension", node)
        for index, generator in enumerate(node.generators):
            self.visit(generator.target)
            if index:
                self.visit(generator.iter)
            self.each(generator.ifs)
        if isinstance(node, ast.DictComp):
            self.visit(node.key)
            self.visit(node.value)
        else:
            self.visit(node.elt)
        self.scope = outer


def _children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found.extend(item for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST) and name != "ctx":
            found.append(value)
    return found


def _all_arguments(args: ast.arguments) -> Iterator[ast.arg]:
    yield from args.posonlyargs
    yield from args.args
    yield from args.kwonlyargs
    if args.vararg:
        yield args.vararg
    if args.kwarg:
        yield args.kwarg


_SPECIAL: Final[dict[type, Callable[[_Walk, Any], None]]] = {
    ast.Name: _Walk.name,
    ast.Constant: _Walk.constant,
    ast.Assign: _Walk.assign,
    ast.Call: _Walk.call,
    ast.NamedExpr: _Walk.named,
    ast.Import: _Walk.import_,
    ast.ImportFrom: _Walk.import_from,
    ast.Global: _Walk.global_,
    ast.Nonlocal: _Walk.nonlocal_,
    ast.Attribute: _Walk.attribute,
    ast.ExceptHandler: _Walk.handler,
    ast.MatchAs: _Walk.match_name,
    ast.MatchStar: _Walk.match_name,
    ast.MatchMapping: _Walk.match_mapping,
    ast.AnnAssign: _Walk.annotated,
    ast.Try: _Walk.try_,
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.Lambda: _Walk.lambda_,
    ast.ClassDef: _Walk.class_,
    ast.ListComp: _Walk.comprehension,
    ast.SetComp: _Walk.comprehension,
    ast.DictComp: _Walk.comprehension,
    ast.GeneratorExp: _Walk.comprehension,
}
# Nodes that only later Pythons have
for _name, _visit in (("TryStar", _Walk.try_), ("TypeAlias", _Walk.type_alias)):
    if hasattr(ast, _name):
        _SPECIAL[getattr(ast, _name)] = _visit
