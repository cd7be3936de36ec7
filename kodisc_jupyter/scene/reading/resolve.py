"""One pass over a syntax tree that finds its scopes, and what in it nothing defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from kodisc_jupyter.scene.reading.bindings import Bindings
from kodisc_jupyter.scene.reading.scopes import BUILTINS, MODULE_NAMES, Scope, Scopes

_CLASS_NAMES: Final = frozenset({"__module__", "__qualname__", "__class__"})


def resolve(tree: ast.Module) -> Scopes:
    """Resolve every name of a module."""
    walk = ScopeWalk(tree)
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


class ScopeWalk(Bindings):
    """The nodes that open a scope: functions, classes, comprehensions."""

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """``def``."""
        self.visit_all(node.decorator_list)
        self.bind(node.name)
        outer, scope = self.scope, self.parameters(node)
        self.arguments(node.args, annotated=True)
        self.annotation(node.returns)
        self.body(scope, node, node.body)
        self.scope = outer

    def lambda_(self, node: ast.Lambda) -> None:
        """``lambda``."""
        outer = self.scope
        self.arguments(node.args, annotated=False)
        self.body(outer, node, [node.body])
        self.scope = outer

    def parameters(self, node: ast.AST) -> Scope:
        """Enter the scope of type parameters (`def f[T]`), if there are any."""
        parameters = getattr(node, "type_params", ())
        if parameters:
            self.scope = self.open_scope("function", node)
            for parameter in parameters:
                self.bind(parameter.name)
                self.visit(getattr(parameter, "bound", None))
        return self.scope

    def arguments(self, args: ast.arguments, *, annotated: bool) -> None:
        """Defaults and annotations belong to the scope around the function."""
        self.visit_all(args.defaults)
        self.visit_all([default for default in args.kw_defaults if default is not None])
        if annotated:
            for arg in _all_arguments(args):
                self.annotation(arg.annotation)

    def body(
        self,
        outer: Scope,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        nodes: list[ast.stmt] | list[ast.expr],
    ) -> None:
        """The scope of a function's parameters and statements."""
        self.scope = outer
        self.scope = self.open_scope("function", node)
        if outer.kind == "class":
            self.bind("__class__")
        for arg in _all_arguments(node.args):
            self.bind(arg.arg)
        self.visit_all(nodes)
        self.scope = outer

    def class_(self, node: ast.ClassDef) -> None:
        """``class``."""
        self.visit_all(node.decorator_list)
        self.bind(node.name)
        outer = self.scope
        self.parameters(node)
        self.visit_all(node.bases)
        for keyword in node.keywords:
            self.visit(keyword.value)
        self.scope = self.open_scope("class", node)
        self.scope.bound |= _CLASS_NAMES
        self.visit_all(node.body)
        self.scope = outer

    def type_alias(self, node: ast.AST) -> None:
        """``type name = …``."""
        self.bind(node.name.id)  # type: ignore[attr-defined]  # Python 3.12 and later
        # Its value is evaluated only when somebody asks for it.

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        """A comprehension or generator."""
        outer = self.scope
        self.visit(node.generators[0].iter)  # evaluated in the scope around
        self.scope = self.open_scope("comprehension", node)
        for index, generator in enumerate(node.generators):
            self.visit(generator.target)
            if index:
                self.visit(generator.iter)
            self.visit_all(generator.ifs)
        if isinstance(node, ast.DictComp):
            self.visit(node.key)
            self.visit(node.value)
        else:
            self.visit(node.elt)
        self.scope = outer


def _all_arguments(args: ast.arguments) -> Iterator[ast.arg]:
    yield from args.posonlyargs
    yield from args.args
    yield from args.kwonlyargs
    if args.vararg:
        yield args.vararg
    if args.kwarg:
        yield args.kwarg


ScopeWalk.special = {
    ast.Name: ScopeWalk.name,
    ast.Constant: ScopeWalk.constant,
    ast.Expr: ScopeWalk.value,
    ast.Starred: ScopeWalk.value,
    ast.Return: ScopeWalk.value,
    ast.JoinedStr: ScopeWalk.text,
    ast.FormattedValue: ScopeWalk.formatted,
    ast.Assign: ScopeWalk.assign,
    ast.Call: ScopeWalk.call,
    ast.NamedExpr: ScopeWalk.named,
    ast.Import: ScopeWalk.import_,
    ast.ImportFrom: ScopeWalk.import_from,
    ast.Global: ScopeWalk.global_,
    ast.Nonlocal: ScopeWalk.nonlocal_,
    ast.Attribute: ScopeWalk.attribute,
    ast.ExceptHandler: ScopeWalk.handler,
    ast.MatchAs: ScopeWalk.match_name,
    ast.MatchStar: ScopeWalk.match_name,
    ast.MatchMapping: ScopeWalk.match_mapping,
    ast.AnnAssign: ScopeWalk.annotated,
    ast.Try: ScopeWalk.try_,
    ast.FunctionDef: ScopeWalk.function,
    ast.AsyncFunctionDef: ScopeWalk.function,
    ast.Lambda: ScopeWalk.lambda_,
    ast.ClassDef: ScopeWalk.class_,
    ast.ListComp: ScopeWalk.comprehension,
    ast.SetComp: ScopeWalk.comprehension,
    ast.DictComp: ScopeWalk.comprehension,
    ast.GeneratorExp: ScopeWalk.comprehension,
}
# Nodes that only later Pythons have
for _name, _visit in (("TryStar", ScopeWalk.try_), ("TypeAlias", ScopeWalk.type_alias)):
    if hasattr(ast, _name):
        ScopeWalk.special[getattr(ast, _name)] = _visit
