"""The sections of a scene that Manim draws by itself: their names, and when they begin."""

from __future__ import annotations

from typing import Any


class SectionNotes:
    """Hears of each section from the scene's file writer; the frames are counted by others."""

    def __init__(self, scene: Any) -> None:
        writer = scene.renderer.file_writer
        self._fps = float(scene.renderer.camera.frame_rate)
        self._next_section = writer.next_section
        self._sections: list[dict[str, Any]] = [{"name": writer.sections[-1].name, "start": 0.0}]
        self.frames = 0
        """Frames of the video so far."""
        writer.next_section = self._begin

    def to_json(self) -> dict[str, Any]:
        """Length and sections as a report has them."""
        return {"seconds": self._now, "frames": self.frames, "sections": self._sections}

    @property
    def _now(self) -> float:
        return round(self.frames / self._fps, 3)

    def _begin(self, name: str, kind: Any = "", skip_animations: bool = False) -> Any:
        if not skip_animations:
            if self._sections and self._sections[-1]["start"] == self._now:
                self._sections.pop()  # an empty one, as Manim drops it
            self._sections.append({"name": name, "start": self._now})
        return self._next_section(name, kind, skip_animations)
