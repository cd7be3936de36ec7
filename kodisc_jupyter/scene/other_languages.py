"""Habits of other languages: names that Python has none of, and what it writes instead."""

from __future__ import annotations

from typing import Final

_PYTHONS: Final = {"true": "True", "false": "False", "null": "None", "none": "None"}
"""A name as another language has it, and what Python writes."""


def other_language_hint(name: str) -> str:
    """What to write for a name of another language, or ``""``."""
    return f"In Python, write {_PYTHONS[name]}." if name in _PYTHONS else ""
