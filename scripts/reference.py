"""Write the guide's tables of options, commands and settings from the code's own tables.

python scripts/reference.py --write      put them into docs/guide.md
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from kodisc_jupyter.notebook.line.command_line import COMMANDS, Command
from kodisc_jupyter.notebook.line.option import Option
from kodisc_jupyter.notebook.line.options import OPTIONS
from kodisc_jupyter.notebook.settings import KodiscSettings

PAGE = Path(__file__).parents[1] / "docs" / "guide.md"

_COMMAND = rf"%{{1,2}}kodisc\w*(?: (?:{'|'.join(COMMANDS)}))?"
_WORDS = re.compile(rf"(?<![\w-])(--?[a-z][\w-]*|{_COMMAND}|KODISC_\w+)")


def _marked(text: str) -> str:
    """Options, commands and variables in a text, marked as code."""
    return _WORDS.sub(r"`\1`", text).replace("|", "\\|")


def _spelled(option: Option) -> str:
    words = [f"`{word}`" for word in option.words]
    if option.metavar and option.metavar != option.dest.upper():
        words[-1] = f"`{option.words[-1]} {option.metavar}`"
    return ", ".join(words)


def options() -> Iterable[tuple[str, ...]]:
    """A row for each option of a cell."""
    yield ("option", "meaning")
    for option in OPTIONS:
        yield (_spelled(option), _marked(option.help))


def commands() -> Iterable[tuple[str, ...]]:
    """A row for each command, with what may stand behind it."""
    yield ("command", "what it does")
    for name, command in COMMANDS.items():
        yield (f"`%kodisc {name}{_arguments(command)}`", _said(command))


def _arguments(command: Command) -> str:
    shown = [
        argument.metavar if argument.required else f"[{argument.metavar}]"
        for argument in command.arguments
    ]
    return "".join(f" {each}" for each in shown).replace("|", "\\|")


def _said(command: Command) -> str:
    options = (f"{_spelled(option)}: {_marked(option.help)}" for option in command.options)
    return "; ".join((_marked(command.help), *options))


def settings() -> Iterable[tuple[str, ...]]:
    """A row for each setting, with its default."""
    yield ("setting", "default", "meaning")
    for name in [name for name in os.environ if name.startswith("KODISC_")]:
        del os.environ[name]  # some defaults follow a variable
    made = KodiscSettings()
    for name, trait in KodiscSettings.class_traits(config=True).items():
        if trait.this_class is KodiscSettings:
            default = getattr(made, name)
            shown = json.dumps(default) if isinstance(default, str) else str(default)
            yield (f"`{name}`", f"`{shown}`", _marked(trait.help))


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def written(page: str) -> str:
    """The page with the tables as they are now between their marks."""
    for name, rows in (("options", options()), ("commands", commands()), ("settings", settings())):
        begin, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        head, _, rest = page.partition(begin)
        page = f"{head}{begin}\n{_table(rows)}\n{end}{rest.partition(end)[2]}"
    return page


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print("\n\n".join(_table(rows) for rows in (options(), commands(), settings())))
