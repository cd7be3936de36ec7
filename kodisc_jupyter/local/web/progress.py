"""What the server offers beside the API: how far a render is, what is told of it, what is kept."""

from __future__ import annotations

import base64
import json
import os
from typing import Final, NamedTuple

from kodisc_jupyter.local.results import open_plain, opened
from kodisc_jupyter.local.web.handler import ERRORS, Handler
from kodisc_jupyter.stage import progress
from kodisc_jupyter.stage.drawing.segments import SegmentStore
from kodisc_jupyter.stage.progress import Progress
from kodisc_jupyter.stage.task import REPORT

REPORT_LIMIT_BYTES: Final = 2_000_000

_UNDER_WAY: Final = "render under way"
_REPORT: Final = "report"


class _Known(NamedTuple):
    progress: Progress | None = None
    picture: bytes | None = None


class _OwnJob(Handler):
    def known(self, job_id: str) -> _Known:
        """What the caller's own job says while it is rendered; answers 404 otherwise."""
        self.own_job(job_id, _UNDER_WAY)
        work = self.desk.jobs.work_of(job_id)
        if work is None:
            self.no_such(_UNDER_WAY)
        place, steps = work
        try:
            with opened(place, (*steps, progress.FOLDER)) as folder:
                return _Known(progress.read(folder), progress.read_preview(folder))
        except OSError:  # it has not begun to say, or the scene has removed it
            return _Known()


class ProgressHandler(_OwnJob):
    """``GET /local/jobs/{jobId}/progress``: frames, percent, and the newest picture."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        progress, picture = self.known(job_id)
        self.answer(
            {
                "frames": progress.drawn if progress else 0,
                "total": progress.total if progress else None,
                "percent": progress.percent if progress else None,
                "preview": base64.b64encode(picture).decode("ascii") if picture else None,
            }
        )


class PreviewHandler(_OwnJob):
    """``GET /local/jobs/{jobId}/preview.jpg``: the newest picture of a render under way."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        picture = self.known(job_id).picture
        if picture is None:
            self.refuse(404, ERRORS[404], "There is no picture yet.")
            return
        self.set_header("Content-Type", "image/jpeg")
        self.finish(picture)


class ReportHandler(Handler):
    """``GET /local/jobs/{jobId}/report``: sections, words and what happens in a finished video."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        self.own_job(job_id, _REPORT)
        try:
            file = open_plain(self.desk.store.results_of(job_id) / REPORT)
            with os.fdopen(file, "rb") as report:
                body = json.loads(report.read(REPORT_LIMIT_BYTES))
        except (OSError, ValueError, RecursionError):
            self.no_such(_REPORT)
        self.answer(body if isinstance(body, dict) else {})


class SegmentsHandler(Handler):
    """``/local/segments``: how much is kept of the caller's renders; ``POST`` removes it."""

    def get(self) -> None:
        """Called by Tornado."""
        sizes = [size for store in self._stores() for size in store.sizes()]
        self.answer({"bytes": sum(sizes), "segments": len(sizes)})

    def post(self) -> None:
        """Called by Tornado."""
        self.answer({"removed": sum(store.clear() for store in self._stores())})

    def _stores(self) -> list[SegmentStore]:
        user, _ = self.who()
        return [SegmentStore(each) for each in self.desk.jobs.segments_of(user.user_id)]
