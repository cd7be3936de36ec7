"""The words after ``%kodisc``: one table for parsing, for ``?`` and ``--help``, and for Tab."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from kodisc_jupyter.notebook.line.cell_line import WORDS
from kodisc_jupyter.notebook.line.option import HELP, Option
from kodisc_jupyter.notebook.line.parser import OptionParser, refuse_key, split
from kodisc_jupyter.notebook.line.values import LIKE, OptionError, amount, choice, closest, positive


class Argument(NamedTuple):
    """A word that a command takes by its place.

    ``values`` are offered by Tab; the words ``JOBS`` and ``NOTEBOOKS`` stand for those there are.
    """

    dest: str
    metavar: str
    help: str
    read: Callable[[str], Any] = str
    required: bool = True
    default: Any = None
    values: str | tuple[str, ...] = ()
    repeats: bool = False


class Command(NamedTuple):
    """A command of ``%kodisc``: what it does, and what may stand behind it."""

    help: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()


JOBS: Final = "the jobs that are known"
NOTEBOOKS: Final = "the notebooks in this folder"
LOCAL_ACTIONS: Final = ("status", "stop", "clear")

_JOB: Final = Argument("job_id", "JOBID", "%kodisc jobs lists them; so does Tab", values=JOBS)

COMMANDS: Final[dict[str, Command]] = {
    "login": Command(
        "ask for an API key with a hidden prompt, check it, keep it if you want",
        options=(
            Option(("--keep",), "keep", "keep it in the system keyring without asking"),
            Option(("--no-keep",), "keep", "only for this kernel, without asking", sets=False),
        ),
    ),
    "logout": Command("forget the key, in this kernel and in the system keyring"),
    "jobs": Command(
        "list open and recent jobs: scene, settings, state, credits, age",
        options=(
            Option(
                ("-n", "--number"),
                "number",
                "how many (20)",
                metavar="N",
                read=positive("the number"),
                default=20,
            ),
        ),
    ),
    "show": Command("show a job here: its video, or its panel while it is open", (_JOB,)),
    "save": Command(
        "write a job's video to a file: .mp4, .gif, .webm, or .png for its last frame",
        (
            _JOB,
            Argument("path", "PATH", "the file to write, or a folder"),
        ),
    ),
    "cancel": Command(
        "end jobs that are rendered on this machine; Kodisc itself cannot",
        (_JOB._replace(dest="job_ids", repeats=True),),
    ),
    "wait": Command(
        "wait for every open render, and raise if one of them failed",
        options=(
            Option(
                ("--timeout",),
                "timeout",
                "at most S seconds; jobs go on",
                metavar="S",
                read=amount,
            ),
        ),
    ),
    "report": Command(
        "what was rendered and what it cost, with totals",
        options=(
            Option(("--csv",), "csv", "also write the table to this file", metavar="PATH"),
            Option(("--all",), "all", "all sessions, not only this kernel's", default=False),
        ),
    ),
    "export": Command(
        "make a page that students open with nothing installed",
        (
            Argument(
                "notebook",
                "NOTEBOOK",
                "the saved notebook (this one)",
                required=False,
                values=NOTEBOOKS,
            ),
        ),
        (
            Option(("--to",), "to", "the page to write (NOTEBOOK.html)", metavar="PATH"),
            Option(
                ("--folder",),
                "folder",
                "a folder with the page and its videos as files",
                default=False,
            ),
            Option(("--code",), "code", "show the code and what it printed, too", default=False),
            Option(
                ("--no-drafts",),
                "no_drafts",
                "leave out the drafts of what the videos show that were made from the code",
                default=False,
            ),
        ),
    ),
    "doctor": Command("check key, balance, network, Manim, sandbox, LaTeX, disk; say what to do"),
    "studio": Command("open the control panel for live teaching"),
    "prelude": Command(
        "show what %%kodisc_prelude keeps",
        options=(Option(("--clear",), "clear", "forget it", default=False),),
    ),
    "local": Command(
        "the render server on this machine: status, stop it, or clear what it keeps",
        (
            Argument(
                "action",
                "|".join(LOCAL_ACTIONS),
                "show its address and what it keeps (default), end it with all that is open, "
                "or remove the kept pieces of videos",
                read=choice("the action", LOCAL_ACTIONS),
                required=False,
                default="status",
                values=LOCAL_ACTIONS,
            ),
        ),
    ),
}
"""Every command, in the order of the help; :mod:`..commands` has a module for each."""


def overview() -> str:
    """The help of ``%kodisc`` alone."""
    commands = "\n".join(
        textwrap.fill(f"  {name:<22}{command.help}", 78, subsequent_indent=" " * 24)
        for name, command in COMMANDS.items()
    )
    reader = OptionParser(
        "%kodisc",
        usage="%(prog)s [COMMAND] [--help]",
        description="Alone: where renders go, the key's prefix, the balance, open renders."
        f"\n\ncommands:\n{commands}",
        epilog="%%kodisc --help explains how to render a cell. %config KodiscMagics lists the "
        "settings.\n%kodisc COMMAND --help explains one command.",
    )
    reader.add_options({"": (HELP,)})
    return reader.format_help()


def help_of(command: str | None) -> str:
    """The help of one command, or of all."""
    return overview() if command is None else _parser(command).format_help()


def _parser(name: str) -> OptionParser:
    command = COMMANDS[name]
    reader = OptionParser(
        f"%kodisc {name}",
        description=f"{command.help[0].upper()}{command.help[1:]}.",
    )
    for argument in command.arguments:
        reader.add_argument(
            argument.dest,
            metavar=argument.metavar,
            help=argument.help.replace("%", "%%"),
            type=argument.read,
            nargs="+" if argument.repeats else None if argument.required else "?",
            default=argument.default,
        )
    reader.add_options({"": (HELP, *command.options)})
    return reader


def parse(line: str) -> argparse.Namespace:
    """Read a ``%kodisc`` line; ``command`` is ``None`` where there is none.

    Raises:
        OptionError: an unknown command or option, or a key on the line.
    """
    words = split(line)
    refuse_key(words)
    name = words[0] if words else None
    if name is not None and name not in HELP.words and name not in COMMANDS:
        raise _unknown(name)
    if any(word in HELP.words for word in words):  # before required words are missed
        return argparse.Namespace(help=True, command=name if name in COMMANDS else None)
    if name is None:
        return argparse.Namespace(help=False, command=None)
    return argparse.Namespace(command=name, **vars(_parser(name).parse_args(words[1:])))


def _unknown(word: str) -> OptionError:
    near = closest(word, COMMANDS, cutoff=LIKE)
    belongs_to_a_cell = word[:2] in {"-q", "-a"} or word.partition("=")[0] in WORDS
    if near:
        hint = f"Did you mean %kodisc {near}?"
    elif belongs_to_a_cell or (word.isidentifier() and word[0].isupper()):
        hint = f"To render, write two percent signs, at the top of a cell: %%kodisc {word}"
    else:
        hint = "%kodisc --help lists the commands."
    kind = "option" if word.startswith("-") else "command"
    return OptionError(f"Unknown {kind} {word!r}.", hint, word)
