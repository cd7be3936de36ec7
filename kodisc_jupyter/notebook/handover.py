"""Hands a finished video to a page that has nothing but the panel.

A page that was reloaded in mid-render never hears of the output that replaced the panel, and the
panel's state does not carry files. So such a page asks, and gets the video in parts that a Jupyter
server passes on: it drops what exceeds 1 MB a second over 3 seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from kodisc_jupyter.notebook.kept import Sources, embedded
from kodisc_jupyter.notebook.throttle import Later
from kodisc_jupyter.renders.state import Media

PART_BYTES: Final = 512_000
GAP_S: Final = 0.7

Send = Callable[[dict[str, Any], list[bytes]], None]
"""Sends a message with buffers to every page that shows the panel."""


class Handover:
    """Sends one render's video, one part at a time; asked while sending, it sends once more."""

    def __init__(self, media: Media, send: Send, later: Later) -> None:
        self._media = media
        self._send = send
        self._later = later
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
        try:
            assert self._media.video is not None
            content = self._media.video.read_bytes()
        except (OSError, AssertionError):
            with self._lock:
                self._asked = 0
            self._send(
                {"kind": "missing", "text": "The video is not on this machine any more."}, []
            )
            return
        small = embedded(self._media)
        parts = [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
        self._part(parts, 0, small)

    def _part(self, parts: list[bytes], at: int, small: Sources) -> None:
        about = {"kind": "video", "part": at, "parts": len(parts)}
        self._send(about | {"poster": small.poster_src, "track": small.captions_src}, [parts[at]])
        if at + 1 < len(parts):
            self._later(GAP_S, lambda: self._part(parts, at + 1, small))
            return
        with self._lock:
            self._asked = min(self._asked - 1, 1)
            again = self._asked
        if again:
            self._later(GAP_S, self._begin)
