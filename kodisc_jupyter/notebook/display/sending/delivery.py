"""Brings the ends of panels to front ends that put them into the notebook's file themselves.

A page hears of an updated output only through the output area that it was made in; a cell that was
moved, pasted or undone, and a tab that was opened again, have new ones. Our extension of
JupyterLab and Notebook 7 finds the panel in the notebook, opens a comm, and asks for its end.
"""

from __future__ import annotations

import json
import sys
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from kodisc_jupyter.notebook.display.sending.rate_limiter import KERNEL_OUTLET, OutputRateLimiter

TARGET: Final = "kodisc_jupyter"
PART_BYTES: Final = 512_000

Bundle = dict[str, Any]


PANEL: Final[Bundle] = {"kodisc": "panel"}
"""The metadata of an output that holds a live panel: how the extension knows it again."""

STUDIO: Final[Bundle] = {"kodisc": "studio"}


@dataclass(eq=False, repr=False)
class _Entry:
    """One panel: the line that stands beside it in the file, how it ended, who asks."""

    line: str
    make: Callable[[], Bundle] | None = None
    pages: dict[str, Any] = field(default_factory=dict)


class Delivery:
    """The panels of one kernel, by the ID of their widget; may be used from any thread."""

    def __init__(self, outlet: OutputRateLimiter = KERNEL_OUTLET) -> None:
        self._outlet = outlet
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._listening = False

    def begin(self, panel: str, line: str) -> None:
        """A panel is there. ``line`` says in a saved file what it is."""
        self._listen()
        with self._lock:
            self._entries[panel] = _Entry(line)

    def describe(self, panel: str, line: str) -> None:
        """What is known of an open panel has changed."""
        with self._lock:
            entry = self._entries.get(panel)
            if entry is None or entry.line == line:
                return
            entry.line = line
            pages = list(entry.pages.values())
        for page in pages:
            _send(page, {"kind": "open", "id": panel, "text": line})

    def end(self, panel: str, make: Callable[[], Bundle]) -> None:
        """A panel has ended; ``make`` gives the MIME bundle that takes its place."""
        with self._lock:
            entry = self._entries.get(panel)
            if entry is None:
                return
            entry.make = make
            pages = list(entry.pages.values())
        for page in pages:
            _send(page, {"kind": "ended", "id": panel})

    def heard(self, page: Any, content: Any) -> None:
        """A page asks: which of these panels have ended, or for the end of one."""
        if not isinstance(content, dict):
            return
        if content.get("kind") == "watch" and isinstance(content.get("ids"), list):
            for panel in content["ids"]:
                _send(page, self._answer(page, str(panel)))
        elif content.get("kind") == "bundle":
            self._hand_over(page, str(content.get("id")))

    def _answer(self, page: Any, panel: str) -> Bundle:
        with self._lock:
            entry = self._entries.get(panel)
            if entry is None:
                return {"kind": "unknown", "id": panel}
            entry.pages[page.comm_id] = page
            if entry.make is not None:
                return {"kind": "ended", "id": panel}
            return {"kind": "open", "id": panel, "text": entry.line}

    def _hand_over(self, page: Any, panel: str) -> None:
        with self._lock:
            entry = self._entries.get(panel)
            make = entry.make if entry else None
        if make is None:
            return
        whole = zlib.compress(json.dumps(make()).encode(), 1)
        starts = range(0, len(whole), PART_BYTES)
        for number, at in enumerate(starts):
            about = {"kind": "end", "id": panel, "part": number, "parts": len(starts)}
            part = whole[at : at + PART_BYTES]
            self._outlet.offer((page.comm_id, panel, number), len(part), _later(page, about, part))

    def _listen(self) -> None:
        """Hear what pages ask, in a kernel."""
        with self._lock:
            if self._listening:
                return
            self._listening = True
        kernel = getattr(_shell(), "kernel", None)
        if kernel is not None:
            kernel.comm_manager.register_target(TARGET, self._opened)

    def _opened(self, page: Any, _message: Any) -> None:
        page.on_msg(lambda message: self.heard(page, message["content"]["data"]))
        page.on_close(lambda _message: self._closed(page))

    def _closed(self, page: Any) -> None:
        with self._lock:
            for entry in self._entries.values():
                entry.pages.pop(page.comm_id, None)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _later(page: Any, about: Bundle, part: bytes) -> Callable[[], None]:
    return lambda: _send(page, about, part)


def _send(page: Any, content: Bundle, part: bytes | None = None) -> None:
    page.send(content, buffers=[part] if part is not None else None)
    # ipykernel 7.4 would hand what the page says next to the subshell this was sent from: without
    # this it goes where the page says, which is free while a cell runs.
    vars(page).pop("_reply_subshell_id", None)


DELIVERY: Final = Delivery()
"""The one delivery of this kernel."""
