"""Pictures of a scene, drawn on this machine while it is rehearsed: what is asked, what comes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

BYTES_LIMIT: Final = 24_000_000
"""Of one picture in an answer: at the highest quality it has 33 MB before PNG packs it."""


@dataclass(frozen=True)
class PictureRequest:
    """Which pictures: of the frames at ``at_s`` seconds, of the last one, a storyboard."""

    at_s: tuple[float, ...] = ()
    last: bool = False
    storyboard: bool = False

    @property
    def bytes_limit(self) -> int:
        """Bytes that all of them may have in an answer."""
        return (len(self.at_s) + 2) * BYTES_LIMIT

    def to_json(self) -> dict[str, Any]:
        """As the render server is asked."""
        return {"at": list(self.at_s), "last": self.last, "storyboard": self.storyboard}


@dataclass(frozen=True)
class FramePicture:
    """One frame of the video, before it would be encoded: a PNG of ``width`` × ``height`` pixels.

    ``at_s`` is the time that was asked for, None for the last frame; ``time_s`` is the frame's own.
    """

    at_s: float | None
    time_s: float
    width: int
    height: int
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class AnimationPicture:
    """What stands when an animation has ended, small; ``line`` is that of the code that plays it.

    ``what`` are Manim's own words for the animation, ``kind`` is the picture's media type.
    """

    start_s: float
    end_s: float
    line: int | None
    what: str
    width: int
    height: int
    kind: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class DrawnStoryboard:
    """The pictures of a scene's animations, of which there are ``animations``; and one of them all.

    A pause that shows nothing new has no picture and is not counted. ``sheet`` is a JPEG.
    """

    animations: int
    pictures: tuple[AnimationPicture, ...]
    sheet: bytes = field(repr=False)


def stills_of(report: Mapping[str, Any]) -> tuple[FramePicture, ...]:
    """The stills in a rehearsal's report.

    Raises:
        KeyError, TypeError, ValueError: it makes no sense.
    """
    return tuple(
        FramePicture(
            at_s=None if still["at"] is None else float(still["at"]),
            time_s=float(still["time"]),
            width=int(still["width"]),
            height=int(still["height"]),
            png=_content(still["png"]),
        )
        for still in report.get("stills", ())
    )


def storyboard_of(report: Mapping[str, Any]) -> DrawnStoryboard | None:
    """The storyboard in a rehearsal's report; None where there is none.

    Raises:
        KeyError, TypeError, ValueError: it makes no sense.
    """
    board = report.get("storyboard")
    if board is None:
        return None
    return DrawnStoryboard(
        animations=int(board["of"]),
        pictures=tuple(
            AnimationPicture(
                start_s=float(picture["start"]),
                end_s=float(picture["end"]),
                line=picture.get("line"),
                what=str(picture["what"]),
                width=int(picture["width"]),
                height=int(picture["height"]),
                kind=str(picture["kind"]),
                content=_content(picture["data"]),
            )
            for picture in board["pictures"]
        ),
        sheet=_content(board["sheet"]),
    )


def _content(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as problem:  # binascii.Error is one
        raise ValueError(f"a picture that is no base64 ({problem})") from None
