"""``%kodisc export``: from a saved notebook to something that opens with nothing installed.

One HTML page with the videos inside, or a folder with a page and its videos as files. The videos
come from the notebook itself, from beside it, or from the media store; nothing is rendered.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.cells import notebook_path
from kodisc_jupyter.notebook.links import data_url, is_embedded

if TYPE_CHECKING:
    from kodisc_jupyter.renders.session import RenderSession

LARGE_PAGE_BYTES: Final = 50_000_000
"""Above this a page with its videos inside is slow to open and too large for most mail."""

_VIDEO: Final = re.compile(r'(<video src=")([^"]*)(")')
_JOB: Final = re.compile(r"job ([A-Za-z0-9_.-]+)")


class ExportError(KodiscError):
    """The notebook could not be exported; the notebook itself is untouched."""


@dataclass(frozen=True)
class Exported:
    """What was written: the page, how many videos are in it, and which are still links."""

    page: Path
    videos: int
    links: tuple[str, ...]
    bytes: int

    def lines(self) -> Iterator[str]:
        """What to tell the person who asked."""
        yield f"Written: {self.page} ({self.bytes / 1e6:.1f} MB, {self.videos} videos)"
        if self.links:
            yield f"Still links, which need the network: {', '.join(self.links)}"
        if self.bytes > LARGE_PAGE_BYTES:
            yield "That is a large page; %kodisc export --folder keeps the videos as files."


def this_notebook(shell: Any) -> Path:
    """The file of the notebook that this kernel runs.

    Raises:
        ExportError: the front end does not tell it.
    """
    path = notebook_path(shell)
    if path is None:
        raise ExportError(
            "This front end does not say which notebook it is.",
            hint="Name the saved file: %kodisc export NOTEBOOK.ipynb",
        )
    return path


def export(
    notebook: Path, to: Path | None, *, folder: bool, session: RenderSession | None
) -> Exported:
    """Write a page from a saved notebook.

    Args:
        notebook: the saved ``.ipynb`` file.
        to: the page to write; by default beside the notebook, in a folder of its name with
            ``folder``.
        folder: keep the videos as files beside the page instead of inside it.
        session: where else a linked video may be on this machine.

    Raises:
        ExportError: the notebook cannot be read, nbconvert is missing, or a file cannot be written.
    """
    try:
        import nbformat
        from nbconvert import HTMLExporter
    except ImportError:
        raise ExportError(
            "nbconvert is not installed, so no page can be made.", hint="pip install nbconvert"
        ) from None
    try:
        content: Any = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as problem:
        raise ExportError(f"{notebook} cannot be read as a notebook: {problem}") from None
    page = to or (
        notebook.with_suffix("") / "index.html" if folder else notebook.with_suffix(".html")
    )
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        put = _Videos(notebook.parent, page.parent if folder else None, session)
        for output in _html_outputs(content):
            output["text/html"] = put.into("".join(output["text/html"]))
        html, _ = HTMLExporter().from_notebook_node(content)  # type: ignore[no-untyped-call]
        scratch = page.with_name(f".{page.name}.part")
        scratch.write_text(html, encoding="utf-8")
        scratch.replace(page)
    except OSError as problem:
        raise ExportError(f"{page} cannot be written: {problem.strerror or problem}") from None
    return Exported(page, put.count, tuple(put.links), page.stat().st_size)


def _html_outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "kodisc-video" in "".join(data.get("text/html", "")):
                yield data


class _Videos:
    """Puts each video where the page will find it."""

    def __init__(self, beside: Path, folder: Path | None, session: RenderSession | None) -> None:
        self._beside = beside
        self._folder = folder
        self._session = session
        self.count = 0
        self.links: list[str] = []

    def into(self, html: str) -> str:
        """The figure's HTML with its video's new address."""
        job = _JOB.search(html)
        job_id = job[1] if job else ""
        return _VIDEO.sub(lambda found: self._placed(found, job_id), html)

    def _placed(self, found: re.Match[str], job_id: str) -> str:
        src = unescape(found[2])
        content = self._content(src, job_id)
        self.count += 1
        if content is None:
            self.links.append(src)
            return found[0]
        if self._folder is None:
            return f"{found[1]}{data_url(content, 'video/mp4')}{found[3]}"
        name = f"video-{self.count:02}.mp4"
        (self._folder / name).write_bytes(content)
        return f"{found[1]}{escape(quote(name))}{found[3]}"

    def _content(self, src: str, job_id: str) -> bytes | None:
        """The video's bytes: from the notebook, from beside it, or from the media store."""
        if is_embedded(src):
            return base64.b64decode(src.partition(",")[2])
        places = []
        if "://" not in src:
            places.append(self._beside / unquote(src))
        record = self._session.find(job_id) if self._session and job_id else None
        if record is not None and record.video is not None:
            places.append(record.video)
        for place in places:
            if place.is_file():
                return place.read_bytes()
        return None
