"""Subcaptions as WebVTT, https://www.w3.org/TR/webvtt1/."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cue:
    """One subcaption: ``text`` from ``start_s`` to ``end_s``, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str


def to_vtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file of these cues in order of time; just the header when there are none."""
    blocks = ["WEBVTT"]
    for cue in sorted(cues, key=lambda each: each.start_s):
        start_s = max(0.0, cue.start_s)
        text = _text(cue.text)
        if text and cue.end_s > start_s:
            blocks.append(f"{_timestamp(start_s)} --> {_timestamp(cue.end_s)}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _timestamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def _text(text: str) -> str:
    """Cue text: a blank line would end the cue, and ``&``, ``<`` and ``-->`` are markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "\n".join(line for line in escaped.replace("\0", "").splitlines() if line.strip())
