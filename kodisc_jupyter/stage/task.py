"""One render as it travels from the server to the process that does it, and what comes back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

VIDEO: Final = "video.mp4"
THUMBNAIL: Final = "thumb.jpg"
CAPTIONS: Final = "captions.vtt"
RESULT_FILES: Final = (VIDEO, THUMBNAIL, CAPTIONS)
"""The files of a completed render, by the names the API page gives them."""

REPORT: Final = "report.json"
"""What one pass through the scene has shown: all that a rehearsal leaves, and beside a video what
is told of it. The API page does not know it."""

LEFT_FILES: Final = (*RESULT_FILES, REPORT)
"""All that a render leaves."""

REHEARSAL_GRACE_S: Final = 2.0
"""Seconds between a rehearsal's own end at its time limit and the moment when it is killed."""

PICTURES_GRACE_S: Final = 10.0
"""The same where pictures are drawn, which are packed after its end."""


@dataclass(frozen=True)
class Limits:
    """What one render may use: wall-clock seconds, memory, processes at a time, disk, files."""

    seconds: float = 600.0
    memory_bytes: int = 4 << 30
    processes: int = 64
    disk_bytes: int = 4 << 30
    files: int = 20_000


@dataclass(frozen=True)
class FramesWanted:
    """The frames of which a rehearsal leaves pictures.

    ``at_s`` are seconds in the video, ``last`` is its last frame, both at full size;
    ``storyboard`` is a small picture of what stands when each animation has ended.
    """

    at_s: tuple[float, ...] = ()
    last: bool = False
    storyboard: bool = False


def grace_s(frames: FramesWanted | None) -> float:
    """The seconds between the end of a rehearsal and its being killed."""
    return REHEARSAL_GRACE_S if frames is None else PICTURES_GRACE_S


def disk_exceeded(limits: Limits) -> str:
    """The error of a scene that wrote more than it may."""
    return f"The scene wrote more than {limits.disk_bytes >> 20} MB to the disk and was stopped."


@dataclass(frozen=True)
class RenderTask:
    """What to render: the code, its scene, and the frame in pixels and frames per second."""

    job_id: str
    code: str
    class_name: str
    width: int
    height: int
    fps: int
    owner: str = ""
    limits: Limits = Limits()
    rehearse: bool = False
    """Step through the scene without drawing, and leave :data:`REPORT` instead of a video."""
    measure: bool = False
    """In a rehearsal: also draw a frame of each animation, to tell which lines take most time."""
    frames: FramesWanted | None = None
    """In a rehearsal: the frames that are drawn and put into the report."""
    fresh: bool = False
    """Draw everything anew: nothing that was kept of an earlier render is used."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for a pipe or another machine."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> RenderTask:
        """The inverse of :meth:`to_json`."""
        frames = fields.get("frames")
        if frames is not None:
            frames = FramesWanted(**{**frames, "at_s": tuple(frames["at_s"])})
        return cls(**{**fields, "limits": Limits(**fields["limits"]), "frames": frames})


@dataclass(frozen=True)
class Shared:
    """What a render has in common with others: folders, each ``None`` where there is none.

    ``formulas`` are this user's typeset LaTeX, ``segments`` the drawn pieces of this user's videos,
    up to ``segments_bytes``; ``cores`` are those of the server.
    """

    formulas: Path | None = None
    segments: Path | None = None
    segments_bytes: int = 2 << 30
    cores: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with absolute paths."""
        return {
            name: str(value.absolute()) if isinstance(value, Path) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Shared:
        """The inverse of :meth:`to_json`."""
        paths: dict[str, Any] = {
            name: Path(value) if isinstance(value, str) else value for name, value in fields.items()
        }
        return cls(**paths)


@dataclass(frozen=True)
class Outcome:
    """How a render ended: ``error`` is ``None`` for success; ``duration_ms`` is wall-clock."""

    error: str | None
    duration_ms: int
