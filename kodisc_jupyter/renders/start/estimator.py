"""What a render may cost and take, by what the journal knows of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord
from kodisc_jupyter.renders.rehearsal import Rehearsal
from kodisc_jupyter.renders.start.budget import EstimateBasis, Guess, Past, Planned, guess
from kodisc_jupyter.renders.start.identity import effective


class Estimator:
    """Estimates renders from one journal; no request is made."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def guess(
        self,
        request: RenderRequest,
        backend: Backend,
        reuse_key: str,
        rehearsal: Rehearsal | None = None,
    ) -> Guess:
        """From this very scene's renders, else from others at its quality."""
        quality = str(effective(request)[0])
        own = self._journal.settled_scene(backend.identity, quality, request.class_name)
        own = [row for row in own if row.reuse_key == reuse_key] or own
        similar = self._journal.settled(backend.identity, quality)
        planned = None
        if rehearsal is not None and rehearsal.is_whole and rehearsal.frames and rehearsal.seconds:
            planned = Planned(rehearsal.seconds, rehearsal.frames)
        pasts = _pasts(similar, self._journal.frames() if planned else {})
        guessed = guess(_pasts(own), pasts, request.class_name, quality, planned)
        if backend.unlimited:
            free = guessed.estimate._replace(credits=0, ground="no credits are taken here")
            return Guess(free, EstimateBasis.FREE)
        return guessed


def _pasts(records: Sequence[JobRecord], frames: Mapping[str, int] | None = None) -> list[Past]:
    counted = frames or {}
    return [
        Past(row.credits, row.duration_ms, counted.get(row.render_id))
        for row in records
        if row.credits is not None
    ]
