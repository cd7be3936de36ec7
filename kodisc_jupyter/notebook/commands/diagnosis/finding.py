"""One line of the report of ``%kodisc doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from textwrap import fill
from typing import Final

_COLUMNS: Final = 88
_INDENT: Final = " " * 19


class Verdict(Enum):
    """How a line of the doctor's report begins."""

    GOOD = "ok  "
    NOTE = "note"
    BAD = "BAD "


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, what to do."""

    verdict: Verdict
    subject: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        line = _wrapped(f"{self.verdict.value}  {self.subject:<12} ", self.found)
        return f"{line}\n{_wrapped(f'{_INDENT}→ ', self.advice)}" if self.advice else line


def _wrapped(head: str, text: str) -> str:
    """The text behind its head, its further lines below its first."""
    return fill(
        text,
        _COLUMNS,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
