"""The video of a render that was finished before: from the store, or fetched once more."""

from __future__ import annotations

from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError, NetworkError, ServerError
from kodisc_jupyter.api.models import RenderResult
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.record import JobRecord
from kodisc_jupyter.renders.media.store import Fetched, MediaStore
from kodisc_jupyter.renders.state import Media
from kodisc_jupyter.renders.watch.lookup import look_up


def find(record: JobRecord, store: MediaStore) -> Media | None:
    """The stored files of a finished render, without any request; ``None`` when they are gone."""
    assert record.job_id is not None
    job = record.job()
    result = job.result if job else None
    usual = store.folder(record.job_id) / "video.mp4"  # the store may have been moved
    for video in (record.video, usual):
        if video is None:
            continue
        media = store.find(video, record.video_bytes, record.video_sha256, result)
        if media is not None:
            return media
    return None


def fetch_again(record: JobRecord, store: MediaStore, backend: Backend | None) -> Fetched:
    """Fetch the video of a finished render once more; costs nothing.

    What is at its address but cannot be kept here (a full disk, say) is the answer's ``problem``:
    it can still be linked to.

    Raises:
        NetworkError, ServerError: it cannot be reached now; it may be there later.
        KodiscError: it is gone for good; the message says what to do.
    """
    assert record.job_id is not None
    if backend is None or backend.identity != record.identity:
        raise KodiscError(
            f"The video of {record.scene} is not on this machine any more, and job "
            f"{record.job_id} belongs to another backend ({record.backend}).",
            job_id=record.job_id,
            hint=f"Ask for it with --backend {record.backend}.",
        )
    job = record.job()
    problem = fetched = None
    tried = None
    for ask in (False, True):
        result = _ask(record, backend) if ask else (job.result if job else None)
        if result is None or result == tried:
            continue
        tried = result
        fetched = store.fetch(record.job_id, result, backend.client)
        if fetched.problem is None:
            return fetched
        problem = fetched.problem
    if isinstance(problem, NetworkError) or (
        isinstance(problem, ServerError) and problem.transient
    ):
        problem.job_id = record.job_id
        problem.hint = (
            "Try again later: it was paid for already, and fetching it costs nothing: "
            f"%kodisc show {record.job_id}"
        )
        raise problem
    if fetched is not None and not isinstance(problem, ServerError):
        return fetched
    raise _gone(record)


def _ask(record: JobRecord, backend: Backend) -> RenderResult | None:
    assert record.job_id is not None
    try:
        return look_up(backend, record.job_id, attempts=2).result
    except JobNotFoundError:
        return None


def _gone(record: JobRecord) -> KodiscError:
    cost, paid = (
        ("Rendering it again on this machine costs nothing.", "")
        if record.unlimited
        else ("Rendering it again costs credits, so it was not done silently.", ", and is paid for")
    )
    return KodiscError(
        f"{record.scene} was rendered before (job {record.job_id}), but its video is gone, both "
        f"from this machine and from its address. {cost}",
        job_id=record.job_id,
        hint=f"With --force it is rendered again{paid}.",
    )
