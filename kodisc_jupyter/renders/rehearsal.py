"""What one pass through a scene without drawing it has shown, as the render server reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from kodisc_jupyter.renders.pictures import (
    DrawnStoryboard,
    FramePicture,
    stills_of,
    storyboard_of,
)


class Outcome(str, Enum):
    """How a rehearsal ended; only ``error`` may say something against the scene."""

    OK = "ok"
    ERROR = "error"
    LIMIT = "limit"
    """The time limit was reached: the scene may be right."""
    STOPPED = "stopped"
    """The scene's process was stopped, or there was no rehearsal at all."""

    def __str__(self) -> str:
        return self.value


class Animation(NamedTuple):
    """One animation: when it starts, how long it takes, and the line of the code that plays it."""

    start_s: float
    seconds: float
    line: int | None


class Section(NamedTuple):
    """A section of the scene and when it starts."""

    name: str
    start_s: float


class Caption(NamedTuple):
    """A subcaption."""

    start_s: float
    end_s: float
    text: str


class OpenedFile(NamedTuple):
    """A file of this machine that the scene read, and the line that did."""

    path: str
    line: int | None


class Layout(NamedTuple):
    """Something that a viewer may not see or read: kind, line, when, and what it is."""

    kind: str
    line: int | None
    at_s: float
    what: str


@dataclass(frozen=True)
class SceneError:
    """What came out of the scene, and what tells whether it would come out elsewhere, too.

    ``text`` is the whole traceback; ``kinds`` are the exception's classes, ``name`` and ``path``
    what it names, ``classes`` those whose option or method it is about; ``latex`` LaTeX's words.
    ``known`` says that some class of the Manim here has an option or attribute of that name.
    """

    text: str
    kinds: tuple[str, ...] = ()
    message: str = ""
    name: str = ""
    path: str = ""
    classes: tuple[str, ...] = ()
    latex: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True)
class Rehearsal:
    """What one pass through a scene has shown. Lines are those of the code that was sent."""

    outcome: Outcome
    why: str = ""
    seconds: float | None = None
    frames: int | None = None
    animations: tuple[Animation, ...] = ()
    sections: tuple[Section, ...] = ()
    captions: tuple[Caption, ...] = ()
    texts: tuple[str, ...] = ()
    told: tuple[Mapping[str, Any], ...] = ()
    """What happens in the video, as :class:`~kodisc_jupyter.renders.media.outline.Event` has it."""
    printed: str = ""
    files: tuple[OpenedFile, ...] = ()
    slow: tuple[tuple[int, float], ...] = ()
    """Lines and the seconds that went to each, most first."""
    layout: tuple[Layout, ...] = ()
    took_s: float = 0.0
    stills: tuple[FramePicture, ...] = ()
    storyboard: DrawnStoryboard | None = None
    error: SceneError | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the scene was seen to its end."""
        return self.outcome is Outcome.OK


def from_json(report: Mapping[str, Any]) -> Rehearsal:
    """A report of the render server.

    Raises:
        ValueError: it makes no sense.
    """
    try:
        outcome = Outcome(report["outcome"])
        error = None
        if outcome is Outcome.ERROR:
            error = SceneError(
                text=str(report["error"]),
                kinds=_strings(report, "kinds"),
                message=str(report.get("message", "")),
                name=str(report.get("name", "")),
                path=str(report.get("path", "")),
                classes=_strings(report, "classes"),
                latex=_strings(report, "latex"),
                known=report.get("known") is not False,
            )
        return Rehearsal(
            outcome,
            why=str(report.get("error", ""))[-300:] if outcome is Outcome.STOPPED else "",
            seconds=float(report["seconds"]) if "seconds" in report else None,
            frames=int(report["frames"]) if "frames" in report else None,
            animations=tuple(
                Animation(float(part["start"]), float(part["seconds"]), part.get("line"))
                for part in report.get("animations", ())
            ),
            sections=tuple(
                Section(str(part["name"]), float(part["start"]))
                for part in report.get("sections", ())
            ),
            captions=tuple(
                Caption(float(part["start"]), float(part["end"]), str(part["text"]))
                for part in report.get("captions", ())
            ),
            texts=_strings(report, "texts"),
            told=tuple(part for part in report.get("told", ()) if isinstance(part, dict)),
            printed=str(report.get("printed", "")),
            files=tuple(
                OpenedFile(str(part["path"]), part.get("line")) for part in report.get("files", ())
            ),
            slow=tuple((int(line), float(seconds)) for line, seconds in report.get("slow", ())),
            layout=tuple(
                Layout(str(part["kind"]), part.get("line"), float(part["at"]), str(part["what"]))
                for part in report.get("layout", ())
            ),
            took_s=float(report.get("took_s", 0.0)),
            stills=stills_of(report),
            storyboard=storyboard_of(report),
            error=error,
        )
    except (KeyError, TypeError, AttributeError, OverflowError) as problem:
        raise ValueError(f"the rehearsal's report makes no sense ({problem!r})") from None


def _strings(report: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in report.get(name, ()))
