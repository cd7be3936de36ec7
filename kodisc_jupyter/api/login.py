"""Ask a person for a key, and check it before it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kodisc_jupyter.api.auth import Key, check_key, use_key
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.models import Account


@dataclass(frozen=True)
class Login:
    """A key that the API has accepted. ``shadowed_by`` names a source that is looked up before."""

    key: Key
    account: Account
    shadowed_by: str | None = None


def login(ask: Callable[[str], str], *, base_url: str | None = None) -> Login:
    """Ask for a key, check it against ``GET /me``, and use it for the rest of this session.

    ``ask(prompt)`` must not echo what is typed, as :func:`getpass.getpass` does not.

    Raises:
        AuthenticationError: nothing was typed, or the API refused the key.
        KodiscError: the key could not be checked.
    """
    key = check_key(ask("Kodisc API key (not shown): "), "this session's login")
    with Client(key, base_url=base_url) as client:
        account = client.get_me()
    before = use_key(key)
    return Login(key, account, before.source if before else None)
