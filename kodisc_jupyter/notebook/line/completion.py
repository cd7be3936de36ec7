"""Tab on a ``%%kodisc`` or ``%kodisc`` line: scenes, options, values, variables, job IDs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kodisc_jupyter.notebook.line.command_line import COMMANDS, JOBS, NOTEBOOKS, Argument
from kodisc_jupyter.notebook.line.option import HELP, Option
from kodisc_jupyter.notebook.line.options import OPTIONS


@dataclass(frozen=True)
class Around:
    """What is there to choose from: the cell below the line, and the notebook's own names."""

    cell: str = ""
    variables: Iterable[str] = ()
    job_ids: Iterable[str] = ()
    notebooks: Iterable[str] = ()
    files: Callable[[str], Iterable[str]] = lambda _: ()
    """The files and folders whose path begins so."""


def complete(before: str, around: Around) -> list[str]:
    """What may stand where the cursor is, on a magic's line.

    ``before`` is the line up to the cursor. Each answer replaces the word that has been begun.
    Empty where only the user can know (a path, a number): there IPython offers files.
    """
    magic, _, rest = before.lstrip().partition(" ")
    words = rest.split()
    begun = "" if not rest or rest[-1].isspace() else words.pop()
    if magic == "%%kodisc":
        offers = _for_cell(words, begun, around)
    elif magic == "%kodisc":
        offers = _for_line(words, around)
    else:
        return []
    return [word for word in offers if word.startswith(begun)]


def _for_cell(words: list[str], begun: str, around: Around) -> list[str]:
    word, equals, value = begun.partition("=")
    if equals and word.startswith("--"):
        option = _option(OPTIONS, word)
        return [f"{word}={found}" for found in _values(option, value, around)] if option else []
    last = _option(OPTIONS, words[-1]) if words and "=" not in words[-1] else None
    if last is not None and last.metavar and words[-1] in last.words:
        return _values(last, begun, around)
    unused = _unused(OPTIONS, words)
    return unused if begun.startswith("-") else [*_scenes(around.cell, words), *unused]


def _values(option: Option, begun: str, around: Around) -> list[str]:
    """The values of an option: paths, the notebook's variables (one, or a list), or words."""
    if option.dest in ("file", "transcript"):
        return list(around.files(begun))
    if option.dest == "names":
        head, comma, _ = begun.rpartition(",")
        return [f"{head}{comma}{name}" for name in sorted(around.variables)]
    return list(option.values)


def _scenes(cell: str, words: list[str]) -> list[str]:
    from kodisc_jupyter.scene.checks import find_scenes

    return [name for name in find_scenes(cell) if name not in words]


def _for_line(words: list[str], around: Around) -> list[str]:
    if not words:
        return [*COMMANDS, *HELP.words]
    command = COMMANDS.get(words[0])
    if command is None:
        return []
    options = (HELP, *command.options)
    last = _option(options, words[-1])
    if last is not None and last.metavar:
        return []
    place = len(words) - 1  # how many words stand behind the command
    if command.arguments and (place == 0 or command.arguments[0].repeats):
        offers = _argument_values(command.arguments[0], around)
        return [*(word for word in offers if word not in words), *_unused(options, words)]
    wanted = place < len(command.arguments)  # a word that only the user can know
    return [] if wanted and command.arguments[place].required else _unused(options, words)


def _argument_values(argument: Argument, around: Around) -> Iterable[str]:
    if argument.values == JOBS:
        return around.job_ids
    if argument.values == NOTEBOOKS:
        return around.notebooks
    return argument.values


def _option(options: Sequence[Option], word: str) -> Option | None:
    """The option that a word is: ``--quality``, ``--quality=low``, ``-q``, ``-ql``."""
    short = word[:2] if word.startswith("-") and not word.startswith("--") else ""
    spellings = (word.partition("=")[0], short)
    return next(
        (option for spelling in spellings for option in options if spelling in option.words), None
    )


def _unused(options: Sequence[Option], words: list[str]) -> list[str]:
    """The options that may still be given."""
    typed = [_option(options, word) for word in words]
    used = {option.dest for option in typed if option is not None and not option.repeats}
    return [word for option in options if option.dest not in used for word in option.words]
