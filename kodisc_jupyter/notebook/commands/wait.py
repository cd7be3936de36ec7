"""``%kodisc wait``: wait for every open render."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.waiting import wait_for_all

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Wait, and say what came of it."""
    say(wait_for_all(kernel, asked.timeout))
