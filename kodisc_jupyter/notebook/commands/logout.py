"""``%kodisc logout``: forget the key, in this kernel and in the system keyring."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display.notices import say

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(_kernel: KernelState, _asked: argparse.Namespace) -> None:
    """Forget it, and say where one is still found."""
    from kodisc_jupyter.api import auth

    places = auth.forget_key()
    say(f"Forgotten: the key from {' and from '.join(places)}." if places else "No key was kept.")
    left = auth.find_key()
    if left is not None:
        say(f"A key is still found in {left.source}, which %kodisc logout cannot change.")
