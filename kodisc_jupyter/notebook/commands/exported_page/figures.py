"""Gives the figures of an exported page their files: inside the page, or in files beside it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from kodisc_jupyter.notebook.display.links import data_url, is_embedded, safe_url
from kodisc_jupyter.notebook.display.output.embedding import SAVED_NOTE, SMALLER_NOTE, TOO_BIG_NOTE

FIGURE: Final = "kodisc-video"
"""The class by which a finished render's HTML is known."""

CARD: Final = "kodisc-error"
"""The class by which an error's HTML is known."""

_STORED_POSTER: Final = "thumb.jpg"
"""As the media store names it, beside the video."""

_VIDEO: Final = re.compile(r'(?<=<video src=")[^"]*(?=")')
_POSTER: Final = re.compile(r' poster="([^"]*)"')
_LINK: Final = re.compile(r'<a href="(?P<href>[^"]*)"[^>]*>(?P<text>.*?)</a>(?: · )?', re.DOTALL)
_KEPT_NOTE: Final = re.compile(
    f"<br><bdi>(?:{'|'.join(map(re.escape, (SAVED_NOTE, SMALLER_NOTE, TOO_BIG_NOTE)))})[^<]*</bdi>"
)
_JOB: Final = re.compile(r"job ([A-Za-z0-9_.-]+)")

FindVideo = Callable[[str], Path | None]
"""Where the video of a job is on this machine, if it is."""


IsReal = Callable[[bytes], bool]
"""Whether a file is what it is taken for, by its first bytes."""


class Figures:
    """Puts each figure's video where the page will find it.

    ``beside`` is the notebook's folder, ``folder`` where videos become files (``None``: they go
    inside the page). Afterwards ``count`` is the number of videos, ``links`` names those that
    still need the network, ``missing`` those that are nowhere.
    """

    def __init__(self, beside: Path, folder: Path | None, find: FindVideo) -> None:
        self._beside = beside
        self._folder = folder
        self._find = find
        self.count = 0
        self.links: list[str] = []
        self.missing: list[str] = []

    def move_files(self, html: str) -> str:
        """A figure's HTML with its files where the page has them."""
        video = _VIDEO.search(html)
        if video is None:
            return html
        src = unescape(video[0])
        self.count += 1
        job = _JOB.search(html)
        stored = self._find(job[1]) if job else None
        content = self._content(src, stored)
        if content is None:
            (self.links if "://" in src else self.missing).append(src)
            return html
        html = self._with_poster(_KEPT_NOTE.sub("", html), stored)
        new = data_url(content, "video/mp4") if self._folder is None else self._file(content)
        html = _VIDEO.sub(lambda _: escape(new), html)
        html = _LINK.sub(lambda link: self._link(link, src, new), html)
        return html.replace("<br></figcaption>", "</figcaption>")

    def _file(self, content: bytes) -> str:
        assert self._folder is not None
        name = f"video-{self.count:02}.mp4"
        (self._folder / name).write_bytes(content)
        return quote(name)

    def _link(self, link: re.Match[str], src: str, new: str) -> str:
        """A link to the video leads to its new place; one that would lead nowhere goes."""
        href = unescape(link["href"])
        address, _, fragment = href.partition("#")
        if address == src and fragment.startswith("t="):  # a chapter
            if is_embedded(new):
                return link["text"]
            return link[0].replace(link["href"], escape(f"{new}#{fragment}"))
        if "://" in href:
            return link[0]
        if href == src and not is_embedded(new):
            return link[0].replace(link["href"], escape(new))
        return link["text"] if link["text"].startswith("<img") else ""

    def _with_poster(self, html: str, stored: Path | None) -> str:
        """The poster inside the page; without one, the player shows the first frame."""
        poster = _POSTER.search(html)
        if poster is None or is_embedded(poster[1]):
            return html
        content = self._read(unescape(poster[1]), _is_jpeg) or _bytes(
            stored and stored.with_name(_STORED_POSTER), _is_jpeg
        )
        if content is None:
            return html.replace(poster[0], "")
        return html.replace(f'"{poster[1]}"', f'"{data_url(content, "image/jpeg")}"')

    def _content(self, src: str, stored: Path | None) -> bytes | None:
        """The video's bytes: from the notebook, from beside it, or from the media store."""
        if is_embedded(src):
            return _real(base64.b64decode(src.partition(",")[2]), _is_mp4)
        return self._read(src, _is_mp4) or _bytes(stored, _is_mp4)

    def _read(self, src: str, is_real: IsReal) -> bytes | None:
        """A file beside the notebook; a path that leads out of its folder is not followed."""
        if "://" in src or safe_url(src) is None:
            return None
        path = self._beside / unquote(src)
        inside = path.resolve().is_relative_to(self._beside.resolve())
        return _bytes(path, is_real) if inside else None


def _bytes(path: Path | None, is_real: IsReal) -> bytes | None:
    return _real(path.read_bytes(), is_real) if path is not None and path.is_file() else None


def _real(content: bytes, is_real: IsReal) -> bytes | None:
    """A notebook says what it likes of a file: ``.env`` is no video, whatever links to it."""
    return content if is_real(content) else None


def _is_mp4(content: bytes) -> bool:
    return content[4:8] == b"ftyp"


def _is_jpeg(content: bytes) -> bool:
    return content[:3] == b"\xff\xd8\xff"
