"""``%kodisc prelude`` and ``%%kodisc_prelude``: imports and helpers that cells share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display import notices
from kodisc_jupyter.notebook.prepare import refused

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def keep(kernel: KernelState, cell: str) -> None:
    """Check a prelude and keep it.

    Raises:
        SceneCheckError: it has a mistake; the one that was kept before stays.
    """
    from kodisc_jupyter.scene.cell import assemble
    from kodisc_jupyter.scene.checks import check_prelude

    checked = check_prelude(
        assemble(cell, first_line=2), disabled=kernel.settings.disabled_checks()
    )
    if checked.errors:
        raise refused(checked.diagnostics)
    notices.show_warnings(checked.warnings, kernel.front_end())
    kernel.prelude = cell if cell.strip() else ""
    if not kernel.prelude:
        notices.say("The prelude is empty: cells are sent as they are.")
        return
    lines = len(cell.strip().splitlines())
    notices.say(
        f"Prelude saved ({lines} line{'' if lines == 1 else 's'}). It is added to every %%kodisc "
        "cell from now on. %kodisc prelude shows it, %kodisc prelude --clear forgets it."
    )


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Show what is kept, or forget it."""
    if asked.clear:
        kernel.prelude = ""
        notices.say("The prelude is forgotten: cells are sent as they are.")
    else:
        notices.say(kernel.prelude or "No prelude is kept. A %%kodisc_prelude cell keeps one.")
