"""What one pass through a scene tells: its animations, sections, sounds, captions and length."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kodisc_jupyter.stage.captions import Cue


@dataclass(frozen=True)
class SteppedAnimation:
    """One ``play`` or ``wait``.

    ``lines`` are the lines of the scene's file that were being run, from the outside to the call
    itself; empty when it was not called from there. ``frames`` and ``seconds`` are what the video
    has of it: nothing in a section that is skipped.
    """

    index: int
    start_s: float
    run_time_s: float
    lines: tuple[int, ...]
    animations: tuple[str, ...]
    skipped: bool = False
    frozen: bool = False
    frames: int = 0
    seconds: float = 0.0

    @property
    def line(self) -> int | None:
        """The line of the call itself."""
        return self.lines[-1] if self.lines else None

    @property
    def is_wait(self) -> bool:
        """Whether nothing is played, only time passes: nobody counts that as an animation."""
        return all(name.startswith("Wait(") for name in self.animations)


@dataclass(frozen=True)
class SteppedSection:
    """A section of the scene: where it begins, and whether it is left out of the video."""

    name: str
    start_s: float
    skipped: bool
    kind: str = ""


@dataclass(frozen=True)
class SteppedSound:
    """A sound that the scene adds, at its time in the video."""

    path: str
    start_s: float
    lines: tuple[int, ...] = ()


@dataclass
class SteppedScene:
    """What one pass through a scene tells; complete when :func:`step` returns it."""

    fps: float
    scene: Any
    frames: int = 0
    seconds: float = 0.0
    animations: list[SteppedAnimation] = field(default_factory=list)
    sections: list[SteppedSection] = field(default_factory=list)
    subcaptions: list[Cue] = field(default_factory=list)
    sounds: list[SteppedSound] = field(default_factory=list)
