"""Where the key comes from, and how it is kept out of sight.

Looked up in this order: the argument, ``KODISC_KEY``, Colab's user data (only in Colab), the
system keyring (the ``keyring`` extra), and what was typed at the login of this session.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from threading import Thread
from typing import Any, Final, NoReturn

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.errors import AuthenticationError, KodiscError

KEY_VARIABLE: Final = "KODISC_KEY"
KEYRING_SERVICE: Final = "kodisc-jupyter"
KEYRING_USER: Final = "api-key"

LOOKED_IN: Final = (
    f"the api_key argument, {KEY_VARIABLE}, Colab's secrets, the system keyring "
    "and this session's login"
)

KEYRING_LIMIT_S: Final = 15.0
"""How long the system keyring may take: long enough to unlock it, and not for ever."""

_SENDABLE: Final = re.compile(r"[!-~]+")
"""Visible ASCII without spaces: what an HTTP header can carry."""


@dataclass(frozen=True)
class Key:
    """An API key and where it came from. ``repr`` and ``str`` never show the value."""

    value: str = field(repr=False)
    source: str

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a kept variable would take the key with it."""
        raise TypeError("This holds a key, so it cannot be pickled.")

    def redact(self, text: str) -> str:
        """``text`` without the key, for words that come from elsewhere."""
        return text.replace(self.value, "[key]")

    @property
    def is_familiar(self) -> bool:
        """Whether it looks like the keys of the API page; another is only worth a hint."""
        return rules.KEY.match(self.value) is not None


class _Session:
    """The key typed in this session; in memory only."""

    key: Key | None = None


def find_key(explicit: str | Key | None = None) -> Key | None:
    """The first key found, or ``None``. A :class:`Key` is given back as it is.

    Raises:
        AuthenticationError: the key that was found cannot be sent in a header, or the keyring
            does not answer.
    """
    if isinstance(explicit, Key):
        return explicit
    if explicit is not None:
        return check_key(explicit, "the api_key argument")
    lookups: tuple[tuple[str, Callable[[], str | None]], ...] = (
        (KEY_VARIABLE, lambda: os.environ.get(KEY_VARIABLE)),
        ("Colab's secrets", _from_colab),
        ("the system keyring", _from_keyring),
    )
    for source, look in lookups:
        text = look()
        if text and text.strip():
            return check_key(text, source)
    return _Session.key


def require_key(explicit: str | Key | None = None) -> Key:
    """The first key found.

    Raises:
        AuthenticationError: there is none, or see :func:`find_key`.
    """
    key = find_key(explicit)
    if key is None:
        raise AuthenticationError(
            f"No API key was found in {LOOKED_IN}; nothing was sent.",
            hint="Log in, or set KODISC_KEY to your key from kodisc.com.",
        )
    return key


def check_key(text: str, source: str) -> Key:
    """A key from what somebody typed or kept; spaces around it are dropped.

    Raises:
        AuthenticationError: it is empty, or has characters that a header cannot carry.
    """
    value = text.strip()
    if not value:
        raise AuthenticationError(
            f"The key from {source} is empty; nothing was sent.",
            hint="Give the whole key, as it was shown when it was made.",
        )
    if not _SENDABLE.fullmatch(value):
        raise AuthenticationError(
            f"The key from {source} has spaces, line breaks or other characters that no key has; "
            "nothing was sent.",
            hint="Copy the key again, alone and whole.",
        )
    return Key(value, source)


def use_key(key: Key) -> Key | None:
    """Use a key for the rest of this session; the other one that is looked up before it, if any."""
    _Session.key = key
    found_key = find_key()
    return found_key if found_key is not None and found_key.value != key.value else None


def keep_key(key: Key) -> None:
    """Keep a key in the system keyring.

    Raises:
        KodiscError: there is no keyring, or it refused.
    """
    reason = ""
    try:
        _ask_keyring("set_password", key.value)
    except AuthenticationError:
        raise
    except ModuleNotFoundError:
        reason = "the keyring package is not installed (pip install 'kodisc-jupyter[keyring]')"
    except Exception as error:  # a backend may raise anything
        reason = f"the keyring refused ({type(error).__name__})"
    if reason:
        raise KodiscError(
            f"The key was not kept: {reason}.", hint="It is used for this session only."
        )


def forget_key() -> tuple[str, ...]:
    """Forget the key of this session and of the keyring; names the places that had one."""
    places = []
    if _Session.key is not None:
        _Session.key = None
        places.append("this session's login")
    if _from_keyring() is not None and _drop_from_keyring():
        places.append("the system keyring")
    return tuple(places)


def _from_colab() -> str | None:
    # Colab's kernel imports google.colab itself; elsewhere it is at most installed.
    if "google.colab" not in sys.modules:
        return None
    try:
        secret = import_module("google.colab.userdata").get(KEY_VARIABLE)
    except Exception:  # no such secret, no access granted, no front end: not a key
        return None
    return secret if isinstance(secret, str) else None


def _from_keyring() -> str | None:
    try:
        secret = _ask_keyring("get_password")
    except AuthenticationError:
        raise  # silence is not "no key": the render would go somewhere else
    except Exception:  # not installed, locked, or without a backend: not a key
        return None
    return secret if isinstance(secret, str) else None


def _drop_from_keyring() -> bool:
    try:
        _ask_keyring("delete_password")
    except AuthenticationError:
        raise
    except Exception:  # a backend may raise anything
        return False
    return True


class _Keyring:
    """The question that the keyring has not answered yet, if any: it is not asked another."""

    asked: Thread | None = None


def _ask_keyring(method: str, *values: str) -> Any:
    """What the keyring answers, within :data:`KEYRING_LIMIT_S`.

    Raises:
        AuthenticationError: it does not answer.
        Exception: what the keyring raises.
    """
    answers: list[Any] = []
    problems: list[Exception] = []

    def ask() -> None:
        try:
            keyring: Any = import_module("keyring")
            answers.append(getattr(keyring, method)(KEYRING_SERVICE, KEYRING_USER, *values))
        except Exception as problem:  # a backend may raise anything
            problems.append(problem)

    waiting = _Keyring.asked
    if waiting is None or not waiting.is_alive():
        thread = _Keyring.asked = Thread(target=ask, name="kodisc-keyring", daemon=True)
        thread.start()
        thread.join(KEYRING_LIMIT_S)
    if not answers and not problems:
        raise AuthenticationError(
            f"The system keyring did not answer within {KEYRING_LIMIT_S:g} s. Nothing was sent "
            "and nothing was charged.",
            hint="Unlock it and try again; or set KODISC_KEY; or have it left alone with "
            "PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring.",
        )
    if problems:
        raise problems[0]
    return answers[0]
