"""The values that the API's fields take: qualities, shapes, states, and what each means."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

Json = Any
"""A JSON value as :func:`json.loads` gives it."""

Credits = int | float
"""A number of credits, kept just as the API wrote it: an integer stays an integer."""


class Text(str, Enum):
    """A string enum that prints as its value on every Python we support."""

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def read(cls, text: str) -> Any:
        """The member of this value; a value that only a later version knows, as it is."""
        try:
            return cls(text)
        except ValueError:
            member = str.__new__(cls, text)
            member._name_ = member._value_ = text
            return member


class Quality(Text):
    """The API's quality presets; sizes from the vendor's v1 page, see :data:`PRESETS`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    TWOK = "twok"
    FOURK = "fourk"


class AspectRatio(Text):
    """The shape of the frame."""

    WIDE = "16:9"
    UPRIGHT = "9:16"


class JobStatus(Text):
    """A job's status; see :data:`TERMINAL`."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


TERMINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})
"""A job in one of these never changes again."""

CANCELLED: Final = "cancelled"
"""The ``error`` of a job that was cancelled on our own server; the vendor's API has no cancel."""

DEFAULT_QUALITY: Final = Quality.MEDIUM
DEFAULT_ASPECT_RATIO: Final = AspectRatio.WIDE

PRESETS: Final[dict[Quality, tuple[int, int, int]]] = {
    Quality.LOW: (854, 480, 15),
    Quality.MEDIUM: (1280, 720, 30),
    Quality.HIGH: (1920, 1080, 30),
    Quality.TWOK: (2560, 1440, 30),
    Quality.FOURK: (3840, 2160, 30),
}
"""Width and height in pixels (16:9) and frames per second of each preset."""


def frame_size(quality: Quality, aspect_ratio: AspectRatio) -> tuple[int, int]:
    """Width and height of the video in pixels; 9:16 turns the frame upright.

    Of a quality that this version does not know only the shape is known: 16 and 9.
    """
    width, height, _ = PRESETS.get(quality, (16, 9, 0))
    return (width, height) if aspect_ratio is AspectRatio.WIDE else (height, width)
