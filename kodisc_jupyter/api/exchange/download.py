"""Fetch a finished file: without the key, whole or not at all."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from kodisc_jupyter.api.address import is_loopback, place, socket_path
from kodisc_jupyter.api.errors import KodiscError, NetworkError, ServerError
from kodisc_jupyter.api.exchange import retry
from kodisc_jupyter.api.exchange.answers import TRANSIENT_4XX, misconfiguration_hint
from kodisc_jupyter.api.exchange.http_session import Limits, chunks, content_length, new_session
from kodisc_jupyter.api.exchange.network_errors import BROKEN, misconfiguration_of, reason_of
from kodisc_jupyter.atomic_file import part_of

REDIRECTS: Final = 5

MAX_BYTES: Final = 2_000_000_000
"""No file that is fetched may be larger, whatever else is asked for."""
TOTAL_S: Final = 3600.0
"""A download, all attempts together, ends within an hour."""
GRACE_S: Final = 60.0
LEAST_BYTES_S: Final = 10_000
"""After :data:`GRACE_S` a file that arrives slower than this will never be there."""


class FileKind(NamedTuple):
    """What a file must be: its name in words, its first bytes, and how large it may get."""

    name: str
    begins: re.Pattern[bytes]
    max_bytes: int = MAX_BYTES


VIDEO: Final = FileKind("an MP4 video", re.compile(rb"....ftyp", re.DOTALL))
PICTURE: Final = FileKind("a picture", re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n"), 20_000_000)
CAPTIONS: Final = FileKind("a WebVTT file", re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT"), 5_000_000)

_BEGINNING: Final = 16
"""Bytes by which a file's kind is told."""


def download(
    url: str,
    path: Path,
    *,
    limits: Limits,
    max_bytes: int | None,
    pause: Callable[[float], None],
    jitter: Callable[[], float],
    kind: FileKind | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    own: str = "",
) -> Path:
    """Fetch ``url`` to ``path``: first under a temporary name beside it, then moved.

    Only ``https:`` is fetched, ``http:`` on loopback, and from a Unix socket that is the one of
    the server itself, whose URL is ``own``. ``pause(seconds)`` waits between two of
    at most 5 attempts and may raise to end it all. It ends in any case: by :data:`TOTAL_S`, by
    :data:`LEAST_BYTES_S`, and by ``max_bytes``, the ``kind``'s limit or :data:`MAX_BYTES`.

    Raises:
        NetworkError, ServerError: the file could not be fetched.
        KodiscError: the URL is refused; the file is too large, too slow, compressed, or not of
            this ``kind``; or it could not be written. Nothing is left behind in any of these
            cases.
    """
    if socket_path(url) is None or socket_path(url) != socket_path(own):
        _check(url, from_loopback=True)
    most = [size for size in (max_bytes, kind and kind.max_bytes) if size is not None]
    arrival = Arrival(min([MAX_BYTES, *most]), kind, monotonic, monotonic() + TOTAL_S)
    unwritable = _make_folder(path)
    if unwritable is not None:
        raise unwritable
    outcome = retry.repeat(
        lambda _: _fetch(url, path, limits, arrival),
        attempts=retry.ATTEMPTS,
        again=lambda error: isinstance(error, (NetworkError, ServerError)) and error.transient,
        wait_s=lambda failures, error: retry.delay_s(
            failures, retry_after_s=getattr(error, "retry_after_s", None), jitter=jitter()
        ),
        reason=str,
        pause=pause,
        on_retry=None,
    )
    if outcome is not None:
        raise outcome
    return path


class Arrival(NamedTuple):
    """What a file is held to while it arrives; ``until`` is by the ``monotonic`` clock."""

    max_bytes: int
    kind: FileKind | None
    monotonic: Callable[[], float]
    until: float

    def stranger(self, beginning: bytes) -> KodiscError | None:
        """The error of a file that is not what it should be."""
        if self.kind is None or self.kind.begins.match(beginning):
            return None
        return KodiscError(f"The file is not {self.kind.name}, so it was not kept.", hint=_RENDER)

    def refusal(self, size: int, beginning: bytes, seconds: float) -> KodiscError | None:
        """Why what has arrived so far is not gone on with; ``None`` while all is well."""
        if size > self.max_bytes:
            return _too_large(self.max_bytes)
        if size >= _BEGINNING and (stranger := self.stranger(beginning)):
            return stranger
        slow = seconds > GRACE_S and size < LEAST_BYTES_S * (seconds - GRACE_S)
        if slow or self.monotonic() > self.until:
            return KodiscError(
                f"The file arrives too slowly ({size:,} bytes in {seconds:.0f} s), so it was not "
                "waited for.",
                hint=_RENDER,
            )
        return None


def _fetch(url: str, path: Path, limits: Limits, arrival: Arrival) -> KodiscError | None:
    """One attempt; the error, if it failed."""
    try:
        with new_session(None, url) as session, _follow(session, url, limits) as response:
            if response.status_code != 200:
                return _refused(response)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                return KodiscError(
                    "The file comes compressed, which was not asked for, so it was not kept.",
                    hint=_RENDER,
                )
            length = content_length(response)
            if length is not None and length > arrival.max_bytes:
                return _too_large(arrival.max_bytes)
            return _keep(chunks(response), path, length, arrival)
    except KodiscError as error:
        return error
    except BROKEN as error:
        reason = reason_of(error, limits)
        misconfigured, variable = misconfiguration_of(error, url)
    hint = f" {misconfiguration_hint(variable)}" if misconfigured else ""
    return NetworkError(
        f"The file could not be fetched from {_host(url)}: {reason}.",
        transient=not misconfigured,
        hint=f"{_RENDER}{hint}",
    )


def _follow(session: requests.Session, url: str, limits: Limits) -> requests.Response:
    """The answer behind at most :data:`REDIRECTS` redirects, each held to the same rule."""
    for _ in range(REDIRECTS + 1):
        response = session.get(
            url, timeout=(limits.connect_s, limits.read_s), allow_redirects=False, stream=True
        )
        target = response.headers.get("Location")
        if response.status_code not in {301, 302, 303, 307, 308} or not target:
            return response
        response.close()
        target = urljoin(url, target)
        _check(target, from_loopback=is_loopback(urlsplit(url).hostname))
        url = target
    raise ServerError(
        f"{_host(url)} redirects more than {REDIRECTS} times.", transient=False, hint=_RENDER
    )


def _keep(
    arriving: Iterator[bytes], path: Path, length: int | None, arrival: Arrival
) -> KodiscError | None:
    """Write the body beside ``path`` and move it there once it is whole."""
    size, beginning, began = 0, b"", arrival.monotonic()
    part = part_of(path)
    try:
        file = part.open("xb")
    except OSError as error:
        return _not_written(path, error)
    try:
        with file:
            for chunk in arriving:
                size += len(chunk)
                if len(beginning) < _BEGINNING:
                    beginning = (beginning + chunk)[:_BEGINNING]
                refusal = arrival.refusal(size, beginning, arrival.monotonic() - began)
                if refusal is not None:
                    return refusal
                try:
                    file.write(chunk)
                    file.flush()
                except OSError as error:
                    return _not_written(path, error)
        if length is not None and size != length:
            return NetworkError(
                f"The file arrived cut off: {size} of {length} bytes.", hint=_RENDER
            )
        stranger = arrival.stranger(beginning)  # also of a file shorter than a beginning
        if stranger is not None:
            return stranger
        try:
            part.replace(path)
        except OSError as error:
            return _not_written(path, error)
        return None
    finally:
        part.unlink(missing_ok=True)


def _make_folder(path: Path) -> KodiscError | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _not_written(path, error)
    return None


def _check(url: str, *, from_loopback: bool) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if host and parts.scheme == "https":
        return
    if host and parts.scheme == "http" and is_loopback(host) and from_loopback:
        return
    raise KodiscError(
        "The address of the file is not an https:// URL, so it was not fetched.", hint=_RENDER
    )


_RENDER: Final = "The render itself is not touched, and nothing more was charged."


def _host(url: str) -> str:
    return place(url) or "the server"


def _refused(response: requests.Response) -> ServerError:
    status = response.status_code
    gone = status in {403, 404, 410}
    what = "does not have the file (any more)" if gone else "did not give the file"
    return ServerError(
        f"{_host(response.url)} {what} ({status}).",
        status=status,
        transient=status >= 500 or status in TRANSIENT_4XX,
        retry_after_s=retry.read_retry_after(
            response.headers.get("Retry-After"),
            date=response.headers.get("Date"),
            now=time.time(),
        ),
        hint=_RENDER,
    )


def _too_large(max_bytes: int) -> KodiscError:
    return KodiscError(
        f"The file is larger than {max_bytes} bytes, so it was not kept.", hint=_RENDER
    )


def _not_written(path: Path, error: OSError) -> KodiscError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    why = "the disk is full" if full else (error.strerror or type(error).__name__)
    return KodiscError(
        f"{path.name} could not be written to {path.parent}: {why}.",
        hint="Make room, then save it again; the render itself is not touched."
        if full
        else _RENDER,
    )
