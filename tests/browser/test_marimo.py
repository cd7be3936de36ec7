"""marimo: a class rendered in an app, with a panel while it is open and the video at the end."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.browser

LIMIT_MS = 180_000

NOTEBOOK = """\
import marimo

app = marimo.App()


@app.cell
def _():
    from manim import Circle, Create, Scene
    from kodisc_jupyter import render
    return Circle, Create, Scene, render


@app.cell
def _(Circle, Create, Scene):
    class Waited(Scene):
        def construct(self):
            self.next_section("Draw it")
            self.play(Create(Circle()), run_time=1)
            self.next_section("Look at it")
            self.wait()
    return (Waited,)


@app.cell
def _(Waited, render):
    waited = render(Waited, quality="low")
    return (waited,)


@app.cell
def _(render):
    GATED = {gated!r}
    render(GATED, quality="low", wait=False)
    return


if __name__ == "__main__":
    app.run()
"""
BREAKS = """

@app.cell
def _(Scene, render):
    class Breaks(Scene):
        def construct(self):
            1 / 0

    render(Breaks, quality="low")
    return


if"""


def write(folder, gated: str, more: str = "\n\nif") -> None:
    text = NOTEBOOK.format(gated=gated)
    (folder / "lesson.py").write_text(text.replace("\n\nif", more), encoding="utf-8")


def test_an_app_shows_panels_and_then_videos(chromium, tmp_path, fresh_journal, voila_tools, gate):
    write(tmp_path, gate.scene("Live", "self.play(Create(Square()), run_time=2)"))
    port, log = voila_tools.free_port(), tmp_path / "marimo.log"
    command = [*(sys.executable, "-m", "marimo", "run", "lesson.py", "--headless", "--no-token")]
    with log.open("w") as log_file:
        server = subprocess.Popen(
            [*command, f"--port={port}"],
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
        page.locator("figure.kodisc-video video").first.wait_for(state="attached")
        page.locator(".kodisc-panel[data-phase=running]").wait_for()
        gate.open()
        video = page.locator(".kodisc-panel[data-phase=completed] video")
        video.wait_for(state="attached")
        figure = page.locator("figure.kodisc-video").filter(has_text="Look at it")
        figure.get_by_role("button", name="Look at it").click()
        page.wait_for_function(
            "(figure) => figure.querySelector('video').currentTime >= 1",
            arg=figure.element_handle(),
        )
    finally:
        gate.open()
        voila_tools.end(server)


def test_an_exported_page_has_the_video_and_a_failure_says_its_line(
    tmp_path, fresh_journal, voila_tools
):
    write(tmp_path, "from manim import *\nclass A(Scene):\n    def construct(self): pass\n", BREAKS)
    done = subprocess.run(
        [sys.executable, "-m", "marimo", "export", "html", "lesson.py", "-o", "page.html"],
        cwd=tmp_path,
        env={**voila_tools.clean_environment(tmp_path, fresh_journal), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=LIMIT_MS / 1000,
        check=False,
    )
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert r"figure class=\"kodisc-video\"" in page, done.stderr
    assert re.search(r"video src=\\\"data:video/mp4;base64,", page)
    assert "Kodisc error, line 3:" in page
    assert "Breaks failed to render: ZeroDivisionError" in done.stderr
