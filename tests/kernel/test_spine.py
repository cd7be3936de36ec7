"""From a cell to a real video: unattended, interactive, and in a terminal."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys

import av
import pytest

from kodisc_jupyter.renders import local_server

HELLO = """\
from manim import *


class HelloKodisc(Scene):
    def construct(self):
        print("a < b & so on")
        self.play(Create(Circle()), run_time=0.6)
        self.wait(0.4)
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def embedded_video(html: str) -> av.container.InputContainer:
    found = re.search(r'<video src="data:video/mp4;base64,([^"]+)"', html)
    assert found, html[:500]
    return av.open(io.BytesIO(base64.b64decode(found[1])))


def seconds(video: av.container.InputContainer) -> float:
    return video.duration / av.time_base


def test_an_unattended_cell_ends_with_a_real_video_and_no_widget(run_notebook, kodisc_home):
    done = run_notebook(f"%%kodisc HelloKodisc -ql\n{HELLO}", home=kodisc_home)
    video = embedded_video(done.html(1))
    stream = video.streams.video[0]
    assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 854, 480)
    assert stream.average_rate == 15
    assert seconds(video) == pytest.approx(1.0, abs=0.15)
    assert WIDGET not in done.mime_types()
    assert "figure" in done.html(1)
    assert "kodisc-video" in done.html(1)
    assert "widgets" not in done.notebook.metadata
    assert "free on this machine" in done.text(1)
    assert "The scene printed:\na < b & so on" in done.text(1)
    assert "The scene printed:<br>a &lt; b &amp; so on</div>" in done.html(1)


def test_quality_aspect_and_fps_shape_the_video(run_notebook, kodisc_home):
    done = run_notebook(f"%%kodisc -q low -a 9:16 --fps 24\n{HELLO}", home=kodisc_home)
    stream = embedded_video(done.html(1)).streams.video[0]
    assert (stream.width, stream.height, stream.average_rate) == (480, 854, 24)


def test_an_interactive_cell_returns_at_once_and_the_panel_becomes_the_video(
    start_kernel, kodisc_home
):
    kernel = start_kernel(kodisc_home)
    request = kernel.run(f"%%kodisc HelloKodisc -ql --force\n{HELLO}")
    (display_id,) = kernel.displayed(request)
    first = kernel.of(request, "display_data")[0]["content"]["data"]
    assert WIDGET in first
    assert "text/html" not in first
    assert "HelloKodisc" in first["text/plain"]
    # The cell is over, and another one runs, before the video is there.
    assert kernel.stdout(kernel.run("print(6 * 7)")) == "42\n"
    final = kernel.final(request)
    assert WIDGET not in final
    assert seconds(embedded_video(final["text/html"])) == pytest.approx(1.0, abs=0.15)
    panel = kernel.comms[first[WIDGET]["model_id"]]
    assert panel["phase"] == "completed"
    assert display_id in kernel.displays


def test_the_status_line_says_where_renders_go(run_notebook, kodisc_home):
    done = run_notebook("%kodisc", home=kodisc_home)
    assert "this machine (Manim), no credits" in done.text(1)


def test_with_a_key_the_code_is_sent_byte_for_byte_and_nothing_else(
    run_notebook, fresh_home, cloud
):
    cell = HELLO + "\n# Grüße  \n\n"
    done = run_notebook(f"%%kodisc HelloKodisc -ql\n{cell}", home=fresh_home, **cloud.env())
    (body,) = cloud.posts
    assert body == {
        "code": cell,
        "className": "HelloKodisc",
        "quality": "low",
        "aspectRatio": "16:9",
    }
    assert [(m, p) for m, p, _, _ in cloud.requests if m == "POST"] == [("POST", "/api/v2/render")]
    assert all("Bearer" in h["Authorization"] for _, p, h, _ in cloud.requests if "/api/" in p)
    assert "<video" in done.html(1)
    assert cloud.key not in json.dumps(done.notebook)


def test_the_cloud_balance_is_shown_with_the_servers_prefix(run_notebook, fresh_home, cloud):
    done = run_notebook("%kodisc", home=fresh_home, **cloud.env())
    assert cloud.key[:14] in done.text(1)
    assert cloud.key not in done.text(1)
    assert "Balance: 1,000 credits" in done.text(1)


def test_plain_ipython_shows_progress_as_text_and_the_path_at_the_end(
    kernel_python, kodisc_home, tmp_path
):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KODISC_")}
    cell = f"get_ipython().run_cell_magic('kodisc', 'HelloKodisc -ql --force', {HELLO!r})"
    done = subprocess.run(
        [kernel_python, "-m", "IPython", "--colors=NoColor", "-c"]
        + [f"get_ipython().run_line_magic('load_ext', 'kodisc_jupyter')\n{cell}"],
        env={**environment, "KODISC_HOME": str(kodisc_home), "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "Queued on this machine" in done.stdout or "Rendering on this machine" in done.stdout
    (path,) = [line.partition(": ")[2] for line in lines if line.endswith("video.mp4")]
    assert av.open(path).streams.video[0].width == 854


BAD = {
    "two scenes and no name": (
        "%%kodisc\n" + HELLO + "\n\nclass Other(HelloKodisc):\n    pass\n",
        ["HelloKodisc", "Other"],
    ),
    "an unknown option": (
        f"%%kodisc HelloKodisc --qualty low\n{HELLO}",
        ["Unknown option --qualty", "Did you mean --quality?", "Nothing was sent"],
    ),
    "a syntax error": (
        "%%kodisc HelloKodisc\nfrom manim import *\n\nclass HelloKodisc(Scene)\n    pass",
        ["line 4"],
    ),
    "a scene that raises": (
        "%%kodisc Breaks -ql\nfrom manim import *\n\nclass Breaks(Scene):\n"
        "    def construct(self):\n        1 / 0\n",
        ["ZeroDivisionError", "line 6", "no credits"],
    ),
}


@pytest.mark.parametrize("cell, said", BAD.values(), ids=BAD.keys())
def test_a_mistake_is_an_error_of_its_cell_and_stops_the_run(run_notebook, kodisc_home, cell, said):
    done = run_notebook(cell, "print('went on')", home=kodisc_home, allow_errors=True)
    error = re.sub(r"\x1b\[[0-9;]*m", "", done.error(1))
    for words in said:
        assert words in error
    assert len(error) < 3_000
    assert "kodisc_jupyter" not in error  # no traceback of our own inside


def test_no_key_and_no_manim_names_both_ways_out(start_kernel, fresh_home):
    kernel = start_kernel(fresh_home)
    kernel.run("import sys; sys.modules['manim'] = None")  # as if it were not installed
    error = kernel.error(kernel.run(f"%%kodisc HelloKodisc\n{HELLO}"))
    assert "%kodisc login" in error
    assert 'pip install "kodisc-jupyter[local]"' in error


def test_a_port_that_is_taken_is_said_in_one_line(kodisc_home, tmp_path):
    address = local_server.ensure(kodisc_home)
    port = address.url.split(":")[2].split("/")[0]
    done = subprocess.run(
        [sys.executable, "-m", "kodisc_jupyter.local", "--port", port, "--data-dir", tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_local_stop_leaves_no_process_behind(start_kernel, fresh_home):
    kernel = start_kernel(fresh_home)
    kernel.final(kernel.run(f"%%kodisc HelloKodisc -ql\n{HELLO}"))
    address = local_server.find(fresh_home)
    family = processes_of(address.pid)
    assert family
    assert "has stopped" in kernel.stdout(kernel.run("%kodisc local stop"))
    assert local_server.find(fresh_home) is None
    kernel.until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in family))


def processes_of(pid: int) -> set[int]:
    """A process and everything below it."""
    children: dict[int, set[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, set()).add(int(entry))
    found, todo = set(), [pid]
    while todo:
        one = todo.pop()
        found.add(one)
        todo.extend(children.get(one, ()))
    return found


def test_an_unattended_notebook_saved_early_says_how_to_get_its_video(
    run_notebook, fresh_journal, gate
):
    done = run_notebook(
        f"# comments may stand above\n%%kodisc Gated -ql --no-wait\n{gate.scene()}",
        home=fresh_journal,
    )
    job = re.search(r"%kodisc show (clx\w+)", done.text(1))[1]
    gate.open()
    shown = run_notebook(f"%kodisc show {job}", home=fresh_journal)
    assert "<video" in shown.html(1)
    assert job in shown.text(1)


def test_an_unattended_cell_with_code_above_the_magic_fails_with_the_reason(
    run_notebook, fresh_journal
):
    done = run_notebook(f"x = 1\n%%kodisc -ql\n{HELLO}", home=fresh_journal, allow_errors=True)
    assert "must be the first line of its cell" in done.error(1)
