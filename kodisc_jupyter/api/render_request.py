"""What is asked of the API: the body of a render."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from kodisc_jupyter.api.values import AspectRatio, Json, Quality


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
