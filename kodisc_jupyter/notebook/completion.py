"""Tab on a ``%%kodisc`` or ``%kodisc`` line: scenes, options, values, variables, job IDs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.notebook import command_line, options
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

_KEYS: Final = ("%%kodisc", "%kodisc")


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


def attach(shell: Any) -> None:
    """Offer the completions to a shell."""
    completer = shell.Completer
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # IPython before 8.6 has hooks, which are told the line only
        for key in _KEYS:
            shell.set_hook("complete_command", _hook(shell), str_key=key)
        return

    @context_matcher()  # type: ignore[untyped-decorator, unused-ignore]
    def kodisc_matcher(context: Any) -> Any:
        lines = context.full_text.split("\n")
        before = context.line_with_cursor[: context.cursor_position]
        below = "\n".join(lines[context.cursor_line + 1 :])
        found = _offer(shell, before, below) if before.lstrip().startswith(_KEYS) else []
        token = context.token
        return {
            "completions": [
                SimpleCompletion(_from_token(word, before, token), type="magic") for word in found
            ],
            "suppress": bool(found),
            "ordered": True,
        }

    completer.custom_matchers.append(kodisc_matcher)


def _from_token(word: str, before: str, token: str) -> str:
    """IPython replaces its token only, and cuts tokens at signs like ``:``, ``=`` and ``,``."""
    begun = "" if not before or before[-1].isspace() else before.rsplit(maxsplit=1)[-1]
    return word[len(begun) - len(token) :] if begun.endswith(token) else word


def _hook(shell: Any) -> Any:
    def kodisc_hook(_self: Any, event: Any) -> list[str]:
        before = event.text_until_cursor
        found = _offer(shell, before, _below(shell, before))
        return [_from_token(word, before, event.symbol) for word in found]

    return kodisc_hook


def _below(shell: Any, before: str) -> str:
    """What stands below the line, from the front end's own request for completions."""
    from kodisc_jupyter.notebook.front_end import request_content

    asked = str(request_content(shell, getattr(shell, "kernel", None)).get("code", ""))
    head, _, below = asked.partition("\n")
    return below if head.startswith(before) else ""


def _offer(shell: Any, before: str, below: str) -> list[str]:
    from kodisc_jupyter.notebook.magics import current_runner

    runner = current_runner()
    hidden = getattr(shell, "user_ns_hidden", {})
    variables = [name for name in shell.user_ns if name not in hidden and not name.startswith("_")]
    command = before.split()[1:2] if before.split()[:1] == ["%kodisc"] else []
    return complete(
        before,
        Around(
            cell=below,
            variables=variables,
            job_ids=runner.known_job_ids() if command in (["show"], ["save"]) else (),
            notebooks=_notebooks() if command == ["export"] else (),
        ),
    )


def _notebooks() -> list[str]:
    return sorted(path.name for path in Path.cwd().glob("*.ipynb") if " " not in path.name)


def detach(shell: Any) -> None:
    """Take the completions away again."""
    matchers = getattr(shell.Completer, "custom_matchers", [])
    matchers[:] = [one for one in matchers if getattr(one, "__name__", "") != "kodisc_matcher"]
    hooks = getattr(shell.strdispatchers.get("complete_command"), "strs", {})
    for key in _KEYS:
        hooks.pop(key, None)
