"""What the Kodisc v2 API answers, as frozen dataclasses.

JSON is parsed here, at the door: unknown fields are ignored, the ones we need are checked.
Field names and rules follow the API page, https://kodisc.com/api/v2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kodisc_jupyter.api import fields
from kodisc_jupyter.api.render_request import UNSET, RenderRequest, Unset
from kodisc_jupyter.api.values import (
    CANCELLED,
    DEFAULT_ASPECT_RATIO,
    DEFAULT_QUALITY,
    PRESETS,
    TERMINAL,
    AspectRatio,
    Credits,
    JobStatus,
    Json,
    Quality,
    frame_size,
)

__all__ = [
    "CANCELLED",
    "DEFAULT_ASPECT_RATIO",
    "DEFAULT_QUALITY",
    "PRESETS",
    "TERMINAL",
    "UNSET",
    "Account",
    "AspectRatio",
    "Balance",
    "Credits",
    "Job",
    "JobStatus",
    "Json",
    "Quality",
    "RenderRequest",
    "RenderResult",
    "Unset",
    "frame_size",
]


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
    until the job is terminal. Times are ISO 8601 UTC. ``exposed``: see :class:`Account`.
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
    exposed: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether the job is completed or failed."""
        return self.status in TERMINAL

    @property
    def created(self) -> datetime | None:
        """``created_at`` as an aware datetime, if it can be read as one."""
        return fields.timestamp(self.created_at)

    @classmethod
    def from_json(cls, body: Json, *, job_id: str | None = None) -> Job:
        """Parse an answer of the API.

        Raises:
            ServerError: a field that is needed is missing or of the wrong kind, or the status is
                not one the API page knows.
        """
        answer = fields.object_(body, job_id)
        own_id = answer.get("jobId")
        if not isinstance(own_id, str) or not own_id:
            raise fields.unreadable("has no jobId", job_id)
        try:
            status = JobStatus(answer.get("status"))
        except ValueError:
            raise fields.unreadable(
                f"has an unknown status {answer.get('status')!r:.40}", own_id
            ) from None
        result = answer.get("result")
        if status is JobStatus.COMPLETED and not isinstance(result, dict):
            raise fields.unreadable("is completed but has no result", own_id)
        return cls(
            job_id=own_id,
            status=status,
            endpoint=fields.text(answer.get("endpoint")) or "render",
            credits_cost=fields.number(answer.get("creditsCost"), least=0),
            duration_ms=fields.milliseconds(answer.get("durationMs")),
            result=_result(result, own_id) if isinstance(result, dict) else None,
            error=fields.text(answer.get("error")),
            metadata=answer.get("metadata"),
            created_at=fields.text(answer.get("createdAt")),
            completed_at=fields.text(answer.get("completedAt")),
            exposed=answer.get("sandbox") == "off",
        )

    def to_json(self) -> dict[str, Json]:
        """The answer of ``GET /render/{jobId}``, all fields, as the API page lists them."""
        return {
            "jobId": self.job_id,
            "endpoint": self.endpoint,
            "status": str(self.status),
            "creditsCost": self.credits_cost or 0,
            "durationMs": self.duration_ms,
            "result": None if self.result is None else {**vars(self.result)},
            "error": self.error,
            "metadata": self.metadata,
            "createdAt": self.created_at,
            "completedAt": self.completed_at,
            **({"sandbox": "off"} if self.exposed else {}),
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

    Two words are our own server's alone. ``unlimited``: it takes no credits. ``exposed``: it runs
    the scenes of several users without a sandbox, so that anybody's can harm all others.
    """

    user_id: str
    key_id: str
    key_prefix: str
    credits: Balance
    unlimited: bool = False
    exposed: bool = False

    @classmethod
    def from_json(cls, body: Json) -> Account:
        """Parse an answer of the API.

        Raises:
            ServerError: the credits are missing or not numbers.
        """
        answer = fields.object_(body, None)
        credits_ = answer.get("credits")
        if not isinstance(credits_, dict):
            raise fields.unreadable("has no credits", None)
        paid, free, total = map(fields.number, map(credits_.get, ("paid", "free", "total")))
        if total is None and paid is not None and free is not None:
            total = paid + free
        if paid is None or free is None or total is None:
            raise fields.unreadable("has credits that are not numbers", None)
        return cls(
            user_id=fields.text(answer.get("userId")) or "",
            key_id=fields.text(answer.get("keyId")) or "",
            key_prefix=fields.text(answer.get("keyPrefix")) or "",
            credits=Balance(paid, free, total),
            unlimited=answer.get("unlimited") is True,
            exposed=answer.get("sandbox") == "off",
        )

    def to_json(self) -> dict[str, Json]:
        """The answer of ``GET /me``, with our own server's words."""
        return {
            "userId": self.user_id,
            "keyId": self.key_id,
            "keyPrefix": self.key_prefix,
            "credits": {**vars(self.credits)},
            "unlimited": self.unlimited,
            **({"sandbox": "off"} if self.exposed else {}),
        }


def _result(answer: dict[str, Json], job_id: str) -> RenderResult:
    video = fields.text(answer.get("video"))
    if not video:
        raise fields.unreadable("is completed but has no video", job_id)
    thumbnail, captions = fields.text(answer.get("thumbnail")), fields.text(answer.get("captions"))
    return RenderResult(video, thumbnail, captions)
