"""``%%kodisc_prelude``: shared imports and helpers, checked like a cell before they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display import notices
from kodisc_jupyter.notebook.prepare import refused

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.cell import Runner


def keep(runner: Runner, cell: str) -> None:
    """Check a prelude and keep it.

    Raises:
        SceneCheckError: it has a mistake; the one that was kept before stays.
    """
    from kodisc_jupyter.scene.cell import assemble
    from kodisc_jupyter.scene.checks import check_prelude

    checked = check_prelude(
        assemble(cell, first_line=2), disabled=runner.settings.disabled_checks()
    )
    if checked.errors:
        raise refused(checked.diagnostics)
    notices.show_warnings(checked.warnings, runner.front_end())
    runner.prelude = cell if cell.strip() else ""
    if not runner.prelude:
        notices.say("The prelude is empty: cells are sent as they are.")
        return
    lines = len(cell.strip().splitlines())
    notices.say(
        f"Kept as the prelude ({lines} line{'' if lines == 1 else 's'}): every %%kodisc cell from "
        "now on is sent with it. %kodisc prelude shows it, %kodisc prelude --clear forgets it."
    )
