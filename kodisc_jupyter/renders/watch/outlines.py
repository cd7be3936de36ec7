"""What is told of a finished video: as this machine rendered it, else as it was rehearsed here."""

from __future__ import annotations

import contextlib

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord
from kodisc_jupyter.renders.media.outline import Outline, outline_of
from kodisc_jupyter.renders.rehearsal import from_json


def find_outline(journal: Journal, record: JobRecord, backend: Backend | None = None) -> Outline:
    """Chapters and what happens; nothing where nothing is known, and nothing is raised for it.

    With a ``backend`` on this machine the server is asked first, and its answer is kept.
    """
    printed = ""
    with contextlib.suppress(KodiscError, ValueError):  # then the rehearsal's counts
        if backend is not None and backend.kind == "local":
            report = backend.client.beside(f"/local/jobs/{record.job_id}/report")
            if report:
                seen = from_json(report)
                printed = seen.printed
                journal.keep_rehearsal(record, seen)
    with contextlib.suppress(KodiscError, ValueError):
        return outline_of(journal.rehearsal(record))._replace(printed=printed)
    return Outline(printed=printed)
