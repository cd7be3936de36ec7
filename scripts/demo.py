"""Render the quickstart notebook for real with no key, into ``build/demo/``: ``make demo``.

Another folder may be named: ``python scripts/demo.py FOLDER``.
"""

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


def main(out: Path = OUT) -> int:
    """Execute, convert, and say how to open what came of it."""
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    notebook = nbformat.read(SOURCE, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=None,
        on_cell_start=announce,
        resources={"metadata": {"path": str(out)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # a note on TCP would only alarm
    )
    try:
        client.execute()
    except CellExecutionError as problem:
        say(f"a cell failed:\n{problem}")
        return 1
    finally:
        local_server.stop(Path(os.environ["KODISC_HOME"]))
        nbformat.write(notebook, out / SOURCE.name)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    html = out / f"{SOURCE.stem}.html"
    html.write_text(page, encoding="utf-8")
    videos = page.count("<video ")
    say(f"{videos} videos rendered by Manim on this machine in {time.monotonic() - began:.0f} s")
    say(f"the page:      open {shown(html)} in a browser (it needs nothing else)")
    say(f"the notebook:  {shown(out / SOURCE.name)}")
    say("to go on:      make lab   (JupyterLab on notebooks/)")
    return 0 if videos else 1


def shown(path: Path) -> Path:
    """A path as a person would type it from the clone's folder."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
