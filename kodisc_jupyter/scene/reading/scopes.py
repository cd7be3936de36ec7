"""Which names a module uses that nothing in it defines, by Python's own scoping rules.

The order of statements is not looked at: a name counts as defined in a scope if anything there
binds it. Where a name could come from somewhere that cannot be read (``exec``, ``globals()``, a
star import of an unknown module), nothing is reported.
"""

from __future__ import annotations

import ast
import builtins
from typing import Final, NamedTuple

BUILTINS: Final = frozenset(dir(builtins)) - {"get_ipython", "display"}
"""Python's own names, without what IPython adds to them."""

MODULE_NAMES: Final = frozenset(
    {
        *("__name__", "__file__", "__doc__", "__builtins__", "__spec__", "__loader__"),
        *("__package__", "__annotations__", "__cached__", "__path__", "WindowsError"),
    }
)


class Scope:
    """One scope: ``kind`` is ``"module"``, ``"function"``, ``"class"`` or ``"comprehension"``.

    ``node`` is what opens it. ``times`` counts how often the source binds each name; of these,
    ``assigned`` has the values of plain assignments and ``imported`` what came from Manim.
    """

    def __init__(self, kind: str, parent: Scope | None = None, node: ast.AST | None = None) -> None:
        self.kind = kind
        self.parent = parent
        self.node = node
        self.bound: set[str] = set()
        self.uses: list[ast.Name] = []
        self.globals: set[str] = set()
        self.times: dict[str, int] = {}
        self.assigned: dict[str, list[ast.expr]] = {}
        self.imported: dict[str, str] = {}

    def finds(self, name: str) -> Scope | None:
        """The scope in which a use of ``name`` here finds a binding; ``None`` for a builtin."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.globals:
                top = scope.top()
                return top if name in top.times else None
            # A class body's names are seen in that body only, not in what is nested in it.
            seen = scope.kind != "class" or scope is self
            if seen and name in scope.times and name in scope.bound:
                return scope
            scope = scope.parent
        return None

    def top(self) -> Scope:
        """The module's scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def sees(self, name: str) -> bool:
        """Whether a use of ``name`` in this scope finds a binding below the module's."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "module":
            if name in scope.globals:
                return False
            # A class body's names are seen in that body only, not in what is nested in it.
            if name in scope.bound and (scope.kind != "class" or scope is self):
                return True
            scope = scope.parent
        return False


class Scopes(NamedTuple):
    """What the resolver found.

    ``undefined`` are uses of names that nothing defines, in the order of the text. ``defined`` are
    the module's own names, star imports of known modules included, ``bound`` those of its inner
    scopes, ``own`` all of them without star imports, ``class_names`` those of class bodies.
    ``unreadable`` says that names may come from somewhere unknown (then ``undefined`` is empty).
    The nodes are what the walk came past, in the order of the text, so that no check has to walk
    again; ``scope_of`` has the scope of each call and attribute, and ``guarded`` those inside of a
    ``try`` that catches something.
    """

    undefined: tuple[ast.Name, ...]
    defined: frozenset[str]
    bound: frozenset[str]
    own: frozenset[str]
    stars: frozenset[str]
    unreadable: bool
    calls: tuple[ast.Call, ...]
    imports: tuple[ast.Import | ast.ImportFrom, ...]
    attributes: tuple[ast.Attribute, ...]
    loads: tuple[ast.Name, ...]
    strings: tuple[str, ...]
    class_names: frozenset[str]
    module: Scope
    scope_of: dict[ast.AST, Scope]
    guarded: frozenset[ast.AST]
