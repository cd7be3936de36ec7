"""Where IPython lets us in beside the magics: Tab, and cells with nothing below their first line.

Loaded with the extension, so it imports the deciding only when Tab is pressed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

_KEYS: Final = ("%%kodisc", "%kodisc")
_CELL_MAGICS: Final = ("%%kodisc", "%%kodisc_prelude")
_FIRST: Final = [[magic] for magic in _CELL_MAGICS]


def attach(shell: Any) -> None:
    """Offer completions to a shell, and have its cells pass by.

    Just before IPython takes the magic's line off, and not among the clean-up transformers: those
    also decide whether a terminal's cell is complete.
    """
    shell.input_transformer_manager.line_transforms[:0] = [first_line_first, with_body]
    _offer_completions(shell)


def _offer_completions(shell: Any) -> None:
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
        offers = _offer(shell, before, below) if before.lstrip().startswith(_KEYS) else []
        token = context.token
        return {
            "completions": [
                SimpleCompletion(_from_token(word, before, token), type="magic") for word in offers
            ],
            "suppress": bool(offers),
            "ordered": True,
        }

    completer.custom_matchers.append(kodisc_matcher)


def first_line_first(lines: list[str]) -> list[str]:
    """Put ``%%kodisc`` above the comments that stand above it, where IPython looks for it.

    The lines below keep their numbers. Anything else above it is said: IPython would look for a
    line magic of that name, and an unattended run would give no reason at all.
    """
    at = next((at for at, line in enumerate(lines) if line.split(maxsplit=1)[:1] in _FIRST), 0)
    above = lines[:at]
    code = [line for line in above if line.strip() and not line.lstrip().startswith("#")]
    if not above or not _ends_a_statement(above) or (code[:1] and code[0].startswith("%%")):
        return lines
    if not code:
        return [lines[at], *above, *lines[at + 1 :]]
    from kodisc_jupyter.notebook.prepare import option_diagnostic, refused

    word = lines[at].split()[0]
    raise refused(
        [
            option_diagnostic(
                f"{word} must be the first line of its cell.",
                "Move what stands above it into a cell of its own; comments may stay.",
                lines[at].rstrip(),
                word,
            )
        ]
    )


def _ends_a_statement(lines: list[str]) -> bool:
    """Whether the next line is code, and not inside a text or brackets that began above."""
    import ast

    code = ["\n" if line.lstrip()[:1] in {"%", "!", "?"} else line for line in lines]
    try:
        ast.parse("".join(code))
    except SyntaxError:
        return False
    return True


def with_body(lines: list[str]) -> list[str]:
    """Give ``%%kodisc --help`` an empty line below; other cells stay.

    IPython refuses a cell with nothing below its magic's line before the magic is called.
    """
    words = lines[0].split(maxsplit=1) if lines else []
    if not words or words[0] not in _CELL_MAGICS or "".join(lines[1:]).strip():
        return lines
    return [lines[0].rstrip("\r\n") + "\n", "\n"]


def _from_token(word: str, before: str, token: str) -> str:
    """IPython replaces its token only, and cuts tokens at signs like ``:``, ``=`` and ``,``."""
    begun = "" if not before or before[-1].isspace() else before.rsplit(maxsplit=1)[-1]
    return word[len(begun) - len(token) :] if begun.endswith(token) else word


def _hook(shell: Any) -> Any:
    def kodisc_hook(_self: Any, event: Any) -> list[str]:
        before = event.text_until_cursor
        offers = _offer(shell, before, _below(shell, before))
        return [_from_token(word, before, event.symbol) for word in offers]

    return kodisc_hook


def _below(shell: Any, before: str) -> str:
    """What stands below the line, from the front end's own request for completions."""
    from kodisc_jupyter.notebook.front_end import request_content

    asked = str(request_content(shell, getattr(shell, "kernel", None)).get("code", ""))
    head, _, below = asked.partition("\n")
    return below if head.startswith(before) else ""


def _offer(shell: Any, before: str, below: str) -> list[str]:
    from kodisc_jupyter.notebook.kernel import current_kernel, visible_variables
    from kodisc_jupyter.notebook.line.completion import Around, complete

    kernel = current_kernel()
    variables = [name for name in visible_variables(shell) if not name.startswith("_")]
    command = before.split()[1:2] if before.split()[:1] == ["%kodisc"] else []
    return complete(
        before,
        Around(
            cell=below,
            variables=variables,
            job_ids=kernel.known_job_ids()
            if command[:1] in (["show"], ["save"], ["cancel"])
            else (),
            notebooks=_notebooks() if command == ["export"] else (),
            files=_files,
        ),
    )


def _files(begun: str) -> list[str]:
    """Files and folders beside the notebook whose path begins so; what is hidden stays so."""
    head = begun.rpartition("/")[0]
    folder = Path(head)
    if folder.is_absolute() or not folder.is_dir():
        return []
    return sorted(
        f"{f'{head}/' if head else ''}{each.name}{'/' if each.is_dir() else ''}"
        for each in folder.iterdir()
        if " " not in each.name and not each.name.startswith((".", "__pycache__"))
    )


def _notebooks() -> list[str]:
    return sorted(path.name for path in Path.cwd().glob("*.ipynb") if " " not in path.name)


def detach(shell: Any) -> None:
    """Take the completions away again, and leave the cells alone."""
    transformers = shell.input_transformer_manager.line_transforms
    ours = (first_line_first, with_body)
    transformers[:] = [each for each in transformers if each not in ours]
    matchers = getattr(shell.Completer, "custom_matchers", [])
    matchers[:] = [one for one in matchers if getattr(one, "__name__", "") != "kodisc_matcher"]
    hooks = getattr(shell.strdispatchers.get("complete_command"), "strs", {})
    for key in _KEYS:
        hooks.pop(key, None)
