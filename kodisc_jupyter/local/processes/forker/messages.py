"""What a server and its forker say to each other: one JSON object a line, and no code.

A render's code stands in a file of its own folder, which only the render itself reads. So the
forker's memory, which every render inherits, holds nothing of anybody else's scene.

::

    <folder>/task.json   the task, read and removed by the render
    <folder>/scene/      where it runs
    <folder>/results/    where it leaves its files
    <folder>/home/       its HOME, in a sandbox
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from kodisc_jupyter.stage.task import Limits, Shared

TASK: Final = "task.json"
SCENE: Final = "scene"
HOME: Final = "home"

ERROR_LIMIT: Final = 1_000_000
"""Characters of an error text that are believed."""

LINE_LIMIT: Final = 8_000_000
"""Bytes without the end of a line: that is no report."""


@dataclass(frozen=True)
class Order:
    """Carry out the task in ``folder``, a path as the forker sees it.

    ``shared`` is what this user's renders have in common. With ``own_home`` everything that
    programs keep in a home folder stays in the job's.
    """

    job_id: str
    folder: str
    shared: Shared
    own_home: bool
    limits: Limits

    def to_line(self) -> bytes:
        """For the forker's standard input."""
        fields = {**vars(self), "limits": asdict(self.limits), "shared": self.shared.to_json()}
        return json.dumps(fields).encode() + b"\n"

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Order:
        """The order in a line's object."""
        limits, shared = Limits(**fields["limits"]), Shared.from_json(fields["shared"])
        return cls(**{**fields, "limits": limits, "shared": shared})


@dataclass(frozen=True)
class Began:
    """A render's process has been started."""

    job_id: str


@dataclass(frozen=True)
class Ended:
    """A render has ended, and so has everything it started."""

    job_id: str
    error: str | None
    duration_ms: int


@dataclass(frozen=True)
class Present:
    """The forker answers. Only while it is ``ready`` is it expected to, at once."""

    ready: bool


Report = Began | Ended | Present


def read_report(line: bytes) -> Report | None:
    """A report, or ``None`` for anything that is none: it is not to be believed, nor to hurt."""
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(report, dict):
        return None
    if isinstance(report.get("ready"), bool):
        return Present(report["ready"])
    job_id = report.get("id")
    if not isinstance(job_id, str):
        return None
    if report.get("began") is True:
        return Began(job_id)
    error, duration_ms = report.get("error"), report.get("durationMs")
    if not isinstance(duration_ms, int) or isinstance(duration_ms, bool):
        return None
    if not 0 <= duration_ms < 1 << 53 or not (error is None or isinstance(error, str)):
        return None
    return Ended(job_id, None if error is None else error[:ERROR_LIMIT], duration_ms)
