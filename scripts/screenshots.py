"""Take the README's pictures from the real thing: ``python scripts/screenshots.py``.

A real JupyterLab in headless Chromium, a real kernel, real renders by Manim on this machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
from playwright.sync_api import Page, sync_playwright

from kodisc_jupyter.renders import local_server

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
LIMIT_MS = 120_000
SCENE = """\
%%kodisc Waves -q low
from manim import *


class Waves(Scene):
    def construct(self):
        axes = Axes(x_range=[0, 7], y_range=[-1.5, 1.5], x_length=11, y_length=5)
        wave = axes.plot(np.sin, color=BLUE)
        dot = Dot(color=YELLOW, radius=0.15).move_to(wave.get_start())
        self.play(Create(axes), run_time=1)
        self.play(Create(wave), MoveAlongPath(dot, wave), run_time=3)
        self.wait()
"""
MISTAKE = SCENE.replace("Create(axes)", "Creat(axes)").replace("Waves", "Mistake")
WANTED = {"light": ("panel", "error"), "dark": ("video",)}


def main() -> None:
    """Take the three pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for theme in WANTED:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                port, server = start_lab(folder)
                page = browser.new_page(viewport={"width": 900, "height": 1200})
                page.set_default_timeout(LIMIT_MS)
                try:
                    take(page, port, folder, theme)
                finally:
                    page.close()
                    server.terminate()
                    server.wait()
                    local_server.stop(folder / "kodisc")
        browser.close()


def start_lab(folder: Path) -> tuple[int, subprocess.Popen[bytes]]:
    """A JupyterLab of its own, with nobody's settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KODISC_", "JUPYTER"))}
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", "--ServerApp.token=", "--ServerApp.password="),
            *(f"--ServerApp.root_dir={folder}", "--expose-app-in-browser", "--LabApp.news_url="),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **kept,
            "KODISC_HOME": str(folder / "kodisc"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        },
    )
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/status", timeout=5):
                return port, server
        except (URLError, OSError):
            time.sleep(0.1)


def take(page: Page, port: int, folder: Path, theme: str) -> None:
    """Run the cells in one theme and photograph their outputs."""
    name = f"{theme}.ipynb"
    cells = ["%load_ext kodisc_jupyter", SCENE, MISTAKE]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": spec}
    )
    nbformat.write(notebook, folder / name)
    page.goto(f"http://127.0.0.1:{port}/doc/tree/{name}?reset", wait_until="domcontentloaded")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("window.jupyterapp !== undefined")
    page.add_style_tag(content=".Toastify { display: none }")  # JupyterLab's own news
    if theme == "dark":
        execute(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
        page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    page.wait_for_function(
        "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    execute(page, "notebook:run-all-cells")
    cell = page.locator(".jp-Notebook .jp-CodeCell")

    def photograph(what: str, index: int) -> None:
        if what in WANTED[theme]:
            cell.nth(index).screenshot(path=IMAGES / f"{what}-{theme}.png")

    if "panel" in WANTED[theme]:  # half-way, when there is something to see
        page.wait_for_function(
            """() => { const panel = document.querySelector('.kodisc-panel[data-phase=running]');
                 const seen = panel?.querySelector('img.kodisc-preview');
                 return seen && panel.dataset.progress > 30; }"""
        )
    photograph("panel", 1)
    video = cell.nth(1).locator("figure.kodisc-video video")
    video.wait_for()
    video.evaluate(
        "v => new Promise(seen => { v.onseeked = seen; v.currentTime = 0.7 * v.duration; })"
    )
    page.wait_for_function("v => v.readyState === 4", arg=video.element_handle())
    page.mouse.move(0, 0)
    photograph("video", 1)
    cell.nth(2).get_by_text("Did you mean").wait_for()
    photograph("error", 2)


def execute(page: Page, command: str, arguments: dict[str, str] | None = None) -> None:
    """A command of JupyterLab; not waited for, because some end only when the kernel is done."""
    page.evaluate(
        "([name, args]) => { window.jupyterapp.commands.execute(name, args); }",
        [command, arguments or {}],
    )


if __name__ == "__main__":
    main()
