"""The rules of a server: what a render may use, and how much of the server a user may have."""

from __future__ import annotations

from dataclasses import dataclass, field

from kodisc_jupyter.stage.task import Limits


@dataclass(frozen=True)
class ServerLimits:
    """The rules of this server: limits of a render, jobs that may wait, bytes of files kept.

    ``user_line_limit`` and ``user_slots`` are how many jobs of one user may wait, and be rendered
    at the same time; ``None`` is as many as there are.
    """

    limits: Limits = field(default_factory=Limits)
    line_limit: int = 1000
    storage_bytes: int = 10 << 30
    user_line_limit: int | None = None
    user_slots: int | None = None
    exposed: bool = False
