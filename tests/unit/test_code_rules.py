"""Rules that hold for every module of the package."""

from __future__ import annotations

import ast
from pathlib import Path

import kodisc_jupyter

PACKAGE = Path(kodisc_jupyter.__file__).parent
BROAD = {"Exception", "BaseException"}


def names_of(node: ast.expr | None) -> set[str]:
    """The names in an ``except`` or in the arguments of ``suppress``; a bare ``except`` is all."""
    if node is None:
        return BROAD
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def tells(handler: ast.ExceptHandler) -> bool:
    """Whether a handler raises, logs, or does something with what it caught."""
    inner = [part for statement in handler.body for part in ast.walk(statement)]
    return any(
        isinstance(part, ast.Raise)
        or (isinstance(part, ast.Name) and part.id == handler.name)
        or (isinstance(part, ast.Attribute) and part.attr in {"exception", "print_exc"})
        for part in inner
    )


def swallowing(text: str) -> list[int]:
    """The lines at which everything is swallowed, without a comment on or above the line."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        broad = isinstance(node, ast.ExceptHandler) and names_of(node.type) & BROAD
        if broad and not tells(node):
            found.append(node.lineno)
        called = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "suppress"
        if called and any(names_of(argument) & BROAD for argument in node.args):
            found.append(node.lineno)
    return [at for at in found if "#" not in lines[at - 1] and "#" not in lines[at - 2]]


def test_nothing_is_swallowed_without_a_word_or_a_reason():
    silent = {
        path.relative_to(PACKAGE).as_posix(): at
        for path in PACKAGE.rglob("*.py")
        if (at := swallowing(path.read_text(encoding="utf-8")))
    }
    assert silent == {}


def test_the_rule_itself_finds_what_is_swallowed():
    assert swallowing("try:\n    a()\nexcept Exception:\n    pass\n") == [3]
    assert swallowing("try:\n    a()\nexcept:\n    b()\n") == [3]
    assert swallowing("with contextlib.suppress(Exception):\n    a()\n\n") == [1]
    assert swallowing("try:\n    a()\nexcept Exception:  # no front end\n    pass\n") == []
    assert swallowing("try:\n    a()\nexcept Exception as problem:\n    said(problem)\n") == []
    assert swallowing("try:\n    a()\nexcept Exception:\n    log.exception('a')\n") == []
