"""What the words after ``%kodisc`` do: one module for each, named as it, with its ``run``."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.notices import show_refusal

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Do what a parsed ``%kodisc`` line asks.

    Raises:
        KodiscError: it could not be done; the message says why and what to do.
    """
    command = import_module(f"{__name__}.{asked.command or 'status'}")
    try:
        command.run(kernel, asked)
    except KodiscError as problem:
        show_refusal(problem, None, kernel.front_end())
        raise
