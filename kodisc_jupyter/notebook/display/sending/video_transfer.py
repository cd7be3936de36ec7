"""Hands a finished video to a page that has nothing but the panel.

A page that was reloaded in mid-render never hears of the output that replaced the panel, and the
panel's state does not carry files. So such a page asks, and gets the video in parts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.notebook.display.output.embedding import embedded_sources
from kodisc_jupyter.notebook.display.sending.rate_limiter import OutputRateLimiter
from kodisc_jupyter.renders.state import Media

PART_BYTES: Final = 512_000

Send = Callable[[dict[str, Any], list[bytes]], None]
"""Sends a message with buffers to every page that shows the panel."""


class VideoTransfer:
    """Sends one render's video; asked while it is sending, it sends once more afterwards."""

    def __init__(self, media: Media, send: Send, outlet: OutputRateLimiter) -> None:
        self._media = media
        self._send = send
        self._outlet = outlet
        self._lock = threading.Lock()
        self._asked = 0

    def ask(self) -> None:
        """A page asks for the video."""
        with self._lock:
            self._asked += 1
            if self._asked > 1:
                return
        self._begin()

    def _begin(self) -> None:
        small = embedded_sources(self._media)
        try:
            parts = _parts(self._media.video)
        except OSError:
            self._end()
            self._send(
                {"kind": "missing", "text": "The video is not on this machine any more."}, []
            )
            return
        for at, part in enumerate(parts):
            about = {
                "kind": "video",
                "part": at,
                "parts": len(parts),
                "poster": small.poster_src,
                "track": small.captions_src,
            }
            last = at + 1 == len(parts)
            self._outlet.offer((id(self), at), len(part), self._sender(about, part, last=last))

    def _sender(self, about: dict[str, Any], part: bytes, *, last: bool) -> Callable[[], None]:
        def send() -> None:
            self._send(about, [part])
            if last and self._end():
                threading.Thread(target=self._begin, daemon=True).start()

        return send

    def _end(self) -> bool:
        """Whether somebody asked in the meantime."""
        with self._lock:
            self._asked = min(self._asked - 1, 1)
            return self._asked > 0


def _parts(video: Path | None) -> list[bytes]:
    if video is None:
        raise FileNotFoundError
    content = video.read_bytes()
    return [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
