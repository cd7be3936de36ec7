"""``%kodisc jobs``: recent and open jobs, also those of earlier sessions."""

from __future__ import annotations

import argparse
import contextlib
import time
from typing import TYPE_CHECKING

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.notices import say

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """List them."""
    from kodisc_jupyter.api.auth import find_key
    from kodisc_jupyter.renders.report import jobs_table

    # With the backend at hand, the balance after an uncertain submission can be asked.
    backend = None
    with contextlib.suppress(KodiscError):  # a keyring that is silent hides no job
        backend = kernel.places.cloud() if find_key() is not None else None
    say(jobs_table(kernel.session.jobs(asked.number, backend), now=time.time()))
