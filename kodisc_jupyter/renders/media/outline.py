"""What is told of a video beside the video: its chapters, and what happens in it, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

UNNAMED: Final = frozenset({"autocreated", "unnamed", ""})
"""What Manim calls a section that nobody has named."""

CHAPTERS_LIMIT: Final = 60
TOLD_LIMIT: Final = 300


class Chapter(NamedTuple):
    """A named section of the scene, in seconds of its video."""

    name: str
    start_s: float
    end_s: float


class Event(NamedTuple):
    """Something that happens: when, a word for what, and to what; see ``stage/stepping/acts.py``.

    ``what`` and ``into`` are plain data about a mobject, ``None`` where there is none.
    """

    at_s: float
    did: str
    what: Mapping[str, Any] | None = None
    into: Mapping[str, Any] | None = None


class Outline(NamedTuple):
    """What is told of one video; empty where nothing is known of it.

    ``printed`` is what the scene printed while it was rendered on this machine.
    """

    chapters: tuple[Chapter, ...] = ()
    events: tuple[Event, ...] = ()
    printed: str = ""


NOTHING_TOLD: Final = Outline()


def outline_of(report: Mapping[str, Any] | None) -> Outline:
    """The outline in a report of a render or a rehearsal; what makes no sense is left out."""
    if not report or report.get("whole") is False:  # the times of what was not seen are not known
        return NOTHING_TOLD
    length = _seconds(report.get("seconds"))
    return Outline(_chapters(report.get("sections"), length), _events(report.get("told")))


def _chapters(sections: Any, length_s: float | None) -> tuple[Chapter, ...]:
    chapters: list[tuple[str, float]] = []
    for section in sections if isinstance(sections, (list, tuple)) else ():
        name, start = _section(section)
        start_s = _seconds(start)
        if start_s is None or (chapters and start_s < chapters[-1][1]):
            continue
        if length_s is None or start_s < length_s:
            chapters.append((str(name).strip()[:200], start_s))
    ends = [start for _, start in chapters[1:]] + [length_s or float("inf")]
    return tuple(
        Chapter(name, start, end)
        for (name, start), end in zip(chapters, ends, strict=False)
        if name not in UNNAMED
    )[:CHAPTERS_LIMIT]


def _section(section: Any) -> tuple[Any, Any]:
    """Name and start: as an object in a report, as a pair in the journal."""
    if isinstance(section, Mapping):
        return section.get("name", ""), section.get("start")
    if isinstance(section, (list, tuple)) and len(section) == 2:
        return section[0], section[1]
    return "", None


def _events(values: Any) -> tuple[Event, ...]:
    events = []
    for value in values if isinstance(values, (list, tuple)) else ():
        if not isinstance(value, Mapping) or not isinstance(value.get("did"), str):
            continue
        at_s = _seconds(value.get("at"))
        if at_s is not None:
            what, into = (
                noun if isinstance(noun, Mapping) else None
                for noun in (value.get("what"), value.get("into"))
            )
            events.append(Event(at_s, value["did"], what, into))
    return tuple(events[:TOLD_LIMIT])


def _seconds(value: Any) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number and 0 <= value < 1e6 else None
