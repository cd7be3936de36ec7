"""Voilà: a dashboard made of a notebook with a finished and a live render."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest

pytestmark = pytest.mark.browser

LIMIT_MS = 180_000

FINISHED = """\
%%kodisc Finished -ql --wait
from manim import *


class Finished(Scene):
    def construct(self):
        self.next_section("Round")
        self.play(Create(Circle()), run_time=0.6)
        self.next_section("Square")
        self.play(Create(Square()), run_time=0.4)
"""


def test_voila_shows_a_finished_and_a_live_render(
    chromium, tmp_path, fresh_journal, voila_tools, gate
):
    live = gate.scene("Live", "self.play(Create(Square()), run_time=2)")
    cells = ["%load_ext kodisc_jupyter", FINISHED, f"%%kodisc Live -ql\n{live}"]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(notebook, tmp_path / "dashboard.ipynb")
    port, log = voila_tools.free_port(), tmp_path / "voila.log"
    with log.open("w") as log_file:
        server = subprocess.Popen(
            [sys.executable, "-m", "voila", "--no-browser", f"--port={port}", "dashboard.ipynb"],
            cwd=tmp_path,
            stdout=log_file,
            stderr=log_file,
            env=voila_tools.clean_environment(tmp_path, fresh_journal),
        )
    try:
        voila_tools.wait_until_listening(port, server, log)
        page = chromium.new_page()
        page.set_default_timeout(LIMIT_MS)
        page.goto(f"http://127.0.0.1:{port}/", wait_until="domcontentloaded", timeout=LIMIT_MS)
        finished = page.locator("figure.kodisc-video video, [data-phase=completed] video").first
        finished.wait_for(state="attached")
        page.locator(".kodisc-panel[data-phase=running]").wait_for()
        gate.open()
        page.wait_for_function(
            """() => [...document.querySelectorAll('video')]
                 .some(v => v.readyState >= 1 && Math.abs(v.duration - 2) < 0.15)"""
        )
        page.wait_for_function(
            """() => [...document.querySelectorAll('video')]
                 .some(v => v.readyState >= 1 && Math.abs(v.duration - 1) < 0.15)"""
        )
        page.get_by_role("button", name="Square").click()
        page.wait_for_function(
            """() => [...document.querySelectorAll('figure.kodisc-video')]
                 .some(f => f.querySelector('ol') && f.querySelector('video').currentTime >= 0.6)"""
        )
        page.close()
    finally:
        voila_tools.end(server)
