"""What the server offers beside the API: how far a render is, and the pieces that are kept."""

from __future__ import annotations

import base64
from pathlib import Path

from kodisc_jupyter.local.handler import ERRORS, Handler
from kodisc_jupyter.stage import progress
from kodisc_jupyter.stage.segments import SegmentStore


class _OwnJob(Handler):
    def work(self, job_id: str) -> Path | None:
        """The folder of the caller's own job while it is rendered; answers 404 otherwise."""
        found = self.who()
        if found is None:
            return None
        record = self.desk.jobs.find(job_id)
        work = self.desk.jobs.work_of(job_id)
        if record is None or record.user != found[0].name or work is None:
            self.refuse(404, ERRORS[404], "There is no such render under way, or it is not yours.")
            return None
        return work


class ProgressHandler(_OwnJob):
    """``GET /local/jobs/{jobId}/progress``: frames, percent, and the newest picture."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        work = self.work(job_id)
        if work is None:
            return
        known = progress.read(work)
        picture = progress.read_preview(work)
        self.answer(
            {
                "frames": known.drawn if known else 0,
                "total": known.total if known else None,
                "percent": known.percent if known else None,
                "preview": base64.b64encode(picture).decode("ascii") if picture else None,
            }
        )


class PreviewHandler(_OwnJob):
    """``GET /local/jobs/{jobId}/preview.jpg``: the newest picture of a render under way."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        work = self.work(job_id)
        if work is None:
            return
        picture = progress.read_preview(work)
        if picture is None:
            self.refuse(404, ERRORS[404], "There is no picture yet.")
            return
        self.set_header("Content-Type", "image/jpeg")
        self.finish(picture)


class SegmentsHandler(Handler):
    """``/local/segments``: how much is kept of the caller's renders; ``POST`` removes it."""

    def get(self) -> None:
        """Called by Tornado."""
        store = self._store()
        if store is not None:
            self.answer({"bytes": store.size(), "segments": store.count()})

    def post(self) -> None:
        """Called by Tornado."""
        store = self._store()
        if store is not None:
            removed = store.size()
            store.prune(0)
            self.answer({"removed": removed})

    def _store(self) -> SegmentStore | None:
        found = self.who()
        if found is None:
            return None
        return SegmentStore(self.desk.store.segments / found[0].user_id)
