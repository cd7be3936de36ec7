"""``%kodisc cancel``: end jobs of this machine for good."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.notices import say

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Cancel each job in turn; the first that cannot be is an error."""
    for job_id in dict.fromkeys(map(kernel.full_job_id, asked.job_ids)):
        cost = kernel.cancel(job_id)
        say(f"Cancelled: job {words.name(job_id)}. {cost}")
