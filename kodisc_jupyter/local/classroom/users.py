"""Who may render here: users with keys and credits of their own, from a small TOML file.

::

    [users.alice]
    key = "kdsc_live_…"            # or keys = ["…", "…"]
    credits = 500                  # bought credits, or "unlimited" (the default)
    free = 100                     # free credits of each month
    webhook_url = "https://…"      # where jobs are announced when a request does not say
    webhook_secret = "whsec_…"
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.rules import KEY, KEY_FORM, KEY_PREFIX

log = logging.getLogger("kodisc_jupyter.local")

PREFIX_LENGTH: Final = len(KEY_PREFIX) + 4


class UsersFileError(ValueError):
    """The users file cannot be used; the message says where and why, and holds no key."""


@dataclass(frozen=True)
class Key:
    """A key as the server keeps it: its hash, and the part that may be shown."""

    key_id: str
    prefix: str
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, value: str) -> Key:
        """The key with this value, which is not kept."""
        digest = _digest(value)
        return cls("key_" + digest.hex()[:24], value[:PREFIX_LENGTH], digest)


@dataclass(frozen=True)
class User:
    """A user: ``credits`` bought, or ``None`` for unlimited; ``free`` credits each month."""

    name: str
    keys: tuple[Key, ...]
    credits: int | None = None
    free: int = 0
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str:
        """An opaque ID that stays the same for the same name."""
        return "usr_" + hashlib.sha256(self.name.encode()).hexdigest()[:24]

    @property
    def unlimited(self) -> bool:
        """Whether renders cost this user nothing."""
        return self.credits is None


def new_key() -> str:
    """A random key."""
    return f"{KEY_PREFIX}{secrets.token_hex(24)}"


@dataclass
class Users:
    """Everyone who may render here. ``users`` is replaced as a whole when the file has changed."""

    users: tuple[User, ...]

    def who(self, authorization: str | None) -> tuple[User, Key] | None:
        """The user and key of an ``Authorization`` header, or ``None``; in constant time."""
        scheme, _, value = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not KEY.match(value.strip()):
            return None
        digest = _digest(value.strip())
        match = None
        for user in self.users:
            for key in user.keys:
                if hmac.compare_digest(key.digest, digest):
                    match = (user, key)
        return match

    def named(self, name: str) -> User | None:
        """The user of this name."""
        return next((user for user in self.users if user.name == name), None)


class UsersWatch:
    """Reads the users file again when it has changed; one with a mistake changes nothing."""

    def __init__(self, path: Path, users: Users) -> None:
        self._path = path
        self._users = users
        self._seen = self._state()

    def look(self) -> None:
        """Called now and then."""
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        try:
            self._users.users = read_users(self._path).users
            log.info("%s was read again: %d users", self._path, len(self._users.users))
        except UsersFileError as problem:
            log.warning("the users stay as they were: %s", problem)

    def _state(self) -> object:
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size, seen.st_ino, seen.st_mode


def read_users(path: Path) -> Users:
    """The users of a TOML file that nobody else may read.

    Raises:
        UsersFileError: the file cannot be read, or says something that makes no sense.
    """
    try:
        return users_in(_private_text(path), path)
    except OSError as problem:
        raise UsersFileError(f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise UsersFileError(f"{path}: not valid TOML") from None


def users_in(text: str, path: Path) -> Users:
    """The users of a text that is, or will be, the file ``path``.

    Raises:
        UsersFileError: it says something that makes no sense.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # its message quotes the file, and the file holds keys
        raise UsersFileError(f"{path}: not valid TOML") from None
    tables = entries.get("users")
    if not isinstance(tables, dict) or not tables:
        raise UsersFileError(f"{path}: has no [users.NAME] table")
    users = [_user(f"{path}: users.{name}", name, table) for name, table in tables.items()]
    _distinct(path, users)
    return Users(tuple(users))


def _private_text(path: Path) -> str:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsersFileError(
            f"{path}: others may read or change it, and it holds keys; type: chmod 600 {path}"
        )
    return path.read_text(encoding="utf-8")


def _user(where: str, name: str, table: Any) -> User:
    if not isinstance(table, dict):
        raise UsersFileError(f"{where}: must be a table")
    unknown = set(table) - {"key", "keys", "credits", "free", "webhook_url", "webhook_secret"}
    if unknown:
        raise UsersFileError(f"{where}: unknown setting {min(unknown)!r}")
    keys = table.get("keys", [table["key"]] if "key" in table else [])
    if not isinstance(keys, list) or not keys:
        raise UsersFileError(f"{where}: needs a key")
    if not all(isinstance(key, str) and KEY.match(key) for key in keys):
        raise UsersFileError(f"{where}: a key is {KEY_FORM}")
    credits_ = table.get("credits", "unlimited")
    if credits_ != "unlimited" and not _is_count(credits_):
        raise UsersFileError(f'{where}: credits must be a whole number or "unlimited"')
    free = table.get("free", 0)
    if not _is_count(free):
        raise UsersFileError(f"{where}: free must be a whole number")
    url = table.get("webhook_url")
    if url is not None and not (isinstance(url, str) and url.startswith("https://")):
        raise UsersFileError(f"{where}: webhook_url must be an https:// URL")
    secret = table.get("webhook_secret")
    if secret is not None and not (isinstance(secret, str) and secret):
        raise UsersFileError(f"{where}: webhook_secret must be text")
    return User(
        name=name,
        keys=tuple(Key.of(key) for key in keys),
        credits=None if credits_ == "unlimited" else credits_,
        free=free,
        webhook_url=url,
        webhook_secret=secret,
    )


def _distinct(path: Path, users: Iterable[User]) -> None:
    owners: dict[bytes, str] = {}
    for user in users:
        for key in user.keys:
            other = owners.setdefault(key.digest, user.name)
            if other != user.name:
                raise UsersFileError(f"{path}: {other} and {user.name} have the same key")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "replace")).digest()
