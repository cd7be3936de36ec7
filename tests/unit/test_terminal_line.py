"""One line in a terminal, updated in place, with what has ended above it."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.notebook.display.terminal import TerminalLine, progress_line
from kodisc_jupyter.renders.state import Estimate, Phase
from tests.support.states import render_state

STATE = render_state(
    scene="Hello",
    backend="local",
    phase_at=1_000.0,
    unlimited=True,
    job=Job("clx1", JobStatus.RUNNING),
    progress=40,
)


def test_the_line_has_the_scene_a_bar_and_the_clock():
    line = progress_line([STATE], 1_012.0, 100)
    assert line == "Hello · Rendering on this machine · [########............] 40 % · 0:12"
    assert progress_line([STATE, STATE, STATE], 1_012.0, 100).endswith(" · 2 more open")
    assert progress_line([], 0, 80) == ""


def test_the_time_left_is_where_the_panel_has_it_from():
    guess = Estimate("based on 1 earlier low render", 0, 20_000)
    state = STATE._replace(progress=None, estimate=guess)
    assert progress_line([state], 1_012.5, 100).endswith("0:12 · about 8 s left")
    assert progress_line([state], 1_021.0, 100).endswith("0:21 · taking longer than last time")
    queued = state._replace(phase=Phase.QUEUED)
    assert progress_line([queued], 1_012.0, 100).endswith("0:12")


def test_the_line_never_wraps():
    for columns in (20, 40, 60):
        assert len(progress_line([STATE], 1_012.0, columns)) < columns


def test_what_has_ended_stands_above_what_is_open():
    out = io.StringIO()
    first = TerminalLine(STATE, out, lambda: 1_001.0)
    second = TerminalLine(STATE._replace(scene="Other"), out, lambda: 1_001.0)
    assert "\n" not in out.getvalue()
    first.finish(STATE._replace(phase=Phase.FAILED, error="ZeroDivisionError: x"))
    assert "ZeroDivisionError: x" in out.getvalue()
    last = out.getvalue().rpartition("\n")[2].rpartition("\x1b[2K")[2]
    assert last.startswith("Other · ")
    second.clear()
    assert out.getvalue().endswith("\x1b[2K")
    assert not TerminalLine.tick()


SCRIPT = """
from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.notebook.screens import new_screen
print(type(new_screen(FrontEnd.SCRIPT, {state}, None)).__name__)
"""


def test_a_pipe_gets_plain_lines_and_a_terminal_the_line():
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from tests.unit import test_terminal_line as t\n" + SCRIPT.format(state="t.STATE")
    )
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert piped.stdout.splitlines()[-1] == "Lines"
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "Hello · Rendering on this machine" in said
    assert "TerminalLine" in said  # the line may be drawn once more at the end
