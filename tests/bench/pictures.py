"""How long a still takes on a warm server: by itself, and after the last move of a slider."""

from __future__ import annotations

import os
import time
from pathlib import Path

from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.line.cell_line import parse
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.source.cell_history import NotebookCell
from kodisc_jupyter.notebook.studio.preview import Choice, Preview
from kodisc_jupyter.renders import local_server
from tests.bench.figures import Figure, Series

CELL = """\
from manim import *


class Pace(Scene):
    def construct(self):
        circle = Circle(radius=size)
        self.play(Create(circle))
        self.play(circle.animate.shift(RIGHT))
        self.wait()
"""
TIMES = 10
MOVES, EVERY_S = 20, 0.03
"""A slider that is dragged for about half a second."""

GOAL_S = 0.3


class Slider:
    """Moves of a slider, and when the newest picture was shown."""

    def __init__(self, kernel: KernelState) -> None:
        self._preview = Preview(kernel, self._shown)
        self._at = 0.0

    def _shown(self, html: str) -> None:
        assert "kodisc-still" in html, html
        self._at = time.perf_counter()

    def seconds(self, moves: int) -> float:
        """From the last of some moves to its picture."""
        options = parse("Pace --with size")._replace(wait=False)
        for number in range(moves):
            began = time.perf_counter()
            size = {"size": 1 + number / 50}
            self._preview.ask(Choice(NotebookCell(CELL), "Pace", options, size))
            if number < moves - 1:
                time.sleep(EVERY_S)
        while not self._preview.is_idle:
            time.sleep(0.001)
        return self._at - began


def still(folder: Path) -> list[Figure]:
    """Stills at low quality, one by one and behind a slider that is dragged."""
    os.environ["KODISC_HOME"] = str(folder)
    kernel = KernelState(KodiscMagics())
    try:
        slider = Slider(kernel)
        for _ in range(TIMES):  # until the server is warm
            slider.seconds(1)
        alone = [slider.seconds(1) for _ in range(TIMES)]
        dragged = [slider.seconds(MOVES) for _ in range(TIMES)]
    finally:
        kernel.close()
        local_server.stop(folder)
    return [
        Figure(
            "still", "a still, warm server, low quality (median)", "s", Series.of(alone),
            "≤ 0.3", Series.of(alone).median <= GOAL_S,
        ),
        Figure(
            "still", f"from the last of {MOVES} moves of a slider to its still (median)", "s",
            Series.of(dragged), "≤ 0.3", Series.of(dragged).median <= GOAL_S,
        ),
    ]  # fmt: skip
