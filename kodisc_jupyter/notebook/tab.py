"""Where IPython asks for completions; what they are is decided in :mod:`.completion`.

Loaded with the extension, so it imports the deciding only when Tab is pressed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

_KEYS: Final = ("%%kodisc", "%kodisc")


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
    from kodisc_jupyter.notebook.line.completion import Around, complete
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
