"""``%kodisc show``: a job's video, or its panel while it is open."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.cell import show_render

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Show it under this cell."""
    job_id = kernel.full_job_id(asked.job_id)
    show_render(kernel, kernel.session.show(job_id, kernel.backend_of(job_id)))
