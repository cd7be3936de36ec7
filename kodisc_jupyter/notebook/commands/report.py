"""``%kodisc report``: what was rendered and what it cost."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kodisc_jupyter.api.credits import credits_of, parts
from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.notices import say, show_text_or_html

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Show it, and write it as CSV if wanted."""
    from kodisc_jupyter.notebook.display.tables import report_html

    report = kernel.session.report(everything=asked.all)
    balance = _balance(kernel)
    html = report_html(report, balance) if report.rows else ""
    show_text_or_html(kernel.front_end(), "\n".join([str(report), *balance]), html)
    if asked.csv:
        path = Path(asked.csv).expanduser().absolute()
        report.write_csv(path)
        say(f"Written to {path}")


def _balance(kernel: KernelState) -> list[str]:
    """What is left, as a line; none where no credits are taken or nobody answers."""
    from kodisc_jupyter.api.auth import find_key

    key = find_key()
    if key is None:
        return []
    try:
        account = kernel.places.cloud(key).client.get_me(attempts=1)
    except KodiscError:
        return ["Balance: unknown, the API did not answer."]
    if account.unlimited:
        return []
    total = credits_of(account.credits.total)
    return [f"Balance now: {total} ({parts(account.credits)})"]
