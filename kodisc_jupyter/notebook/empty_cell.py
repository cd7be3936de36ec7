"""A cell with nothing below its magic's line: IPython refuses it before the magic is called."""

from __future__ import annotations

from typing import Any, Final

_MAGICS: Final = ("%%kodisc", "%%kodisc_prelude")


def with_body(lines: list[str]) -> list[str]:
    """Give ``%%kodisc --help`` an empty line below, so that it reaches us; other cells stay."""
    words = lines[0].split(maxsplit=1) if lines else []
    if not words or words[0] not in _MAGICS or "".join(lines[1:]).strip():
        return lines
    return [lines[0].rstrip("\r\n") + "\n", "\n"]


def attach(shell: Any) -> None:
    """Have a shell's cells pass by, just before IPython takes the magic's line off.

    Not among the clean-up transformers: those also decide whether a terminal's cell is complete.
    """
    detach(shell)
    shell.input_transformer_manager.line_transforms.insert(0, with_body)


def detach(shell: Any) -> None:
    """Leave the cells alone again."""
    transformers = shell.input_transformer_manager.line_transforms
    transformers[:] = [one for one in transformers if one is not with_body]
