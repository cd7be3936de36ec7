"""The panel and the video in a real JupyterLab."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.browser

WIDGET = "application/vnd.jupyter.widget-view+json"


def cell(gate) -> str:
    dots = "VGroup(*[Dot(radius=0.3) for _ in range(3)]).arrange(RIGHT)"
    appear = f"self.play(LaggedStart(*[FadeIn(dot, scale=3) for dot in {dots}]), run_time=3)"
    return f"%%kodisc HelloKodisc -ql --force\n{gate.scene('HelloKodisc', appear)}"


PICTURES = """\
%%kodisc -ql --still --storyboard --alt "A circle becomes a square."
from manim import *


class Shown(Scene):
    def construct(self):
        circle = Circle()
        self.play(Create(circle))
        self.play(Transform(circle, Square()))
        self.wait()
"""


def pictures_in(output) -> None:
    """A still of its full size, and a storyboard in a grid: both are seen, and described."""
    still = output.locator("figure.kodisc-still img")
    still.wait_for()
    assert still.evaluate("async img => (await img.decode(), img.naturalWidth)") == 854
    assert still.get_attribute("alt") == "A circle becomes a square."
    tiles = output.locator("figure.kodisc-storyboard img")
    assert tiles.count() == 2
    boxes = [tiles.nth(n).bounding_box() for n in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"], "the pictures stand side by side"
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert "line 9" in output.locator("figure.kodisc-storyboard").inner_text()


def play_chapter(notebook) -> None:
    """The chapter under the video plays it from there."""
    notebook.output(1).get_by_role("button", name="0:02 Half").click()
    notebook.page.wait_for_function(
        "document.querySelector('figure.kodisc-video video').currentTime >= 2"
    )


def test_phases_to_a_playing_video_that_survives_reopening(
    notebook_page, lab, make_untrusted, gate
):
    playing = cell(gate).replace(" --force", " --force --autoplay --loop")
    half = "run_time=2); self.next_section('Half'); self.wait(1)"
    playing = playing.replace("run_time=3)", half)
    path = lab.write("spine.ipynb", "%load_ext kodisc_jupyter", playing, "print(6 * 7)", PICTURES)
    notebook = notebook_page(motion=True)
    notebook.open("spine.ipynb")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    panel = notebook.output(1).locator(".kodisc-panel")
    panel.wait_for(state="visible")
    # The kernel is free while the scene renders: another cell runs to its end.
    notebook.run(2)
    notebook.output(2).get_by_text("42").wait_for()
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    gate.open()
    video = notebook.video(1)
    assert video.evaluate("v => v.duration") == pytest.approx(3.0, abs=0.2)
    assert video.evaluate("v => [v.videoWidth, v.videoHeight]") == [854, 480]
    video.scroll_into_view_if_needed()
    notebook.page.wait_for_function(
        "v => v.currentTime > 0.2 && !v.paused", arg=video.element_handle()
    )
    play_chapter(notebook)
    phases = notebook.phases()
    assert phases[0] in {"checking", "submitting", "queued"}
    assert "running" in phases
    notebook.run(3)
    pictures_in(notebook.output(3))
    assert notebook.complaints == []

    notebook.save()
    notebook.end_kernel()
    saved = lab.read("spine.ipynb")
    kinds = {kind for cell in saved.cells for o in cell.outputs for kind in o.get("data", {})}
    assert WIDGET not in kinds
    make_untrusted(path, "untrusted.ipynb")
    for name in ("spine.ipynb", "untrusted.ipynb"):
        again = notebook_page()
        again.open(name)
        video = again.video(1)
        assert video.evaluate("v => v.duration") == pytest.approx(3.0, abs=0.2)
        pictures_in(again.output(3))
        if name == "spine.ipynb":  # an untrusted one does not play by itself anyway
            video.scroll_into_view_if_needed()
            again.page.wait_for_function(
                """() => { const v = document.querySelector('figure.kodisc-video video');
                     return v?.paused && !v.autoplay && !v.loop; }"""
            )
        play_chapter(again)
        assert "model not found" not in again.output(1).inner_text().lower()


def test_without_the_extension_a_reloaded_page_plays_the_video_and_says_how_to_keep_it(
    notebook_page, lab, gate
):
    lab.write("reload.ipynb", "%load_ext kodisc_jupyter", cell(gate))
    notebook = notebook_page(own=True)
    notebook.page.route("**/extensions/kodisc-jupyter/**", lambda route: route.abort())
    notebook.open("reload.ipynb")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    notebook.save()
    notebook.page.reload()
    notebook.open("reload.ipynb")
    # This page never hears of the replaced output: the panel itself shows the end.
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    gate.open()
    panel = notebook.output(1).locator(".kodisc-panel[data-phase=completed]")
    notebook.page.wait_for_function(
        "v => v.readyState >= 2 && Math.abs(v.duration - 3) < 0.2",
        arg=panel.locator("video").element_handle(),
    )
    panel.get_by_text("Not in the notebook yet").wait_for()


def test_an_end_that_was_lost_on_its_way_is_asked_for(notebook_page, lab, gate):
    """A Jupyter server drops what a kernel sends beyond its rate: here it is the very end."""
    lost = []
    ends = {b'"phase": "completed"', b"update_display_data"}

    def lossy(socket):
        server = socket.connect_to_server()

        def pass_on(message):
            content = message if isinstance(message, bytes) else message.encode()
            for end in ends:
                if end in content and end not in lost:
                    lost.append(end)
                    return
            socket.send(message)

        server.on_message(pass_on)

    path = lab.write("lost.ipynb", "%load_ext kodisc_jupyter", cell(gate))
    notebook = notebook_page(own=True)
    notebook.page.route_web_socket(re.compile("/channels"), lossy)
    notebook.open("lost.ipynb")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    gate.open()
    assert notebook.video(1).evaluate("v => v.duration") == pytest.approx(3.0, abs=0.2)
    assert set(lost) == ends
    notebook.save()
    kinds = {kind for o in lab.read(path.name).cells[1].outputs for kind in o.get("data", {})}
    assert "text/html" in kinds
    assert WIDGET not in kinds


def test_buttons_answer_at_once_while_the_kernel_is_busy(notebook_page, lab, gate):
    busy = gate.another("busy")
    cells = [cell(gate), busy.cell("print('free')")]
    lab.write("busy.ipynb", "%load_ext kodisc_jupyter", *cells)
    notebook = notebook_page()
    notebook.open("busy.ipynb")
    notebook.kernel_ready()
    notebook.run(0)
    notebook.run(1)
    panel = notebook.output(1).locator(".kodisc-panel")
    notebook.output(1).locator(".kodisc-panel[data-phase=running]").wait_for()
    notebook.run(2)
    panel.get_by_role("button", name="Stop watching").click()
    panel.get_by_text("when it is free").wait_for()
    busy.open()
    notebook.output(2).get_by_text("free").wait_for()
    notebook.output(1).get_by_text("the job goes on").first.wait_for()
    gate.open()
    assert notebook.complaints == []


def test_a_mistake_stops_run_all_and_is_kept_in_the_saved_notebook(notebook_page, lab, gate):
    lab.write(
        "mistake.ipynb",
        "%load_ext kodisc_jupyter",
        cell(gate).replace("%%kodisc HelloKodisc", "%%kodisc HeloKodisc"),
        "print('went on')",
    )
    notebook = notebook_page()
    notebook.open("mistake.ipynb")
    notebook.kernel_ready()
    notebook.run_all()
    notebook.output(1).get_by_text("Did you mean HelloKodisc?").wait_for()
    notebook.kernel_ready()
    assert "went on" not in notebook.output(2).all_inner_texts()
    notebook.save()
    (error,) = lab.read("mistake.ipynb").cells[1].outputs
    assert error.output_type == "error"
    assert "Did you mean HelloKodisc?" in json.dumps(error)


def test_run_all_on_thirty_cells_ends_with_thirty_videos(notebook_page, lab):
    cells = [
        f"%%kodisc S{n} -ql\nfrom manim import *\n\n\nclass S{n}(Scene):\n"
        f"    def construct(self):\n        self.add(Text('{n}'))\n        self.wait(0.2)\n"
        for n in range(30)
    ]
    lab.write("thirty.ipynb", "%load_ext kodisc_jupyter", *cells)
    notebook = notebook_page()
    notebook.open("thirty.ipynb")
    notebook.kernel_ready()
    notebook.run_all()
    notebook.page.wait_for_function(
        """() => { const model = window.jupyterapp.shell.currentWidget.content.model;
             let done = 0;
             for (const cell of model.cells) {
               const outputs = cell.outputs ?? {length: 0};
               for (let i = 0; i < outputs.length; i++) {
                 const html = outputs.get(i).data['text/html'];
                 if (html && String(html).includes('kodisc-video')) done += 1;
               }
             }
             return done === 30; }""",
        timeout=300_000,
    )
    assert notebook.complaints == []


class Refusal(BaseHTTPRequestHandler):
    """An API that refuses everything at once, for want of credits."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"error": "insufficient_credits", "required": 42, "available": 0}'
        self.send_response(402)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


def test_a_render_that_is_refused_is_no_error_of_the_page(notebook_page, lab, gate):
    """anywidget gives a model two seconds to load, and complains of one that is closed then."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        key, url = "kdsc_live_" + "5e" * 24, f"http://127.0.0.1:{server.server_port}/api/v2"
        surroundings = {"KODISC_KEY": key, "KODISC_BASE_URL": url}
        lab.write(
            "refused.ipynb",
            f"import os\nos.environ.update({surroundings!r})\n%load_ext kodisc_jupyter",
            *[
                cell(gate).replace(" -ql", f" -ql --fps {fps} --no-rehearsal")
                for fps in (15, 24, 30)
            ],
        )
        notebook = notebook_page()
        notebook.open("refused.ipynb")
        notebook.kernel_ready()
        notebook.run(0)
        for at in range(1, 4):
            notebook.run(at)
            notebook.output(at).get_by_text("InsufficientCreditsError").first.wait_for()
        notebook.page.evaluate(
            "new Promise(over => AbortSignal.timeout(2500).addEventListener('abort', over))"
        )
        server.shutdown()
    assert notebook.complaints == []
