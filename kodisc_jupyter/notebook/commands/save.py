"""``%kodisc save``: write a job's video to a file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.save_paths import save_path

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Write it, fetched once more if need be.

    Raises:
        OptionError: the path's ending is of no kind that can be made; nothing was fetched.
    """
    job_id = kernel.full_job_id(asked.job_id)
    path = save_path(asked.path, job_id)
    record = kernel.session.find(job_id)
    is_gone = record is not None and not (record.video and record.video.is_file())
    backend = kernel.backend_of(job_id) if is_gone else None
    saved = kernel.session.save(job_id, path, backend)
    say(f"Saved as {saved}")
