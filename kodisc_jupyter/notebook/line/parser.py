"""A parser made from a table of options; it never exits, and says what is wrong with a line."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from kodisc_jupyter.notebook.line.option import Option
from kodisc_jupyter.notebook.line.values import OptionError

Options = Mapping[str, Iterable[Option]]
"""Options by the headings of the help; the heading ``""`` is argparse's own."""


class OptionParser(argparse.ArgumentParser):
    """argparse that raises :class:`OptionError`; its help has one width everywhere."""

    def __init__(self, prog: str, **keywords: Any) -> None:
        super().__init__(
            prog=prog, add_help=False, allow_abbrev=False, formatter_class=HelpText, **keywords
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with a line, with the option it is about."""
        option, colon, rest = message.partition(": ")
        if not (colon and option.startswith("argument ")):
            raise OptionError(f"{message[0].upper()}{message[1:]}", f"Try {self.prog} --help.")
        spellings = option.removeprefix("argument ").split("/")
        raise OptionError(f"{spellings[-1]}: {rest}", f"Try {self.prog} --help.", *spellings)

    def add_options(self, options: Options) -> None:
        """Add a table of options; those of one ``dest`` exclude each other."""
        for heading, group in options.items():
            section = self.add_argument_group(heading) if heading else self
            by_dest: dict[str, list[Option]] = {}
            for option in group:
                by_dest.setdefault(option.dest, []).append(option)
            for same in by_dest.values():
                place = section.add_mutually_exclusive_group() if len(same) > 1 else section
                for option in same:
                    place.add_argument(*option.words, **_keywords(option))


class HelpText(argparse.RawDescriptionHelpFormatter):
    """Help of one width everywhere."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=88)


def _keywords(option: Option) -> dict[str, Any]:
    """What argparse calls an option's parts."""
    keywords: dict[str, Any] = {
        "dest": option.dest,
        "help": option.help.replace("%", "%%"),
        "default": option.default,
    }
    if not option.metavar:
        return {**keywords, "action": "store_const", "const": option.sets}
    keywords |= {"type": option.read, "metavar": option.metavar}
    return {**keywords, "action": "append", "default": None} if option.repeats else keywords


_BACKSLASH: Final = re.compile(
    r"""\\["'\s]|'[^']*'|"(?:\\.|[^"\\])*"|(?P<literal>\\+(?!["'\s\\])|\\+\Z)"""
)
"""What is escaped or quoted; or backslashes that are not before what they could escape."""


def _keep_backslashes(match: re.Match[str]) -> str:
    """For shlex, which takes every backslash outside of quotation marks away."""
    return match[0].replace("\\", "\\\\") if match["literal"] else match[0]


def split(line: str) -> list[str]:
    r"""The words of a magic's line, with shell quoting on every system.

    A backslash is what it is, as in ``C:\Users``, except before a quotation mark or a space.

    Raises:
        OptionError: a quotation mark is not closed.
    """
    try:
        return shlex.split(_BACKSLASH.sub(_keep_backslashes, line))
    except ValueError:
        raise OptionError(
            "A quotation mark is not closed.", 'Put text with spaces into quotes: --alt "a circle".'
        ) from None


def refuse_key(words: list[str]) -> None:
    """A key on a magic line would be saved in the notebook.

    Raises:
        OptionError: a word looks like an API key; it is not repeated.
    """
    if any("kdsc_" in word for word in words):
        raise OptionError(
            "An API key must not stand on a magic line: it would be saved in the notebook.",
            "Delete it from this line and save the notebook. Then type %kodisc login, which asks "
            "with a hidden prompt, or set the environment variable KODISC_KEY.",
            secret=True,
        )
