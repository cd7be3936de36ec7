"""The values that options take: read from a word on the line, or refused with a sentence."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, NoReturn


class LeftOut(Enum):
    """An option that was not on the line: the setting, or the API's own default, applies."""

    LEFT_OUT = "left out"


LEFT_OUT: Final = LeftOut.LEFT_OUT


class OptionError(Exception):
    """A magic's line cannot be read: ``message``, ``hint``, and the word it is about.

    ``words`` are the spellings that this word may have on the line. ``secret`` says that the line
    must not be repeated.
    """

    def __init__(self, message: str, hint: str = "", *words: str, secret: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.words = words
        self.secret = secret


LIKE: Final = 0.75
"""How alike two words must be where there are many; below it a suggestion is mostly wrong."""


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The known word that was probably meant, or ``""``; of a few, a vague likeness will do."""
    from difflib import get_close_matches  # only a mistake needs it

    return next(iter(get_close_matches(word, sorted(known), 1, cutoff)), "")


def choice(
    kind: str, choices: tuple[str, ...], aliases: dict[str, str] | None = None
) -> Callable[[str], str]:
    """One of a few words, in any case; a slip of the pen is recognised."""

    def read(text: str) -> str:
        word = (aliases or {}).get(text.lower(), text.lower())
        if word in choices:
            return word
        near = closest(word, choices)
        hint = f" (did you mean {near}?)" if near else ""
        raise argparse.ArgumentTypeError(
            f"{kind} must be one of: {', '.join(choices)}; not {text!r}{hint}"
        )

    return read


def positive(kind: str) -> Callable[[str], int]:
    """A whole number, 1 or more."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise argparse.ArgumentTypeError(f"{kind} must be a positive integer, not {text!r}")
        return int(text)

    return read


def amount(text: str) -> float:
    """Seconds or credits, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number, 0 or more, not {text!r}")
    return int(value) if value.is_integer() else value


_CLOCK: Final = r"(?:(\d+):)?(\d{1,2}):([0-5]?\d(?:\.\d*)?)"


def seconds(text: str) -> float:
    """A time in a video: ``2.5``, or ``1:30``."""
    clock = re.fullmatch(_CLOCK, text.strip())
    if clock:
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(
            f"must be a time in seconds, such as 2.5 or 1:30, not {text!r}"
        )
    return value


def json_text(text: str) -> Any:
    """JSON as text."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(
            f"metadata must be JSON, such as '{{\"week\": 3}}': {problem}"
        ) from None


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def json_data(value: Any) -> Any:
    """A Python value that JSON can hold."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise argparse.ArgumentTypeError(f"metadata must be JSON data: {problem}") from None
    return value


def https_url(text: str) -> str:
    """An address that a webhook may have."""
    if not text.startswith("https://"):
        raise argparse.ArgumentTypeError("webhookUrl must be an https:// URL")
    return text


def texts(kind: str) -> Callable[[Any], tuple[str, ...]]:
    """One text or path, or several of them."""

    def read(value: Any) -> tuple[str, ...]:
        items = (value,) if isinstance(value, (str, os.PathLike)) else value
        try:
            return tuple(os.fspath(one) for one in items)
        except TypeError:
            raise argparse.ArgumentTypeError(
                f"{kind} must be a text, or a list of texts, not {value!r:.60}"
            ) from None

    return read


def identifier(text: str) -> str:
    """A Python name."""
    if not text.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not a Python name")
    return text
