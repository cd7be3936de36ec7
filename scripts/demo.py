"""Render the quickstart notebook for real with no key, into ``build/demo/``: ``make demo``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from kodisc_jupyter.renders import local_server

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "notebooks" / "01_quickstart.ipynb"
OUT = ROOT / "build" / "demo"


def say(text: str) -> None:
    """One line of progress."""
    print(f"[demo] {text}", flush=True)


def announce(cell: nbformat.NotebookNode, cell_index: int) -> None:
    """Name the cell that starts, when it renders something."""
    if cell.cell_type == "code" and cell.source.startswith("%%kodisc"):
        say(f"cell {cell_index + 1}: {cell.source.splitlines()[0].partition(' --alt')[0]}")


def main() -> int:
    """Execute, convert, and say how to open what came of it."""
    OUT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    notebook = nbformat.read(SOURCE, as_version=4)
    client = NotebookClient(
        notebook, timeout=None, on_cell_start=announce, resources={"metadata": {"path": str(OUT)}}
    )
    try:
        client.execute()
    except CellExecutionError as problem:
        say(f"a cell failed:\n{problem}")
        return 1
    finally:
        local_server.stop(Path(os.environ["KODISC_HOME"]))
        nbformat.write(notebook, OUT / SOURCE.name)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    html = OUT / f"{SOURCE.stem}.html"
    html.write_text(page, encoding="utf-8")
    videos = page.count("<video ")
    say(f"{videos} videos rendered by Manim on this machine in {time.monotonic() - began:.0f} s")
    say(f"the page:      open {html.relative_to(ROOT)} in a browser (it needs nothing else)")
    say(f"the notebook:  {(OUT / SOURCE.name).relative_to(ROOT)}")
    say("to go on:      make lab   (JupyterLab on notebooks/)")
    return 0 if videos else 1


if __name__ == "__main__":
    sys.exit(main())
