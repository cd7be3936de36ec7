"""``%kodisc report``: what was rendered and what it cost."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display.notices import say

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Show it, and write it as CSV if wanted."""
    report = kernel.session.report(everything=asked.all)
    say(str(report))
    if asked.csv:
        path = Path(asked.csv).expanduser().absolute()
        report.write_csv(path)
        say(f"Written to {path}")
