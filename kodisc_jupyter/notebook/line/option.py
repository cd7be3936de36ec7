"""One option of a magic's line: its words, the value that it takes, and where that goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple


class Option(NamedTuple):
    """One option of a magic's line.

    ``dest`` is its field of :class:`Options`; options of one ``dest`` exclude each other. Without
    a ``metavar`` it is a flag, and ``sets`` is its value; else ``read`` reads the value from a
    word. ``values`` are offered by Tab. ``field`` is the field of the request's body that it
    writes, and ``hint`` what to do when the API refuses it. ``read_python`` reads the value that
    ``render()`` is given; ``in_python`` says whether it is given there at all.
    """

    words: tuple[str, ...]
    dest: str
    help: str
    metavar: str = ""
    read: Callable[[str], Any] = str
    sets: bool | None = True
    default: Any = None
    repeats: bool = False
    values: tuple[str, ...] = ()
    field: str = ""
    hint: str = ""
    in_python: bool = True
    read_python: Callable[[Any], Any] | None = None


HELP: Final = Option(("-h", "--help"), "help", "show this text", default=False, in_python=False)
