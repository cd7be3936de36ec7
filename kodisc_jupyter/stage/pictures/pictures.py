"""The pictures that a rehearsal leaves in its report."""

from __future__ import annotations

from typing import Any

from kodisc_jupyter.stage.pictures.stills import Stills
from kodisc_jupyter.stage.pictures.storyboard import Storyboard
from kodisc_jupyter.stage.stepping.stepping import Watcher
from kodisc_jupyter.stage.task import RenderTask


class Pictures:
    """Those of one task: none, stills, a storyboard, or both."""

    def __init__(self, task: RenderTask) -> None:
        wanted = task.frames
        self._stills = self._storyboard = None
        if wanted is not None and (wanted.at_s or wanted.last):
            self._stills = Stills(wanted, task.code)
        if wanted is not None and wanted.storyboard:
            self._storyboard = Storyboard()

    @property
    def watchers(self) -> list[Watcher]:
        """What is to be told while the scene is stepped."""
        return [each for each in (self._stills, self._storyboard) if each is not None]

    def to_json(self) -> dict[str, Any]:
        """What was drawn, as the report has it."""
        report: dict[str, Any] = {}
        if self._stills is not None:
            report["stills"] = self._stills.to_json()
        if self._storyboard is not None:
            report["storyboard"] = self._storyboard.to_json()
        return report
