"""``%kodisc export``: from a saved notebook to something that opens with nothing installed.

One HTML page with the videos inside, or a folder with a page and its videos as files. The videos
come from the notebook itself, from beside it, or from the media store; nothing is rendered.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.atomic_file import atomic_file
from kodisc_jupyter.notebook.commands.exported_page.figures import CARD, FIGURE, Figures
from kodisc_jupyter.notebook.commands.exported_page.page import Page, title_of
from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.source.cell_history import from_source
from kodisc_jupyter.notebook.source.notebook_file import notebook_path

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.renders.session import RenderSession

LARGE_PAGE_BYTES: Final = 50_000_000
"""Above this a page with its videos inside is slow to open and too large for most mail."""


_HOW_TO_SET: Final = 'pip install "kodisc-jupyter[export]" to have them set.'


class ExportError(KodiscError):
    """The notebook could not be exported; the notebook itself is untouched."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    ``links`` are the videos that still need the network, ``missing`` those that were not found.
    ``empty`` counts the ``%%kodisc`` cells without a result in the file, ``saved_at`` is when the
    file was saved (epoch seconds). ``formulas_as_text``: some could not be set.
    """

    page: Path
    videos: int
    links: tuple[str, ...]
    missing: tuple[str, ...]
    empty: int
    saved_at: float
    bytes: int
    formulas_as_text: bool = False

    def lines(self) -> Iterator[str]:
        """What to tell the person who asked."""
        videos = f"{self.videos} video{'' if self.videos == 1 else 's'}"
        yield f"Written: {self.page} ({self.bytes / 1e6:.1f} MB, {videos})"
        if self.empty:
            clock = time.strftime("%H:%M:%S", time.localtime(self.saved_at))
            cells = (
                "1 %%kodisc cell has" if self.empty == 1 else f"{self.empty} %%kodisc cells have"
            )
            yield (
                f"{cells} no video in the file, which was saved at {clock}: wait until everything "
                "is rendered, save the notebook (Ctrl-S), and export it again."
            )
        if self.links:
            yield f"Still links, which need the network: {', '.join(self.links)}"
        if self.missing:
            yield f"Not found, so not in the page: {', '.join(self.missing)}"
        if self.formulas_as_text:
            yield (
                "Some formulas stand as text, as they were typed: "
                + ("they use LaTeX that MathML lacks." if _can_set() else _HOW_TO_SET)
            )
        if self.bytes > LARGE_PAGE_BYTES:
            yield (
                f"More than {LARGE_PAGE_BYTES / 1e6:.0f} MB is slow to open and too much for most "
                "mail: %kodisc export --folder keeps the videos as files."
            )


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Write the page of a saved notebook, and say what became of each video."""
    notebook = Path(asked.notebook) if asked.notebook else this_notebook(kernel.settings.shell)
    notebook = notebook.expanduser().absolute()
    exported = export(
        notebook,
        page_path(notebook, asked.to, folder=asked.folder),
        folder=asked.folder,
        code=asked.code,
        drafts=not asked.no_drafts,
        session=kernel.session if kernel.has_journal else None,
    )
    for line in exported.lines():
        say(line)


def this_notebook(shell: Any) -> Path:
    """The file of the notebook that this kernel runs.

    Raises:
        ExportError: the front end does not tell it.
    """
    path = notebook_path(shell)
    if path is None:
        raise ExportError(
            "This front end does not say which notebook it is, or it was never saved.",
            hint="Save it and name the file: %kodisc export NOTEBOOK.ipynb",
        )
    return path


def page_path(notebook: Path, to: str | None, *, folder: bool) -> Path:
    """Where the page goes: ``to`` (a file, or a folder), else beside the notebook."""
    name = "index.html" if folder else f"{notebook.stem}.html"
    if to is None:
        return notebook.with_suffix("") / name if folder else notebook.with_name(name)
    page = Path(to).expanduser().absolute()
    is_folder = page.is_dir() or to.endswith(("/", "\\")) or (folder and not page.suffix)
    return page / name if is_folder else page


def export(
    notebook: Path,
    page: Path,
    *,
    folder: bool,
    session: RenderSession | None,
    code: bool = False,
    drafts: bool = True,
) -> Exported:
    """Write a page from a saved notebook.

    Args:
        notebook: the saved ``.ipynb`` file.
        page: the page to write.
        folder: keep the videos as files beside the page instead of inside it.
        session: where else a linked video may be on this machine.
        code: show the code, too, and what it printed.
        drafts: keep the transcripts that were made from the code.

    Raises:
        ExportError: the notebook cannot be read, nbconvert is missing, or a file cannot be written.
    """
    content = _read(notebook)

    def stored(job_id: str) -> Path | None:
        record = session.find(job_id) if session is not None else None
        return record.video if record is not None else None

    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        figures = Figures(notebook.parent, page.parent if folder else None, stored)
        made = Page(figures.move_files, code=code, drafts=drafts)
        html = made.html(content, title_of(content, notebook.stem))
        with atomic_file(page) as part:
            part.write_text(html, encoding="utf-8")
    except OSError as problem:
        raise ExportError(f"{page} cannot be written: {problem.strerror or problem}.") from None
    return Exported(
        page=page,
        videos=figures.count,
        links=tuple(figures.links),
        missing=tuple(figures.missing),
        empty=sum(map(_is_empty, content.cells)),
        saved_at=notebook.stat().st_mtime,
        bytes=page.stat().st_size,
        formulas_as_text=made.math.unset,
    )


def _read(notebook: Path) -> Any:
    try:
        import nbconvert  # noqa: F401 - without it there is no use in reading
        import nbformat
    except ImportError:
        raise ExportError(
            "nbconvert is not installed, so no page can be made.", hint="pip install nbconvert"
        ) from None
    try:
        return nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or f"{problem}".partition("\n")[0][:200]
        raise ExportError(f"{notebook} cannot be read as a notebook: {reason}.") from None


def _can_set() -> bool:
    return find_spec("latex2mathml") is not None


def _is_empty(cell: Any) -> bool:
    """A cell that renders, without a video, an error or a refusal in the file."""
    ours = from_source(cell.source) if cell.cell_type == "code" else None
    if ours is None:
        return False
    options = ours.options
    if options.check or options.help or options.rehearse or options.pictures:
        return False
    return not any(
        output.output_type == "error"
        or FIGURE in (html := "".join(output.get("data", {}).get("text/html", "")))
        or CARD in html
        for output in cell.outputs
    )
