"""Tab on a ``%%kodisc`` or ``%kodisc`` line: scenes, options, values, variables, job IDs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, Final

from kodisc_jupyter.notebook import command_line, options
from kodisc_jupyter.notebook.settings import ASPECT_RATIOS, QUALITIES

_VALUES: Final[dict[str, Sequence[str]]] = {
    "-q": QUALITIES,
    "--quality": QUALITIES,
    "-a": ASPECT_RATIOS,
    "--aspect": ASPECT_RATIOS,
    "--backend": ("cloud", "local"),
}
_KEYS: Final = ("%%kodisc", "%kodisc")


def complete(
    before: str, *, cell: str = "", variables: Iterable[str] = (), job_ids: Iterable[str] = ()
) -> list[str]:
    """What may stand where the cursor is, on a magic's line.

    ``before`` is the line up to the cursor, ``cell`` what stands below it. Each answer replaces
    the word that has been begun.
    """
    magic, _, rest = before.lstrip().partition(" ")
    words = rest.split()
    begun = "" if not rest or rest[-1].isspace() else words.pop()
    if magic == "%%kodisc":
        found = _for_cell(words, begun, cell, variables)
    elif magic == "%kodisc":
        found = _for_line(words, job_ids)
    else:
        return []
    return [word for word in found if word.startswith(begun)]


def _for_cell(words: list[str], begun: str, cell: str, variables: Iterable[str]) -> list[str]:
    last = words[-1] if words else ""
    if last in _VALUES:
        return list(_VALUES[last])
    if last == "--with":
        head = begun.rpartition(",")[0]
        return [f"{head},{name}" if head else name for name in sorted(variables)]
    reader = options.parser()
    action = reader._option_string_actions.get(last)  # noqa: SLF001 - argparse has no public list
    if action is not None and action.nargs != 0:
        return []  # a value of the user's own: a path, a number, a text
    if begun.startswith("-"):
        return _unused(reader, words)
    return [*_scenes(cell, words), *_unused(reader, words)]


def _scenes(cell: str, words: list[str]) -> list[str]:
    from kodisc_jupyter.scene.checks import find_scenes

    return [name for name in find_scenes(cell) if name not in words]


def _for_line(words: list[str], job_ids: Iterable[str]) -> list[str]:
    reader = command_line.parser()
    known = command_line.commands(reader)
    if not words:
        return [*known, *_unused(reader, words)]
    if words[0] not in known:
        return []
    if words[0] in {"show", "save"} and len(words) == 1:
        return [*job_ids, "--help"]
    sub = known[words[0]]
    choices = [
        str(choice)
        for action in sub._actions  # noqa: SLF001 - argparse has no public list
        if not action.option_strings
        for choice in action.choices or ()
        if choice not in words
    ]
    return [*choices, *_unused(sub, words)]


def _unused(reader: argparse.ArgumentParser, words: list[str]) -> list[str]:
    return [
        word
        for word in options.long_options(reader)
        if word not in words or word == "--with"  # --with may be repeated
    ]


def attach(shell: Any) -> None:
    """Offer the completions to a shell."""
    completer = shell.Completer
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # IPython before 8.6: hooks, which do not see the cell below the line
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
    """IPython replaces its token only, and cuts tokens at signs like ``:`` and ``,``."""
    begun = "" if not before or before[-1].isspace() else before.rsplit(maxsplit=1)[-1]
    return word[len(begun) - len(token) :] if begun.endswith(token) else word


def _hook(shell: Any) -> Any:
    def kodisc_hook(_self: Any, event: Any) -> list[str]:
        found = _offer(shell, event.text_until_cursor, "")
        return [_from_token(word, event.text_until_cursor, event.symbol) for word in found]

    return kodisc_hook


def _offer(shell: Any, before: str, below: str) -> list[str]:
    from kodisc_jupyter.notebook.magics import current_runner

    runner = current_runner()
    hidden = getattr(shell, "user_ns_hidden", {})
    variables = [name for name in shell.user_ns if name not in hidden and not name.startswith("_")]
    wants_jobs = before.split()[:1] == ["%kodisc"]
    job_ids = runner.known_job_ids() if wants_jobs else ()
    return complete(before, cell=below, variables=variables, job_ids=job_ids)


def detach(shell: Any) -> None:
    """Take the completions away again."""
    matchers = getattr(shell.Completer, "custom_matchers", [])
    matchers[:] = [one for one in matchers if getattr(one, "__name__", "") != "kodisc_matcher"]
