"""Play a scene on this machine without drawing it, before it is sent: how that is asked.

The render server does it, in a process of its own; see :mod:`kodisc_jupyter.stage.rehearsal`.
A rehearsal that cannot be had is no reason not to render: nothing here raises for that.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders import local_server
from kodisc_jupyter.renders.pictures import PictureRequest
from kodisc_jupyter.renders.rehearsal import Outcome, Rehearsal, from_json
from kodisc_jupyter.renders.server.interruptible_connection import InterruptibleConnection

TIME_LIMIT_S: Final = 5.0
"""Seconds that a rehearsal may take; the setting ``rehearsal_limit`` says otherwise."""

START_LIMIT_S: Final = 20.0
"""Seconds that the render server may take to start and load Manim, on top of that."""

_CHUNK_S: Final = 0.25
_ANSWER_LIMIT_BYTES: Final = 4_000_000


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
    rehearsals: list[Rehearsal] = []
    done = Event()
    connection = InterruptibleConnection(limit_s + START_LIMIT_S)

    def work() -> None:
        try:
            address = find_server(home)
            rehearsals.append(
                _ask(connection, address, request, limit_s, measure=measure, pictures=pictures)
            )
        except (KodiscError, OSError, HTTPException, ValueError) as problem:
            rehearsals.append(_none(f"{problem}".partition("\n")[0][:300]))
        except Exception as problem:  # whatever it is, the render goes on
            rehearsals.append(_none(type(problem).__name__))
        finally:
            done.set()

    until = time.monotonic() + limit_s + START_LIMIT_S
    Thread(target=work, name="kodisc-rehearsal", daemon=True).start()
    try:
        while not done.wait(_CHUNK_S):  # in pieces: on Windows a longer wait is deaf to Ctrl-C
            if time.monotonic() > until:
                return _none("the render server on this machine did not answer in time")
        return rehearsals[0]
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
