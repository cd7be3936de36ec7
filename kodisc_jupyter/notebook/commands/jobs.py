"""``%kodisc jobs``: recent and open jobs, also those of earlier sessions."""

from __future__ import annotations

import argparse
import contextlib
import time
from typing import TYPE_CHECKING

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.notices import show_text_or_html
from kodisc_jupyter.notebook.front_end import FrontEnd

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """List them; where a page is live, with a button for each that shows it below the list."""
    from kodisc_jupyter.api.auth import find_key
    from kodisc_jupyter.notebook.display.tables import jobs_html
    from kodisc_jupyter.renders.job_list import doubts, job_rows, jobs_table

    # With the backend at hand, the balance after an uncertain submission can be asked.
    backend = None
    with contextlib.suppress(KodiscError):  # a keyring that is silent hides no job
        key = find_key()
        backend = kernel.places.cloud(key) if key is not None else None
    records, now = kernel.session.jobs(asked.number, backend), time.time()
    front_end = kernel.front_end()
    rows = job_rows(records, now=now)
    html = jobs_html(rows, doubts(records, now=now)) if rows else ""
    show_text_or_html(front_end, jobs_table(records, now=now), html)
    if any(row.can_be_shown for row in rows) and front_end is FrontEnd.NOTEBOOK:
        _offer_to_show(kernel)


def _offer_to_show(kernel: KernelState) -> None:
    """Make the list's buttons work."""
    from kodisc_jupyter.notebook.cell import show_render
    from kodisc_jupyter.notebook.display.panel import Panel
    from kodisc_jupyter.notebook.display.show_buttons import ShowButtons

    def show(job_id: str) -> None:
        try:
            render = kernel.session.show(job_id, kernel.backend_of(job_id))
            show_render(
                kernel,
                render,
                lambda state, video_options: Panel(
                    state, live=True, video_options=video_options, publish=buttons.show_there
                ),
            )
        except KodiscError as problem:
            buttons.show_there({"text/plain": str(problem)}, "", True)

    buttons = ShowButtons(show)
