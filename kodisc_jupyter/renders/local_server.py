"""One render server per user on this machine: found, started on demand, stopped.

It is shared by all kernels of the user, survives a kernel restart and ends by itself after
:data:`IDLE_TIMEOUT_S` without work. It is found through a file that only the user can read.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError
from kodisc_jupyter.renders.server.address import Address, LocalServerError, ask, is_answering
from kodisc_jupyter.renders.server.lock import hold_lock, is_locked
from kodisc_jupyter.renders.server.process import IDLE_TIMEOUT_S, POLL_S, STOP_LIMIT_S, start

__all__ = [
    "IDLE_TIMEOUT_S",
    "Address",
    "LocalServerError",
    "cancel",
    "clear_kept",
    "ensure",
    "find",
    "folder",
    "keeps_bytes",
    "stop",
]

LAST_NEWS_S: Final = 0.8
"""Every kernel has asked once more by then, and has heard that its jobs were cancelled."""


def folder(home: Path) -> Path:
    """The server's folder below ``KODISC_HOME``: state file, log, data."""
    return home / "local"


def find(home: Path) -> Address | None:
    """The running server of this user, or ``None``."""
    try:
        state = json.loads((folder(home) / "server.json").read_text(encoding="utf-8"))
        address = Address(str(state["url"]), str(state["key"]), int(state["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return address if is_answering(address) else None


def ensure(home: Path, *, niceness: int = 0) -> Address:
    """The running server of this user, started if there is none.

    Two kernels that start at once make one server: the second waits for the first's lock.
    ``niceness`` is how far a server that is started yields to other programs.

    Raises:
        LocalServerError: it did not start; the message holds its own last words.
    """
    running = find(home)
    if running is not None:
        return running
    place = folder(home)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with hold_lock(place / "start.lock"):
            return find(home) or start(place, niceness)
    except OSError as error:
        raise LocalServerError(
            f"{place} cannot be used ({error.strerror or error}), so the render server on this "
            "machine was not started. Nothing was sent and nothing was charged.",
            hint="Set KODISC_HOME to a folder that can be written.",
        ) from None


def cancel(address: Address, job_id: str) -> None:
    """End a job of the server on this machine, for nothing: it fails as ``CANCELLED``.

    Raises:
        JobNotFoundError: the server does not know the job.
        KodiscError: the job had ended already; or the server did not answer.
    """
    status, body = ask(address, "POST", f"/local/jobs/{quote(job_id, safe='')}/cancel")
    if status == 404:
        raise JobNotFoundError(
            f"The render server on this machine does not know job {job_id!r:.100}.", job_id=job_id
        )
    if status == 409:
        raise KodiscError(f"{body.get('message', 'The job has ended already.')}", job_id=job_id)
    if status != 200:
        raise LocalServerError("The render server on this machine did not answer.", job_id=job_id)


def keeps_bytes(address: Address) -> int | None:
    """Bytes of drawn pieces of videos that the server keeps; ``None`` when it does not say."""
    _, body = ask(address, "GET", "/local/segments")
    size = body.get("bytes")
    return size if isinstance(size, int) else None


def clear_kept(address: Address) -> int:
    """Remove them; how many bytes they were.

    Raises:
        LocalServerError: the server did not answer.
    """
    status, body = ask(address, "POST", "/local/segments")
    removed = body.get("removed")
    if status != 200 or not isinstance(removed, int):
        raise LocalServerError("The render server on this machine did not answer.")
    return removed


def stop(home: Path) -> tuple[str, ...] | None:
    """End the server, for good what it has open: the IDs of those jobs; ``None``: none was running.

    It has given its folder free when this returns, so another can start.

    Raises:
        LocalServerError: it did not end within :data:`STOP_LIMIT_S`.
    """
    place = folder(home)
    if not place.is_dir():
        return None
    with hold_lock(place / "start.lock"):  # nobody starts one meanwhile
        running = find(home)
        if running is None:
            return None
        _, body = ask(running, "POST", "/local/cancel")
        dropped = tuple(str(job_id) for job_id in body.get("cancelled", ()))
        if dropped:
            time.sleep(LAST_NEWS_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_S
        while is_answering(running) or is_locked(place / "data" / "lock"):
            if time.monotonic() > deadline:
                raise LocalServerError(
                    f"The render server on this machine (process {running.pid}) did not stop.",
                    hint="Try again, or end that process.",
                )
            time.sleep(POLL_S)
    return dropped
