"""A ``%%kodisc`` line, or the keywords of ``render()``, as :class:`Options`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final

from kodisc_jupyter.notebook.line.manim_flags import refuse_manim_flags
from kodisc_jupyter.notebook.line.option import Option
from kodisc_jupyter.notebook.line.options import GROUPS, OPTIONS, Options
from kodisc_jupyter.notebook.line.parser import OptionParser, refuse_key, split
from kodisc_jupyter.notebook.line.values import LIKE, OptionError, closest

WORDS: Final = tuple(word for option in OPTIONS for word in option.words)
"""Every word that begins an option."""

TAKE_A_VALUE: Final = frozenset(
    word for option in OPTIONS if option.metavar for word in option.words
)
"""Those that the next word belongs to."""

_NEVER_SUGGESTED: Final = ("--force",)
"""A slip of the pen must not lead to what costs credits."""

_TAKES_TEXT: Final = ("--alt", "--metadata", "--save", "--as")
"""Behind one of these a ``$`` or a ``{`` is what it is."""

_VARIABLE: Final = re.compile(r"-{0,2}(?:[a-z-]+=)?(?:\$(\w+)|\$?\{(\w+)\})(?![\w])")


def parser() -> OptionParser:
    """The parser of a ``%%kodisc`` line; its help is the magic's help."""
    reader = OptionParser(
        "%%kodisc",
        description="Render the Manim scene in this cell and show the video under it.",
        epilog="Settings: %config KodiscMagics.   Jobs and balance: %kodisc.",
    )
    reader.add_argument(
        "scenes",
        nargs="*",
        metavar="SCENE",
        help="the Scene class to render; may be left out when the cell defines exactly one; "
        "several names make several renders",
    )
    reader.add_options(GROUPS)
    return reader


_READING: Final = Lock()
"""argparse changes a parser while it reads options between scenes, and puts it right at the end."""


@lru_cache(maxsize=1)
def _reader() -> OptionParser:
    """The parser that reads, made once; with a usage, or argparse composes one for every cell."""
    reader = parser()
    reader.usage = reader.prog
    return reader


def parse(line: str) -> Options:
    """Read a ``%%kodisc`` line.

    Raises:
        OptionError: an unknown option, a bad value, a key on the line.
    """
    words = split(line)
    refuse_key(words)
    _refuse_variables(words)
    _refuse_comment(words)
    refuse_manim_flags(_without_values(words), WORDS)
    with _READING:
        values, unknown = _reader().parse_known_intermixed_args(words)
    if unknown:
        raise _unknown_option(unknown[0])
    names = tuple(
        _name(name.strip())
        for given in values.names or ()
        for name in given.split(",")
        if name.strip()
    )
    repeated = {
        option.dest: tuple(getattr(values, option.dest) or ())
        for option in OPTIONS
        if option.repeats
    }
    fields = {"scenes": _scenes(values.scenes), "names": names}
    return Options(**{**vars(values), **repeated, **fields})


def from_python(scene: str | None, names: tuple[str, ...], given: dict[str, Any]) -> Options:
    """The options of a ``render()`` call, under the same rules as on a magic's line.

    Raises:
        TypeError: an option that ``render()`` does not have.
        OptionError: a value that the option does not take.
    """
    known = {option.dest: option for option in reversed(OPTIONS) if option.in_python}
    unknown = given.keys() - known.keys()
    if unknown:
        word = min(unknown)
        near = closest(word, known.keys() - {"force"}, cutoff=LIKE)
        hint = f" Did you mean {near}?" if near else ""
        raise TypeError(f"render() has no option {word!r}.{hint} Nothing was sent.")
    fields = {name: value for name, value in given.items() if value is not None}
    for name, value in fields.items():
        option = known[name]
        if not option.metavar:
            continue
        try:
            fields[name] = _read_python(option, value)
        except argparse.ArgumentTypeError as problem:
            raise OptionError(f"{name}: {problem}") from None
    if "webhook" in given and given["webhook"] is None:
        fields["webhook"] = None
    return Options(scenes=(scene,) if scene else (), names=names, **fields)


def _read_python(option: Option, value: Any) -> Any:
    if option.read_python:
        return option.read_python(value)
    if option.repeats:
        several = value if isinstance(value, (list, tuple)) else (value,)
        return tuple(option.read(str(each)) for each in several)
    return option.read(str(value))


def _scenes(given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for word in given for name in word.split(",") if name))


def _name(text: str) -> str:
    if text.isidentifier():
        return text
    raise OptionError(
        f"--with takes names of notebook variables, not {text!r}.",
        "Bind the value to a name first: n = 3, then --with n.",
        text,
    )


def _without_values(words: Sequence[str]) -> list[str]:
    """The words that are no option's value."""
    values = {at + 1 for at, word in enumerate(words) if word in TAKE_A_VALUE}
    return [word for at, word in enumerate(words) if at not in values]


def _refuse_comment(words: Sequence[str]) -> None:
    """A ``#`` would be read as the name of a scene."""
    for word in _without_values(words):
        if word.startswith("#"):
            raise OptionError(
                "A comment cannot stand on the magic's line.",
                "Write it into the cell, below.",
                word,
            )


def _refuse_variables(words: Sequence[str]) -> None:
    """JSON has braces, so nothing is expanded on this line as IPython does elsewhere."""
    for before, word in zip(["", *words], words, strict=False):
        variable = _VARIABLE.match(word)
        if variable is None or before in _TAKES_TEXT or word.startswith(_TAKES_TEXT):
            continue
        name = variable[1] or variable[2]
        option = word[: variable.start(1) if variable[1] else variable.start(2)].strip("-=${")
        option = {"q": "quality", "a": "aspect_ratio", "": "quality"}.get(option, option)
        raise OptionError(
            f"Variables are not put in on this line: {word} stays as it is written.",
            f"Write the value itself; or set it for all cells from the notebook's variable, as in "
            f"%config KodiscMagics.{option} = {name}. What the scene reads is sent with "
            f"--with {name}.",
            word,
        )


def _unknown_option(word: str) -> OptionError:
    option = word.partition("=")[0]
    near = closest(option, set(WORDS).difference(_NEVER_SUGGESTED), cutoff=LIKE)
    hint = f"Did you mean {near}?" if near else "%%kodisc --help lists the options."
    return OptionError(f"Unknown option {option}.", hint, option)
