"""Edits of the users file as text, so that its comments and its order stay. Pure functions."""

from __future__ import annotations

import json
import re
from typing import Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_HEADER: Final = re.compile(r"\s*\[")


class NoSuchUserError(KeyError):
    """The file has no table of this user."""


def add(text: str, name: str, key: str, credits_: int | str, free: int) -> str:
    """The text with a new user at its end."""
    lines = [f"[users.{_quote(name)}]", f'key = "{key}"', f"credits = {json.dumps(credits_)}"]
    if free:
        lines.append(f"free = {free}")
    gap = "\n" if text.strip() else ""
    return text.rstrip("\n") + ("\n" if text.strip() else "") + gap + "\n".join(lines) + "\n"


def remove(text: str, name: str) -> str:
    """The text without this user's table.

    Raises:
        NoSuchUserError: there is none.
    """
    lines = text.splitlines(keepends=True)
    begin, end = _table(lines, name)
    return "".join(lines[:begin] + lines[end:])


def put(text: str, name: str, setting: str, value: object) -> str:
    """The text with one of a user's settings changed, or added.

    Raises:
        NoSuchUserError: there is no such user.
    """
    lines = text.splitlines(keepends=True)
    begin, end = _table(lines, name)
    line = f"{setting} = {json.dumps(value)}\n"
    other = {"key": "keys", "keys": "key"}.get(setting)
    for at in range(begin + 1, end):
        match = re.match(r"\s*([A-Za-z_]+)\s*=", lines[at])
        if match and match[1] in (setting, other):
            lines[at] = line
            return "".join(lines)
    return "".join([*lines[: begin + 1], line, *lines[begin + 1 :]])


def _quote(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name, ensure_ascii=False)


def _table(lines: list[str], name: str) -> tuple[int, int]:
    """Where the table begins, and where the next one does."""
    forms = {f"[users.{form}]" for form in (name, json.dumps(name, ensure_ascii=False))}
    forms.add(f"[users.'{name}']")
    headers = [at for at, line in enumerate(lines) if _HEADER.match(line)]
    for at in headers:
        if lines[at].split("#")[0].strip() in forms:
            return at, next((later for later in headers if later > at), len(lines))
    raise NoSuchUserError(name)
