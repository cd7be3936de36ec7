"""The notebook's ``%%kodisc`` cells: those that were run, and those in the saved file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.notebook.line.cell_line import parse
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.line.values import OptionError
from kodisc_jupyter.notebook.source.notebook_file import notebook_path

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState

MAGIC: Final = "%%kodisc"


@dataclass(frozen=True)
class NotebookCell:
    """A cell's code below the magic's line, and the options on that line."""

    code: str
    options: Options = field(default_factory=Options)

    def scenes(self) -> tuple[str, ...]:
        """The Scene classes that the cell defines."""
        from kodisc_jupyter.scene.checks import find_scenes

        return tuple(find_scenes(self.code))


def from_source(source: str) -> NotebookCell | None:
    """A ``%%kodisc`` cell read from its whole text; ``None`` for other cells and bad lines."""
    line, _, code = source.lstrip().partition("\n")
    magic, _, options = line.partition(" ")
    if magic.strip() != MAGIC:
        return None
    try:
        return NotebookCell(code, parse(options))
    except OptionError:
        return None


def notebook_cells(kernel: KernelState) -> list[NotebookCell]:
    """What Studio can choose from; a cell that was run goes before its saved text."""
    saved: list[NotebookCell] = []
    path = notebook_path(kernel.settings.shell)
    if path is not None:
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        except (OSError, ValueError, KeyError, TypeError):
            sources = []
        saved = [cell for source in sources if (cell := from_source(source))]
    history = getattr(kernel.settings.shell, "history_manager", None)
    typed = history.input_hist_raw if history is not None else ()
    ran = [cell for source in typed if (cell := from_source(source))]
    return [*saved, *ran]
