"""What the Kodisc v2 API says, as frozen dataclasses.

JSON is parsed here, at the door: unknown fields are ignored, the ones we need are checked.
Field names and rules follow the API page, https://kodisc.com/api/v2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from kodisc_jupyter.api.errors import ServerError

Json = Any
"""A JSON value as :func:`json.loads` gives it."""

Credits = int | float
"""A number of credits, kept just as the API wrote it: an integer stays an integer."""


class _Text(str, Enum):
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


class Quality(_Text):
    """The API's quality presets; sizes from the vendor's v1 page, see :data:`PRESETS`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    TWOK = "twok"
    FOURK = "fourk"


class AspectRatio(_Text):
    """The shape of the frame."""

    WIDE = "16:9"
    UPRIGHT = "9:16"


class JobStatus(_Text):
    """A job's status; see :data:`TERMINAL`."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


TERMINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})
"""A job in one of these never changes again."""

CANCELLED: Final = "cancelled"
"""The ``error`` of a job that was cancelled on our own server; the vendor's API has no cancel."""

MOST_CREDITS: Final = 10**12
MOST_MS: Final = 366 * 24 * 3600 * 1000
"""Beyond these, a number of credits or of milliseconds makes no sense, and counts as unknown."""

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


class Unset(Enum):
    """The type of :data:`UNSET`, so that *left out* and ``null`` stay two things."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Left out of the request: the API's own default applies."""


@dataclass(frozen=True)
class RenderRequest:
    """The body of ``POST /render``.

    ``webhook_url`` has three states: :data:`UNSET` (the key's default webhook), ``None`` (no
    webhook) and an ``https://`` URL. ``metadata`` is any JSON value, or :data:`UNSET`.
    """

    code: str
    class_name: str
    quality: Quality | None = None
    aspect_ratio: AspectRatio | None = None
    fps: int | None = None
    metadata: Json | Unset = UNSET
    webhook_url: str | Unset | None = UNSET

    def to_json(self) -> dict[str, Json]:
        """Only the API's own fields, and only those that were given."""
        body: dict[str, Json] = {"code": self.code, "className": self.class_name}
        if self.quality is not None:
            body["quality"] = str(self.quality)
        if self.aspect_ratio is not None:
            body["aspectRatio"] = str(self.aspect_ratio)
        if self.fps is not None:
            body["fps"] = self.fps
        if self.metadata is not UNSET:
            body["metadata"] = self.metadata
        if self.webhook_url is not UNSET:
            body["webhookUrl"] = self.webhook_url
        return body


@dataclass(frozen=True)
class RenderResult:
    """Where a completed job's files are: URLs on a CDN host that is not the API host."""

    video: str
    thumbnail: str | None = None
    captions: str | None = None


@dataclass(frozen=True)
class Job:
    """A render job as ``GET /render/{jobId}`` describes it.

    ``credits_cost`` is 0 until the job completed, and ``None`` where the API has not said it yet
    (the answer to ``POST /render``). ``duration_ms`` is render wall-clock in milliseconds, ``None``
    until the job is terminal. Times are ISO 8601 UTC.
    """

    job_id: str
    status: JobStatus
    endpoint: str = "render"
    credits_cost: Credits | None = None
    duration_ms: int | None = None
    result: RenderResult | None = None
    error: str | None = None
    metadata: Json = None
    created_at: str | None = None
    completed_at: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether the job is completed or failed."""
        return self.status in TERMINAL

    @property
    def created(self) -> datetime | None:
        """``created_at`` as an aware datetime, if it can be read as one."""
        return parse_timestamp(self.created_at)

    @classmethod
    def from_json(cls, body: Json, *, job_id: str | None = None) -> Job:
        """Parse an answer of the API.

        Raises:
            ServerError: a field that is needed is missing or of the wrong kind, or the status is
                not one the API page knows.
        """
        fields = _object(body, job_id)
        found = fields.get("jobId")
        if not isinstance(found, str) or not found:
            raise _unreadable("has no jobId", job_id)
        try:
            status = JobStatus(fields.get("status"))
        except ValueError:
            raise _unreadable(
                f"has an unknown status {fields.get('status')!r:.40}", found
            ) from None
        result = fields.get("result")
        if status is JobStatus.COMPLETED and not isinstance(result, dict):
            raise _unreadable("is completed but has no result", found)
        return cls(
            job_id=found,
            status=status,
            endpoint=_text(fields.get("endpoint")) or "render",
            credits_cost=_number(fields.get("creditsCost"), least=0),
            duration_ms=_whole(_number(fields.get("durationMs"), least=0, most=MOST_MS)),
            result=_result(result, found) if isinstance(result, dict) else None,
            error=_text(fields.get("error")),
            metadata=fields.get("metadata"),
            created_at=_text(fields.get("createdAt")),
            completed_at=_text(fields.get("completedAt")),
        )

    def to_json(self) -> dict[str, Json]:
        """The answer of ``GET /render/{jobId}``, all fields, as the API page lists them."""
        result = self.result
        return {
            "jobId": self.job_id,
            "endpoint": self.endpoint,
            "status": str(self.status),
            "creditsCost": self.credits_cost or 0,
            "durationMs": self.duration_ms,
            "result": None
            if result is None
            else {
                "video": result.video,
                "thumbnail": result.thumbnail,
                "captions": result.captions,
            },
            "error": self.error,
            "metadata": self.metadata,
            "createdAt": self.created_at,
            "completedAt": self.completed_at,
        }


@dataclass(frozen=True)
class Balance:
    """Credits of an account: ``paid`` were bought, ``free`` are the plan's monthly allowance."""

    paid: Credits
    free: Credits
    total: Credits


@dataclass(frozen=True)
class Account:
    """The answer of ``GET /me``. ``key_prefix`` is the only part of a key that may be shown.

    ``unlimited`` is our own server's word for taking no credits; the vendor's API has no such
    field.
    """

    user_id: str
    key_id: str
    key_prefix: str
    credits: Balance
    unlimited: bool = False

    @classmethod
    def from_json(cls, body: Json) -> Account:
        """Parse an answer of the API.

        Raises:
            ServerError: the credits are missing or not numbers.
        """
        fields = _object(body, None)
        credits_ = fields.get("credits")
        if not isinstance(credits_, dict):
            raise _unreadable("has no credits", None)
        paid, free, total = (_number(credits_.get(name)) for name in ("paid", "free", "total"))
        if total is None and paid is not None and free is not None:
            total = paid + free
        if paid is None or free is None or total is None:
            raise _unreadable("has credits that are not numbers", None)
        return cls(
            user_id=_text(fields.get("userId")) or "",
            key_id=_text(fields.get("keyId")) or "",
            key_prefix=_text(fields.get("keyPrefix")) or "",
            credits=Balance(paid, free, total),
            unlimited=fields.get("unlimited") is True,
        )


def parse_timestamp(text: str | None) -> datetime | None:
    """Read an ISO 8601 timestamp; ``None`` where it is missing or is not one."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def _unreadable(what: str, job_id: str | None) -> ServerError:
    return ServerError(
        f"The server's answer {what}; this version cannot read it.", job_id=job_id, transient=False
    )


def _object(body: Json, job_id: str | None) -> dict[str, Json]:
    if not isinstance(body, dict):
        raise _unreadable("is not a JSON object", job_id)
    return body


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Json, least: int = -MOST_CREDITS, most: int = MOST_CREDITS) -> Credits | None:
    """A number within what makes sense, else ``None``: so nothing overflows, and NaN is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if least <= value <= most else None


def _whole(value: Credits | None) -> int | None:
    return None if value is None else int(value)


def _result(fields: dict[str, Json], job_id: str) -> RenderResult:
    video = _text(fields.get("video"))
    if not video:
        raise _unreadable("is completed but has no video", job_id)
    return RenderResult(video, _text(fields.get("thumbnail")), _text(fields.get("captions")))
