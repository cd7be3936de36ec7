"""A notebook value as Python source that gives the same value again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

LIMIT_CHARS: Final = 20_000
"""The longest literal: a tenth of what a request may hold."""

DEPTH_LIMIT: Final = 20
"""How deep containers may be nested; Python's own parser stops at about 90."""

ARRAY_LIMIT: Final = 1000
"""The largest NumPy array, in elements."""


def literal(value: object) -> str:
    """Write a value as a Python expression, exactly.

    Numbers (inf, nan and negative zero included), strings, bytes, booleans, ``None``, Manim's
    colours, lists, tuples, dicts, sets and frozensets of these, NumPy scalars and small NumPy
    arrays.

    Raises:
        ValueError: with the reason, for everything else and for what is too large or too deep.
    """
    size = _Size()
    try:
        text = _write(value, 0, (), size)
    except RecursionError:
        raise ValueError("it is nested too deeply.") from None
    if len(text) > LIMIT_CHARS:
        raise _too_long()
    return text


class _Size:
    """Counts what was written, so that a huge value is refused before it is all written."""

    def __init__(self) -> None:
        self.chars = 0

    def add(self, text: str) -> str:
        self.chars += len(text)
        if self.chars > LIMIT_CHARS:
            raise _too_long()
        return text


def _too_long() -> ValueError:
    return ValueError(
        f"it is longer than {LIMIT_CHARS:,} characters of source; "
        "compute it in the cell, or send less of it."
    )


def _write(value: object, depth: int, above: tuple[int, ...], size: _Size) -> str:
    kind = type(value)
    if kind in _PLAIN:
        if isinstance(value, (str, bytes)) and len(value) > LIMIT_CHARS:
            raise _too_long()  # before repr() makes a second copy of it
        return size.add(_PLAIN[kind](value))
    if kind in _BRACKETS:
        if id(value) in above:
            raise ValueError("it contains itself.")
        if depth >= DEPTH_LIMIT:
            raise ValueError(f"it is nested more than {DEPTH_LIMIT} levels deep.")
        return _container(value, depth + 1, (*above, id(value)), size)
    if kind.__module__.partition(".")[0] == "numpy":
        return _numpy(value, depth, above, size)
    if kind.__name__ == "ManimColor" and kind.__module__.startswith("manim."):
        return size.add(_colour(value))
    raise ValueError(f"it is {_a(kind)}; {_SENDABLE}")


_SENDABLE: Final = (
    "only numbers, strings, booleans, None, Manim's colours, lists, tuples, dicts and sets of "
    "these, NumPy scalars and small NumPy arrays can be sent."
)


def _a(kind: type) -> str:
    name = kind.__qualname__
    where = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    article = "an" if (where + name)[:1].lower() in "aeiou" else "a"
    return f"{article} {where}{name}"


def _float(value: Any) -> str:
    return repr(value) if math.isfinite(value) else f'float("{value!r}")'


def _integer(value: Any) -> str:
    # repr() of a long int is refused by Python 3.11 and later (4300 digits); hex never is
    return repr(value) if abs(value) < 10**300 else hex(value)


def _complex(value: Any) -> str:
    # complex(a, b) and not a+bj: the sum would lose a negative zero
    return f"complex({_float(value.real)}, {_float(value.imag)})"


_PLAIN: Final[dict[type, Callable[[Any], str]]] = {
    bool: repr,
    int: _integer,
    float: _float,
    complex: _complex,
    str: repr,
    bytes: repr,
    type(None): repr,
    type(...): lambda _: "...",
}

_BRACKETS: Final[dict[type, tuple[str, str, str]]] = {
    list: ("[", "]", "[]"),
    tuple: ("(", ")", "()"),
    dict: ("{", "}", "{}"),
    set: ("{", "}", "set()"),
    frozenset: ("frozenset({", "})", "frozenset()"),
}


def _container(value: Any, depth: int, above: tuple[int, ...], size: _Size) -> str:
    opening, closing, empty = _BRACKETS[type(value)]
    if not value:
        return size.add(empty)
    size.add(opening + closing)

    def write(item: object) -> str:
        size.chars += 2  # ", "
        return _write(item, depth, above, size)

    if isinstance(value, dict):
        body = ", ".join(f"{write(key)}: {write(item)}" for key, item in value.items())
    elif isinstance(value, (set, frozenset)):
        # In a settled order: the text is part of what counts as the same render.
        body = ", ".join(sorted(map(write, value)))
    else:
        body = ", ".join(map(write, value))
        if isinstance(value, tuple) and len(value) == 1:
            body += ","
    return opening + body + closing


def _colour(value: Any) -> str:
    """A colour of Manim as its hex code, or as its numbers where the code would round them."""
    code = value.to_hex(with_alpha=value.to_rgba()[3] != 1)
    if list(type(value)(code).to_rgba()) != list(value.to_rgba()):
        return f"__import__('manim').ManimColor({[float(part) for part in value.to_rgba()]!r})"
    return f"__import__('manim').ManimColor({code!r})"


def _numpy(value: Any, depth: int, above: tuple[int, ...], size: _Size) -> str:
    """A NumPy scalar or array; the kernel has NumPy loaded already, or there would be none."""
    import numpy as np

    if isinstance(value, np.generic):
        if value.dtype.kind not in "biufcSU":
            raise ValueError(f"it is a NumPy {value.dtype}; {_SENDABLE}")
        # The plain number holds the value; a long double would not fit into it.
        if value.dtype.itemsize > _PLAIN_BYTES.get(value.dtype.kind, value.dtype.itemsize):
            raise ValueError(f"a {value.dtype} has more digits than a Python number.")
        return _write(value.item(), depth, above, size)
    if type(value) is not np.ndarray:
        raise ValueError(f"it is {_a(type(value))}; {_SENDABLE}")
    if value.dtype.kind not in "biufc" or value.dtype.itemsize > _PLAIN_BYTES.get(
        value.dtype.kind, 8
    ):
        raise ValueError(
            f"it is a NumPy array of {value.dtype}; only numbers and booleans can be sent."
        )
    if value.size > ARRAY_LIMIT:
        raise ValueError(
            f"it is a NumPy array of {value.size:,} elements; at most {ARRAY_LIMIT:,} can be sent. "
            "Compute it in the cell, or send less of it."
        )
    shape = "" if value.size else f".reshape({value.shape})"
    items = "[]" if not value.size else _write(value.tolist(), depth, above, size)
    return size.add(f'__import__("numpy").array({items}, dtype="{value.dtype.name}"){shape}')


_PLAIN_BYTES: Final = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}
