"""Tab on a ``%%kodisc`` or ``%kodisc`` line: scenes, options, values, variables, job IDs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kodisc_jupyter.notebook.line import command_line, options
from kodisc_jupyter.notebook.settings import ASPECT_RATIOS, QUALITIES

_VALUES: Final[dict[str, Sequence[str]]] = {
    "--quality": QUALITIES,
    "--aspect": ASPECT_RATIOS,
    "--backend": ("cloud", "local"),
    "--fps": ("15", "24", "30", "60"),
    "--webhook": ("https://",),
    "--width": ("480px", "60%", "100%"),
}
"""What an option takes, or what it is often given."""


@dataclass(frozen=True)
class Around:
    """What is there to choose from: the cell below the line, and the notebook's own names."""

    cell: str = ""
    variables: Iterable[str] = ()
    job_ids: Iterable[str] = ()
    notebooks: Iterable[str] = ()


def complete(before: str, around: Around) -> list[str]:
    """What may stand where the cursor is, on a magic's line.

    ``before`` is the line up to the cursor. Each answer replaces the word that has been begun.
    Empty where only the user can know (a path, a number): there IPython offers files.
    """
    magic, _, rest = before.lstrip().partition(" ")
    words = rest.split()
    begun = "" if not rest or rest[-1].isspace() else words.pop()
    if magic == "%%kodisc":
        found = _for_cell(words, begun, around)
    elif magic == "%kodisc":
        found = _for_line(words, around)
    else:
        return []
    return [word for word in found if word.startswith(begun)]


def _for_cell(words: list[str], begun: str, around: Around) -> list[str]:
    reader = options.parser()
    option, equals, value = begun.partition("=")
    if equals and option.startswith("--"):
        return [f"{option}={found}" for found in _values(_action(reader, option), value, around)]
    last = _action(reader, words[-1]) if words and "=" not in words[-1] else None
    if last is not None and last.nargs != 0 and words[-1] in last.option_strings:
        return _values(last, begun, around)
    unused = _unused(reader, words)
    return unused if begun.startswith("-") else [*_scenes(around.cell, words), *unused]


def _values(action: argparse.Action | None, begun: str, around: Around) -> list[str]:
    """The values of an option; of ``--with``, the notebook's variables, one or a list of them."""
    if action is None:
        return []
    if action.dest == "names":
        head, comma, _ = begun.rpartition(",")
        return [f"{head}{comma}{name}" for name in sorted(around.variables)]
    return list(_VALUES.get(action.option_strings[-1], ()))


def _scenes(cell: str, words: list[str]) -> list[str]:
    from kodisc_jupyter.scene.checks import find_scenes

    return [name for name in find_scenes(cell) if name not in words]


def _for_line(words: list[str], around: Around) -> list[str]:
    reader = command_line.parser()
    known = command_line.commands(reader)
    if not words:
        return [*known, *_unused(reader, words)]
    if words[0] not in known:
        return []
    sub = known[words[0]]
    last = _action(sub, words[-1])
    if last is not None and last.nargs != 0:
        return []
    positional = {
        "show": around.job_ids,
        "save": around.job_ids,
        "export": around.notebooks,
        "local": command_line.LOCAL_ACTIONS,
    }.get(words[0], ())
    if len(words) == 1:
        return [*positional, *_unused(sub, words)]
    return [] if words[0] == "save" and len(words) == 2 else _unused(sub, words)


def _action(reader: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    """The option that a word is: ``--quality``, ``--quality=low``, ``-q``, ``-ql``."""
    known = reader._option_string_actions  # noqa: SLF001 - argparse has no public list
    short = word[:2] if word.startswith("-") and not word.startswith("--") else ""
    return known.get(word.partition("=")[0]) or known.get(short)


def _unused(reader: argparse.ArgumentParser, words: list[str]) -> list[str]:
    """The options that may still be given."""
    used = {action.dest for word in words if (action := _action(reader, word))}
    for group in reader._mutually_exclusive_groups:  # noqa: SLF001 - argparse has no public list
        dests = {action.dest for action in group._group_actions}  # noqa: SLF001
        used |= dests if dests & used else set()
    used -= {"names"}  # --with may be repeated
    return [
        word
        for action in reader._actions  # noqa: SLF001 - argparse has no public list
        if action.dest not in used
        for word in action.option_strings
    ]
