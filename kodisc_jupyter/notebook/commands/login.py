"""``%kodisc login``: ask for a key with a hidden prompt, check it, keep it if you want."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.api.credits import balance_text
from kodisc_jupyter.api.errors import AuthenticationError
from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.front_end import FrontEnd

if TYPE_CHECKING:
    from kodisc_jupyter.api.login import Login
    from kodisc_jupyter.notebook.kernel import KernelState


_TRIES: Final = 3


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Ask, check, keep.

    Raises:
        AuthenticationError: the key is refused, or nobody is there to type one.
    """
    from getpass import getpass

    from kodisc_jupyter.api import auth

    if kernel.front_end() in {FrontEnd.HEADLESS, FrontEnd.SERVER_RUN}:
        raise AuthenticationError(
            "A key cannot be typed here: this front end lets no cell ask for input.",
            hint="Set the environment variable KODISC_KEY instead.",
        )
    login = _ask(kernel, getpass)
    balance = login.account.credits
    say(f"Logged in with key {login.account.key_prefix}…")
    say(balance_text(balance))
    if login.shadowed_by:
        say(f"Note: another key, from {login.shadowed_by}, is looked up first and stays in use.")
    keep = asked.keep
    if keep is None and find_spec("keyring") is not None:
        keep = input("Keep the key in the system keyring? [y/N] ").strip().lower() in {"y", "yes"}
    if keep:
        auth.keep_key(login.key)
        say("Kept in the system keyring; %kodisc logout removes it.")
    else:
        say("Kept for this kernel only; it is written nowhere.")


def _ask(kernel: KernelState, getpass: Callable[[str], str]) -> Login:
    """Ask until a key is accepted; an empty answer gives up."""
    from kodisc_jupyter.api.login import login as log_in

    typed = ""

    def ask(prompt: str) -> str:
        nonlocal typed
        typed = getpass(prompt)
        return typed

    for _ in range(_TRIES - 1):
        try:
            return log_in(ask, base_url=kernel.settings.base_url or None)
        except AuthenticationError as problem:
            if not typed.strip():
                raise
            say(f"{problem} Try again, or press Enter to give up.")
    return log_in(ask, base_url=kernel.settings.base_url or None)
