"""States of renders, as the panel and the text get them."""

from __future__ import annotations

from typing import Any

from kodisc_jupyter.api.models import AspectRatio, Quality
from kodisc_jupyter.renders.state import Phase, RenderState

_STATE = RenderState(
    render_id="r1",
    phase=Phase.RUNNING,
    scene="HelloKodisc",
    quality=Quality.LOW,
    aspect_ratio=AspectRatio.WIDE,
    backend="cloud",
    began_at=1_000.0,
    phase_at=1_002.5,
)


def render_state(phase: Phase = Phase.RUNNING, **fields: Any) -> RenderState:
    """A render of ``HelloKodisc`` at low quality on Kodisc, with what a test is about."""
    return _STATE._replace(phase=phase, **fields)
