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


class _Known(NamedTuple):
    progress: Progress | None = None
    picture: bytes | None = None


class _OwnJob(Handler):
    def known(self, job_id: str) -> _Known | None:
        """What the caller's own job says while it is rendered; answers 404 otherwise."""
        found = self.who()
        if found is None:
            return None
        record = self.desk.jobs.find(job_id)
        work = self.desk.jobs.work_of(job_id)
        if record is None or record.user != found[0].name or work is None:
            self.refuse(404, ERRORS[404], "There is no such render under way, or it is not yours.")
            return None
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
        known = self.known(job_id)
        if known is None:
            return
        said, picture = known
        self.answer(
            {
                "frames": said.drawn if said else 0,
                "total": said.total if said else None,
                "percent": said.percent if said else None,
                "preview": base64.b64encode(picture).decode("ascii") if picture else None,
            }
        )


class PreviewHandler(_OwnJob):
    """``GET /local/jobs/{jobId}/preview.jpg``: the newest picture of a render under way."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        known = self.known(job_id)
        if known is None:
            return
        if known.picture is None:
            self.refuse(404, ERRORS[404], "There is no picture yet.")
            return
        self.set_header("Content-Type", "image/jpeg")
        self.finish(known.picture)


class ReportHandler(Handler):
    """``GET /local/jobs/{jobId}/report``: sections, words and what happens in a finished video."""

    def get(self, job_id: str) -> None:
        """Called by Tornado."""
        found = self.who()
        if found is None:
            return
        record = self.desk.jobs.find(job_id)
        try:
            if record is None or record.user != found[0].name:
                raise FileNotFoundError
            file = open_plain(self.desk.store.results_of(job_id) / REPORT)
            with os.fdopen(file, "rb") as report:
                said = json.loads(report.read(REPORT_LIMIT_BYTES))
        except (OSError, ValueError, RecursionError):
            self.refuse(404, ERRORS[404], "There is no such report, or it is not yours.")
            return
        self.answer(said if isinstance(said, dict) else {})


class SegmentsHandler(Handler):
    """``/local/segments``: how much is kept of the caller's renders; ``POST`` removes it."""

    def get(self) -> None:
        """Called by Tornado."""
        stores = self._stores()
        if stores is not None:
            sizes = [size for store in stores for size in store.sizes()]
            self.answer({"bytes": sum(sizes), "segments": len(sizes)})

    def post(self) -> None:
        """Called by Tornado."""
        stores = self._stores()
        if stores is not None:
            self.answer({"removed": sum(store.clear() for store in stores)})

    def _stores(self) -> list[SegmentStore] | None:
        found = self.who()
        if found is None:
            return None
        return [SegmentStore(each) for each in self.desk.jobs.segments_of(found[0].user_id)]
