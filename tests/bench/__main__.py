"""``make bench``: one table of what a person waits for, each figure beside its peer.

``python -m tests.bench NAME…`` measures only some; ``--list`` names them. The figures are printed
and written to ``build/bench.json``. Nothing here fails because a machine is slow.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import kodisc_jupyter
from tests.bench import cells, classroom, drawing, loading, pictures, rehearsals, renders, standing
from tests.bench.figures import Figure, table
from tests.bench.machine import line, machine

ROWS: Final[dict[str, Callable[[Path], list[Figure]]]] = {
    "load_ext": loading.load_ext,
    "first_panel": loading.first_panel,
    "own_time": cells.own_time,
    "checks": loading.checks,
    "completion": cells.completion,
    "rerun": cells.rerun,
    "messages": cells.messages,
    "bundle": cells.bundle,
    "open_jobs": standing.open_jobs,
    "memory": standing.memory,
    "small_scene": renders.small_scene,
    "run_all": renders.run_all,
    "run_all_warm": drawing.run_all_warm,
    "drawing": drawing.drawing,
    "first_picture": drawing.first_picture,
    "keys": drawing.keys,
    "rehearsal": rehearsals.rehearsal,
    "still": pictures.still,
    "classroom": classroom.classroom,
}


def main() -> None:
    """Measure, print, write."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    reader.add_argument("names", nargs="*", metavar="NAME", help="measure only these")
    reader.add_argument("--list", action="store_true", help="the names, and nothing else")
    reader.add_argument("--to", type=Path, default=Path("build/bench.json"), metavar="PATH")
    reader.add_argument("--quote", type=Path, metavar="PAGE", help="put the table into this page")
    asked = reader.parse_args()
    unknown = set(asked.names) - set(ROWS)
    if unknown:
        reader.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
    if asked.list:
        print("\n".join(ROWS))
        return
    about = machine()
    # An installed package is compiled; a checkout that was just edited is not.
    compileall.compile_dir(str(Path(kodisc_jupyter.__file__).parent), quiet=1)
    began = time.monotonic()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="kodisc-bench-", ignore_cleanup_errors=True) as folder:
        for name in asked.names or ROWS:
            at = time.monotonic()
            place = Path(folder) / name
            place.mkdir()
            figures += ROWS[name](place)
            print(f"[bench] {name}: {time.monotonic() - at:.0f} s", file=sys.stderr, flush=True)
    took = time.monotonic() - began
    text = f"{line(about)}\n\n{table(figures)}\n\nMeasured in {took:.0f} s."
    print(text)
    if asked.quote:
        quote(text, asked.quote)
    asked.to.parent.mkdir(parents=True, exist_ok=True)
    said = {"machine": about, "seconds": round(took, 1), "figures": [f.to_json() for f in figures]}
    asked.to.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def quote(text: str, page: Path) -> None:
    """Put the table between the marks of a Markdown page."""
    before, start, rest = page.read_text(encoding="utf-8").partition("<!-- bench:start -->\n")
    _, end, after = rest.partition("<!-- bench:end -->\n")
    if not start or not end:
        raise SystemExit(f"{page} has no place for the table")
    page.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
