"""Play a scene on this machine without drawing it, before it is sent: what is asked, and how.

The render server does it, in a process of its own; see :mod:`kodisc_jupyter.stage.rehearsal`.
A rehearsal that cannot be had is no reason not to render: nothing here raises for that.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders import local_server
from kodisc_jupyter.renders.interruptible_connection import InterruptibleConnection
from kodisc_jupyter.renders.pictures import (
    DrawnStoryboard,
    FramePicture,
    PictureRequest,
    stills_of,
    storyboard_of,
)

TIME_LIMIT_S: Final = 5.0
"""Seconds that a rehearsal may take; the setting ``rehearsal_limit`` says otherwise."""

START_LIMIT_S: Final = 20.0
"""Seconds that the render server may take to start and load Manim, on top of that."""

_CHUNK_S: Final = 0.25
_ANSWER_LIMIT_BYTES: Final = 4_000_000


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
    printed: str = ""
    files: tuple[OpenedFile, ...] = ()
    slow: tuple[tuple[int, float], ...] = ()
    """Lines and the seconds that went to each, most first."""
    layout: tuple[Layout, ...] = ()
    took_s: float = 0.0
    stills: tuple[FramePicture, ...] = ()
    storyboard: DrawnStoryboard | None = None
    error: SceneError | None = field(default=None)

    @property
    def is_whole(self) -> bool:
        """Whether the scene was seen to its end."""
        return self.outcome is Outcome.OK


def is_wanted(setting: str, *, unlimited: bool, possible: bool) -> bool:
    """Whether a render is rehearsed first: ``auto`` does it where it saves credits."""
    if setting == "never" or not possible:
        return False
    return setting == "always" or not unlimited


def rehearse(
    request: RenderRequest,
    home: Path,
    *,
    limit_s: float = TIME_LIMIT_S,
    measure: bool = False,
    pictures: PictureRequest | None = None,
    find_server: Callable[[Path], local_server.Address] = local_server.ensure,
) -> Rehearsal:
    """Rehearse a request on the render server of this machine, started if there is none.

    ``measure`` also draws a frame of each animation, to tell which lines take most time;
    ``pictures`` are drawn and kept.

    Raises:
        KeyboardInterrupt: Ctrl-C; the server ends the rehearsal, for its connection closes.
    """
    found: list[Rehearsal] = []
    done = Event()
    connection = InterruptibleConnection(limit_s + START_LIMIT_S)

    def work() -> None:
        try:
            address = find_server(home)
            found.append(
                _ask(connection, address, request, limit_s, measure=measure, pictures=pictures)
            )
        except (KodiscError, OSError, HTTPException, ValueError) as problem:
            found.append(_none(f"{problem}".partition("\n")[0][:300]))
        except Exception as problem:  # whatever it is, the render goes on
            found.append(_none(type(problem).__name__))
        finally:
            done.set()

    until = time.monotonic() + limit_s + START_LIMIT_S
    Thread(target=work, name="kodisc-rehearsal", daemon=True).start()
    try:
        while not done.wait(_CHUNK_S):  # in pieces: on Windows a longer wait is deaf to Ctrl-C
            if time.monotonic() > until:
                return _none("the render server on this machine did not answer in time")
        return found[0]
    finally:
        connection.end()


def can_rehearse() -> bool:
    """Whether this system can run the render server, apart from what is installed."""
    return sys.platform != "win32"


def _none(why: str) -> Rehearsal:
    return Rehearsal(Outcome.STOPPED, why=why)


def _ask(
    line: InterruptibleConnection,
    address: local_server.Address,
    request: RenderRequest,
    limit_s: float,
    *,
    measure: bool,
    pictures: PictureRequest | None,
) -> Rehearsal:
    parts = urlsplit(address.url)
    body: dict[str, Any] = {"timeLimitS": limit_s, "measure": measure}
    limit_bytes = _ANSWER_LIMIT_BYTES
    if pictures is not None:
        body["pictures"] = pictures.to_json()
        limit_bytes += pictures.bytes_limit
    whole = request.to_json()
    body |= {name: whole[name] for name in _FIELDS if name in whole}
    connection = line.open(parts.hostname or "127.0.0.1", parts.port)
    try:
        connection.request(
            "POST",
            "/local/rehearsals",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {address.key}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        text = answer.read(limit_bytes + 1)
    finally:
        connection.close()
    if answer.status == 404:
        return _none(OLDER_SERVER)
    if answer.status != 200 or len(text) > limit_bytes:
        return _none(f"the render server on this machine answered with {answer.status}")
    return from_json(json.loads(text))


OLDER_SERVER: Final = (
    "the render server on this machine is of an older version; %kodisc local stop ends it"
)


_FIELDS: Final = ("code", "className", "quality", "aspectRatio", "fps")
"""What a rehearsal is told of a request: no metadata, no webhook."""


def from_json(said: Mapping[str, Any]) -> Rehearsal:
    """A report of the render server.

    Raises:
        ValueError: it makes no sense.
    """
    try:
        outcome = Outcome(said["outcome"])
        error = None
        if outcome is Outcome.ERROR:
            error = SceneError(
                text=str(said["error"]),
                kinds=_strings(said, "kinds"),
                message=str(said.get("message", "")),
                name=str(said.get("name", "")),
                path=str(said.get("path", "")),
                classes=_strings(said, "classes"),
                latex=_strings(said, "latex"),
                known=said.get("known") is not False,
            )
        return Rehearsal(
            outcome,
            why=str(said.get("error", ""))[-300:] if outcome is Outcome.STOPPED else "",
            seconds=float(said["seconds"]) if "seconds" in said else None,
            frames=int(said["frames"]) if "frames" in said else None,
            animations=tuple(
                Animation(float(one["start"]), float(one["seconds"]), one.get("line"))
                for one in said.get("animations", ())
            ),
            sections=tuple(
                Section(str(one["name"]), float(one["start"])) for one in said.get("sections", ())
            ),
            captions=tuple(
                Caption(float(one["start"]), float(one["end"]), str(one["text"]))
                for one in said.get("captions", ())
            ),
            texts=_strings(said, "texts"),
            printed=str(said.get("printed", "")),
            files=tuple(
                OpenedFile(str(one["path"]), one.get("line")) for one in said.get("files", ())
            ),
            slow=tuple((int(line), float(seconds)) for line, seconds in said.get("slow", ())),
            layout=tuple(
                Layout(str(one["kind"]), one.get("line"), float(one["at"]), str(one["what"]))
                for one in said.get("layout", ())
            ),
            took_s=float(said.get("took_s", 0.0)),
            stills=stills_of(said),
            storyboard=storyboard_of(said),
            error=error,
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"the rehearsal's report makes no sense ({problem!r})") from None


def _strings(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in said.get(name, ()))
