"""A render as it begins: the journal's row of what is about to be sent, and the first state."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.process import this_process
from kodisc_jupyter.renders.journal.record import JobRecord
from kodisc_jupyter.renders.start.identity import effective, identify
from kodisc_jupyter.renders.state import Phase, RenderState


def new_record(
    request: RenderRequest,
    backend: Backend,
    session_id: str,
    *,
    notebook: str = "",
    title: str = "",
) -> JobRecord:
    """A row of its own for a request, as nothing but an intent."""
    quality, aspect_ratio, fps = effective(request)
    identity = identify(request, backend.identity)
    return JobRecord(
        render_id=uuid.uuid4().hex,
        reuse_key=identity.reuse_key,
        code_sha256=identity.code_sha256,
        scene=request.class_name,
        quality=quality,
        aspect_ratio=aspect_ratio,
        fps=fps,
        backend=backend.kind,
        identity=backend.identity,
        unlimited=backend.unlimited,
        title=title or request.class_name,
        notebook=Path(notebook).name,
        session=session_id,
        owner=this_process(),
        created_at=time.time(),
    )


def state_from(record: JobRecord, backend: Backend) -> RenderState:
    """The state of a render that the journal knows, before anything more is asked or done."""
    return RenderState(
        render_id=record.render_id,
        phase=Phase.CHECKING,
        scene=record.scene,
        quality=record.quality,
        aspect_ratio=record.aspect_ratio,
        fps=record.fps,
        backend=record.backend,
        address=backend.address,
        unlimited=record.unlimited,
        began_at=record.created_at,
        phase_at=time.time(),
        balance_before=record.balance_before,
        uncertain=record.uncertain_attempts,
        note=record.note,
    )
