"""Python source to a syntax tree, quietly."""

from __future__ import annotations

import ast
import warnings


def parse(code: str) -> ast.Module:
    """The syntax tree of a source.

    Raises:
        SyntaxError: it is not Python.
        ValueError: it holds null bytes or lone surrogates.
        RecursionError: it is nested too deeply (MemoryError, by Python's older parsers).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" and the like are Python's to tell, once, later
        return ast.parse(code)


def verify(tree: ast.Module) -> None:
    """Raise what Python finds only after parsing: ``return`` outside of a function, and the like.

    Raises:
        SyntaxError: as :func:`parse` does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(tree, "<cell>", "exec", dont_inherit=True)


CANNOT_PARSE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""Everything :func:`parse` raises."""
