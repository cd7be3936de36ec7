"""The words after ``%kodisc``: one table for parsing, for ``?`` and ``--help``, and for Tab."""

from __future__ import annotations

import argparse
from typing import Final

from kodisc_jupyter.notebook.line import options
from kodisc_jupyter.notebook.line.options import (
    HELP_WORDS,
    HelpText,
    OptionError,
    OptionParser,
    amount,
    choice,
    positive,
    refuse_key,
    split,
)

LOCAL_ACTIONS: Final = ("status", "stop")

_EPILOG = (
    "%%kodisc --help tells how to render a cell. %config KodiscMagics lists the settings.\n"
    "%kodisc COMMAND --help tells more of one command."
)


def parser() -> argparse.ArgumentParser:
    """The parser of a ``%kodisc`` line; its help is the magic's help."""
    p = OptionParser(
        prog="%kodisc",
        usage="%(prog)s [COMMAND] [--help]",
        add_help=False,
        allow_abbrev=False,
        formatter_class=HelpText,
        description="With no word: where renders go, the key's prefix, the balance, open renders.",
        epilog=_EPILOG,
    )
    p.add_argument(*HELP_WORDS, action="store_true", help="show this text")
    commands = p.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, help_: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.".replace("%%", "%"),
            add_help=False,
            allow_abbrev=False,
            prog=f"%kodisc {name}",
            formatter_class=HelpText,
        )
        sub.add_argument(*HELP_WORDS, action="store_true", help="show this text")
        return sub

    login = command("login", "ask for an API key with a hidden prompt, check it, keep it if wanted")
    login.add_argument(
        "--keep", action="store_true", default=None, help="keep it in the system keyring, unasked"
    )
    login.add_argument(
        "--no-keep", dest="keep", action="store_false", help="only for this kernel, unasked"
    )
    command("logout", "forget the key, in this kernel and in the system keyring")
    jobs = command("jobs", "list open and recent jobs: scene, settings, state, credits, age")
    jobs.add_argument(
        "-n", "--number", type=positive("the number"), default=20, metavar="N", help="how many (20)"
    )
    show = command("show", "show a job here: its video, or its panel while it is open")
    show.add_argument("job_id", metavar="JOBID", help="%%kodisc jobs lists them; so does Tab")
    save = command("save", "write a job's video to a file")
    save.add_argument("job_id", metavar="JOBID", help="%%kodisc jobs lists them; so does Tab")
    save.add_argument("path", metavar="PATH", help="the file to write, or a folder")
    wait = command("wait", "wait for every open render, and raise if one of them failed")
    wait.add_argument("--timeout", type=amount, metavar="S", help="at most S seconds; jobs go on")
    report = command("report", "what was rendered and what it cost, with totals")
    report.add_argument("--csv", metavar="PATH", help="also write the table to this file")
    report.add_argument("--all", action="store_true", help="all sessions, not only this kernel's")
    export = command("export", "make a page that students open with nothing installed")
    export.add_argument(
        "notebook", nargs="?", metavar="NOTEBOOK", help="the saved notebook (this one)"
    )
    export.add_argument("--to", metavar="PATH", help="the page to write (NOTEBOOK.html)")
    export.add_argument(
        "--folder", action="store_true", help="a folder with the page and its videos as files"
    )
    command("doctor", "check key, balance, network, Manim, LaTeX, disk; say what to do")
    command("studio", "open the control panel for live teaching")
    prelude = command("prelude", "show what %%%%kodisc_prelude keeps")
    prelude.add_argument("--clear", action="store_true", help="forget it")
    local = command("local", "the render server on this machine: status, or stop it")
    local.add_argument(
        "action",
        nargs="?",
        metavar="|".join(LOCAL_ACTIONS),
        type=choice("the action", LOCAL_ACTIONS),
        default="status",
        help="show its address and process (default), or end it",
    )
    return p


def commands(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Every command's own parser, by name."""
    for action in of._actions:  # noqa: SLF001 - argparse has no public list
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}


def parse(line: str) -> argparse.Namespace:
    """Read a ``%kodisc`` line; ``command`` is ``None`` where there is none.

    Raises:
        OptionError: an unknown command or option, or a key on the line.
    """
    words = split(line)
    refuse_key(words)
    reader = parser()
    known = commands(reader)
    if words and words[0] not in HELP_WORDS and words[0] not in known:
        raise _unknown(words[0], known)
    if any(word in HELP_WORDS for word in words):  # before required words are missed
        return argparse.Namespace(help=True, command=words[0] if words[0] in known else None)
    return reader.parse_args(words)


def _unknown(word: str, known: dict[str, argparse.ArgumentParser]) -> OptionError:
    near = options.closest(word, known)
    belongs_to_a_cell = word[:2] in {"-q", "-a"} or word.partition("=")[0] in options.long_options(
        options.parser()
    )
    if near:
        hint = f"Did you mean %kodisc {near}?"
    elif belongs_to_a_cell or (word.isidentifier() and word[0].isupper()):
        hint = f"To render, write two percent signs, at the top of a cell: %%kodisc {word}"
    else:
        hint = "%kodisc --help lists the commands."
    kind = "option" if word.startswith("-") else "command"
    return OptionError(f"Unknown {kind} {word!r}.", hint, word)
