"""The "Show" buttons of a list of jobs, and the place below it where a job is shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import anywidget

from kodisc_jupyter.notebook.display.output.final_output import Bundle
from kodisc_jupyter.notebook.display.panel import WIDGET_MIME, publish
from kodisc_jupyter.notebook.display.widget import STATIC, view


class ShowButtons(anywidget.AnyWidget):  # type: ignore[misc]
    """Hears which button is pressed.

    Its output is taken away once the page has run it, so that no widget is saved in the notebook;
    the same place then shows the job that was asked for last.
    """

    _esm = (STATIC / "show.js").read_text(encoding="utf-8")

    def __init__(self, on_show: Callable[[str], None]) -> None:
        super().__init__()
        self._on_show = on_show
        self._place = uuid.uuid4().hex
        self.on_msg(self._heard)
        bundle = {WIDGET_MIME: view(self.model_id), "text/plain": ""}
        publish(bundle, self._place, False)

    def show_there(self, bundle: Bundle, _display_id: str, _update: bool) -> None:
        """Show a bundle in the place below the list; a panel's ``publish``."""
        publish(bundle, self._place, True)

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("kind") == "hello":
            publish({"text/plain": ""}, self._place, True)
        elif content.get("kind") == "show" and isinstance(content.get("job"), str):
            self._on_show(content["job"])
