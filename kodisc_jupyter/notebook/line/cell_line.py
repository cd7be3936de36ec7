"""A ``%%kodisc`` line, or the keywords of ``render()``, as :class:`Options`."""

from __future__ import annotations

import argparse
from typing import Any, Final

from kodisc_jupyter.notebook.line.options import GROUPS, OPTIONS, Options
from kodisc_jupyter.notebook.line.parser import OptionParser, refuse_key, split
from kodisc_jupyter.notebook.line.values import OptionError, closest

WORDS: Final = tuple(word for option in OPTIONS for word in option.words)
"""Every word that begins an option."""

_FROM_MANIM: Final = {
    "-v": "Manim's -v (verbosity) is not needed here: leave it out.",
    "-p": "Manim's -p (preview) is not needed here: the video appears under the cell.",
    "--disable_caching": "Manim's caching does not matter here: leave it out.",
    "--progress_bar": "The panel shows the progress: leave --progress_bar out.",
    "-s": "Kodisc renders videos, not a last frame: leave -s out.",
    "-r": "The size follows from -q and -a: -ql, -qm, -qh, -qp, -qk and 16:9 or 9:16.",
    "--resolution": "The size follows from -q and -a: -ql, -qm, -qh, -qp, -qk and 16:9 or 9:16.",
}


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


def parse(line: str) -> Options:
    """Read a ``%%kodisc`` line.

    Raises:
        OptionError: an unknown option, a bad value, a key on the line.
    """
    words = split(line)
    refuse_key(words)
    found, unknown = parser().parse_known_intermixed_args(words)
    if unknown:
        raise _unknown_option(unknown[0])
    names = tuple(
        _name(name.strip())
        for given in found.names or ()
        for name in given.split(",")
        if name.strip()
    )
    return Options(**{**vars(found), "scenes": _scenes(found.scenes), "names": names})


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
        near = closest(word, known)
        hint = f" Did you mean {near}?" if near else ""
        raise TypeError(f"render() has no option {word!r}.{hint} Nothing was sent.")
    fields = {name: value for name, value in given.items() if value is not None}
    for name, value in fields.items():
        option = known[name]
        if not option.metavar:
            continue
        try:
            fields[name] = (
                option.read_python(value) if option.read_python else option.read(str(value))
            )
        except argparse.ArgumentTypeError as problem:
            raise OptionError(f"{name}: {problem}") from None
    if "webhook" in given and given["webhook"] is None:
        fields["webhook"] = None
    return Options(scenes=(scene,) if scene else (), names=names, **fields)


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


def _unknown_option(word: str) -> OptionError:
    option = word.partition("=")[0]
    near = closest(option, WORDS)
    if option in _FROM_MANIM:
        hint = _FROM_MANIM[option]
    elif near:
        hint = f"Did you mean {near}?"
    else:
        hint = "%%kodisc --help lists the options."
    return OptionError(f"Unknown option {option}.", hint, option)
