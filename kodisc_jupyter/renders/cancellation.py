"""Cancelling a job of the server on this machine. Kodisc's API has no such request."""

from __future__ import annotations

import time
from pathlib import Path

from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError
from kodisc_jupyter.api.models import CANCELLED, JobStatus
from kodisc_jupyter.renders import local_server
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord, Step
from kodisc_jupyter.renders.report import state_of


def is_possible(kind: str) -> bool:
    """Whether a job on this kind of backend can be cancelled."""
    return kind == "local"


def cancel(job_id: str, record: JobRecord | None, home: Path) -> str:
    """End a job for good; say what it cost. A server that is not running is started for it.

    Raises:
        JobNotFoundError: no such job is known here.
        KodiscError: it is not on this machine, or has ended already.
    """
    if record is None:
        address = local_server.find(home)
        if address is None:
            raise JobNotFoundError(
                f"Job {job_id!r:.100} is not known on this machine.",
                job_id=job_id,
                hint="%kodisc jobs lists the jobs that are.",
            )
    elif not is_possible(record.backend):
        raise KodiscError(
            f"Job {job_id} is on Kodisc, which has no way to cancel a job: it goes on, and "
            "its cost does not change.",
            job_id=job_id,
            hint="Only a job on this machine can be cancelled.",
        )
    elif record.step is not Step.ACCEPTED:
        raise KodiscError(
            f"Job {job_id} has ended already: {state_of(record)}.",
            job_id=job_id,
            hint=f"Look at it with: %kodisc show {job_id}",
        )
    else:
        address = local_server.ensure(home)
    local_server.cancel(address, job_id)
    return "It cost nothing."


def write_down(journal: Journal, record: JobRecord) -> None:
    """Note the end of a cancelled job that no kernel watches."""
    journal.update(
        record,
        "cancelled",
        step=Step.FAILED,
        phase=str(JobStatus.FAILED),
        error=CANCELLED,
        credits=0,
        ended_at=time.time(),
    )
