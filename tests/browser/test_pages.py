"""Pages made of executed notebooks, opened from a folder with no server and no network."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import av
import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.render]

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_MS = 120_000
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def environment(tmp_path):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KODISC_")}
    return {**kept, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}


def durations_on(chromium, page_file: Path) -> list[float]:
    """The durations of a page's videos, as a browser without any network plays them."""
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        page.goto(page_file.as_uri(), wait_until="commit")
        page.wait_for_function(
            """() => { const videos = [...document.querySelectorAll('figure.kodisc-video video')];
                 return videos.length > 0 && videos.every(v => v.readyState >= 2); }""",
            timeout=LIMIT_MS,
        )
        return page.eval_on_selector_all(
            "figure.kodisc-video video", "vs => vs.map(v => v.duration)"
        )
    finally:
        context.close()


def test_the_demo_leaves_a_notebook_and_a_page_with_playing_videos(chromium, environment, tmp_path):
    out = tmp_path / "demo"
    done = subprocess.run(  # which stops the server that it has started
        [sys.executable, ROOT / "scripts" / "demo.py", out],
        env={**environment, "KODISC_HOME": str(tmp_path / "kodisc")},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "make lab" in done.stdout
    notebook = nbformat.read(out / "01_quickstart.ipynb", as_version=4)
    seen = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert WIDGET not in output.get("data", {})
            found = re.search(
                r'<video src="data:video/mp4;base64,([^"]+)"',
                output.get("data", {}).get("text/html", ""),
            )
            if found:
                video = av.open(io.BytesIO(base64.b64decode(found[1])))
                stream = video.streams.video[0]
                assert stream.codec_context.name == "h264"
                expected = cell.metadata.get("kodisc_size", [854, 480])
                assert [stream.width, stream.height] == expected
                assert stream.average_rate == cell.metadata.get("kodisc_fps", 15)
                assert video.duration / av.time_base == pytest.approx(
                    cell.metadata["kodisc_seconds"], rel=0.1
                )
                seen.append(cell.metadata["kodisc_seconds"])
    assert len(seen) == 3
    assert durations_on(chromium, out / "01_quickstart.html") == [
        pytest.approx(seconds, rel=0.1) for seconds in seen
    ]


def test_nbconvert_execute_makes_a_page_with_the_playing_video(
    chromium, environment, tmp_path, fresh_journal
):
    scene = (
        "%%kodisc -ql\nfrom manim import *\n\n\nclass HelloKodisc(Scene):\n"
        "    def construct(self):\n        self.play(Create(Circle()), run_time=1)\n"
    )
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in ("%load_ext kodisc_jupyter", scene)]
    )
    nbformat.write(notebook, tmp_path / "hello.ipynb")
    subprocess.run(
        [
            *(sys.executable, "-m", "jupyter", "nbconvert"),
            "--execute",
            "--to",
            "html",
            "hello.ipynb",
        ],
        cwd=tmp_path,
        env={**environment, "KODISC_HOME": str(fresh_journal)},
        check=True,
        timeout=300,
    )
    assert durations_on(chromium, tmp_path / "hello.html") == [pytest.approx(1.0, abs=0.15)]
