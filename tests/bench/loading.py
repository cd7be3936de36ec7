"""What a person waits for before anything is sent: loading, the first panel, the free checks."""

from __future__ import annotations

import ast
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import scenes
from tests.bench.figures import Figure, Series
from tests.bench.kernels import WIDGET, Kernel, kernel, sent_at
from tests.support.api_server import api_server

TIMED = """\
import time as _time
_shell = get_ipython()
_began = _time.perf_counter()
{code}
print((_time.perf_counter() - _began) * 1000)
"""

BARE = """\
import anywidget
class Bare(anywidget.AnyWidget):
    _esm = "export default { render({ el }) { el.textContent = 'here' } }"
display(Bare())
"""


def load_ext(folder: Path) -> list[Figure]:
    """``%load_ext kodisc_jupyter`` beside an extension with nothing in it, and ``import manim``."""
    (folder / "empty_extension.py").write_text("def load_ipython_extension(shell):\n    pass\n")
    asked = {
        "ours": "_shell.run_line_magic('load_ext', 'kodisc_jupyter')",
        "empty": "_shell.run_line_magic('load_ext', 'empty_extension')",
        "manim": "import manim",
    }
    took: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(9):
        for name, code in asked.items():
            if name == "manim" and turn > 2:
                continue
            with kernel(folder, "pass", PYTHONPATH=str(folder)) as fresh:
                took[name].append(float(fresh.said(TIMED.format(code=code))))
    ours, empty, manim = (Series.of(took[name]) for name in ("ours", "empty", "manim"))
    over = ours.median - empty.median
    return [
        Figure(
            "load_ext", "%load_ext kodisc_jupyter, fresh kernel", "ms", ours,
            "≤ 15 ms over the empty one", over <= 15, "an empty extension", empty,
            note=f"{over:.1f} ms over the empty one",
        ),
        Figure(
            "load_ext", "the same", "ms", ours, "", None, "import manim (registers %%manim)", manim
        ),
    ]  # fmt: skip


def first_panel(folder: Path) -> list[Figure]:
    """The first ``%%kodisc`` of a kernel until its panel's message leaves, with no key set."""
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(15):
        home = folder / str(turn)
        with api_server() as api:
            api.pose_as_local(home)
            with kernel(home, "%load_ext kodisc_jupyter", "pass") as fresh:
                took["ours"].append(until_widget(fresh, f"%%kodisc\n{scenes.numbered(turn)}"))
            with kernel(home, "pass", "pass") as fresh:
                took["bare"].append(until_widget(fresh, BARE))
    ours, bare = Series.of(took["ours"]), Series.of(took["bare"])
    return [
        Figure(
            "first_panel", "first %%kodisc until the panel leaves the kernel", "ms", ours,
            "≤ 1.5 ×", ours.median <= 1.5 * bare.median, "a bare anywidget display", bare,
        )
    ]  # fmt: skip


def until_widget(one: Kernel, cell: str) -> float:
    """Milliseconds from taking a cell up until a widget's display leaves the kernel."""
    request = one.ask(cell)
    one.until(lambda: one.of(request, "display_data", "error"))
    shown = one.of(request, "display_data")[0]
    assert WIDGET in shown["content"]["data"]
    return (sent_at(shown) - one.began(request)) * 1000


def checks(_: Path) -> list[Figure]:
    """All that is free, from the cell's text to the requests that would be sent, on 300 lines."""
    from kodisc_jupyter.notebook.line.options import Options
    from kodisc_jupyter.notebook.magics import KodiscMagics
    from kodisc_jupyter.notebook.prepare import CellContext, prepare

    cell = scenes.lines(300)
    settings = KodiscMagics()
    ours: list[float] = []
    peer: list[float] = []
    for turn in range(41):
        text = f"{cell}\n# {turn}\n"  # no two are the same: nothing can be remembered
        began = time.perf_counter()
        prepare(text, Options(), settings, CellContext(line="%%kodisc", namespace={}))
        between = time.perf_counter()
        ast.parse(text)
        ours.append((between - began) * 1000)
        peer.append((time.perf_counter() - between) * 1000)
    return [_checks(ours[1:], peer[1:], ours[0], cell.count("\n"))]


def _checks(ours: Sequence[float], peer: Sequence[float], first: float, lines: int) -> Figure:
    took = Series.of(ours)
    return Figure(
        "checks", f"free checks on {lines} lines", "ms", took, "≤ 20 ms", took.median <= 20,
        "ast.parse of the same", Series.of(peer), note=f"the first of a kernel: {first:.0f} ms",
    )  # fmt: skip
