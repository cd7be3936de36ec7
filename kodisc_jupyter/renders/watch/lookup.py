"""Asking for one job once, outside the polling, without believing a single denial."""

from __future__ import annotations

import time
from typing import Final

from kodisc_jupyter.api.errors import JobNotFoundError
from kodisc_jupyter.api.models import Job
from kodisc_jupyter.renders.backend import Backend

PAUSES_S: Final = (0.5, 1.0, 2.0)
"""Waits before asking again after a 404: behind one address there may be several servers."""


def look_up(backend: Backend, job_id: str, *, attempts: int = 1) -> Job:
    """A job as it is now.

    Raises:
        JobNotFoundError: the server denied several times in a row to know it; our own server,
            which is one process, once.
        KodiscError: what :meth:`Client.get_render` raises.
    """
    for pause in () if backend.unlimited else PAUSES_S:
        try:
            return backend.client.get_render(job_id, attempts=attempts)
        except JobNotFoundError:
            time.sleep(pause)
    return backend.client.get_render(job_id, attempts=attempts)
