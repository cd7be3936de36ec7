"""One line of the report of ``%kodisc doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
        line = f"{self.verdict.value}  {self.subject:<12} {self.found}"
        return f"{line}\n{'':<19}→ {self.advice}" if self.advice else line
