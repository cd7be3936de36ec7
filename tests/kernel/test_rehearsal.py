"""A cell in a real kernel is rehearsed before it is sent, by the render server of its home."""

from __future__ import annotations

import re

from tests.support.render_server import is_alive

SCENE = "from manim import *\n\n\nclass Tried(Scene):\n    def construct(self):\n        {line}\n"

REHEARSE = {"KODISC_REHEARSE": "auto"}


def phases(kernel, seen):
    """The phases that the page was told of, so far."""
    for state in kernel.comms.values():
        phase = state.get("phase")
        if phase and (not seen or seen[-1] != phase):
            seen.append(phase)
    return seen


def test_a_mistake_is_stopped_in_the_kernel_and_the_right_cell_is_sent(
    start_kernel, cloud, kodisc_home, gate
):
    kernel = start_kernel(kodisc_home, **{**cloud.env(), **REHEARSE})
    wrong = kernel.run("%%kodisc -ql\n" + SCENE.format(line="self.play(*[Create(Dot())][1:])"))
    said = kernel.error(wrong)
    assert "Kodisc error, line 7" in said.replace("\x1b[1m", "")
    assert "Nothing was sent, so nothing was charged." in said
    assert cloud.posts == []
    kernel.run("%config KodiscMagics.rehearsal_limit = 100")
    lines = ("self.wait()", "self.next_section('The end')", "self.wait()")
    right = kernel.ask("%%kodisc -ql\n" + gate.scene("Tried", "\n        ".join(lines)))
    seen: list[str] = []
    kernel.until(lambda: "rehearsing" in phases(kernel, seen))
    assert cloud.posts == []
    gate.open()
    kernel.until(lambda: "completed" in phases(kernel, seen))
    html = kernel.final(right)["text/html"]  # the chapters come from the rehearsal that was kept
    assert re.search(r'kodisc-chapters.*#t=1,2".*<bdi>The end</bdi>', html), html
    assert len(cloud.posts) == 1


def test_a_mistake_in_a_later_scene_stops_the_first_before_it_is_paid_for(
    start_kernel, cloud, kodisc_home
):
    kernel = start_kernel(kodisc_home, **{**cloud.env(), **REHEARSE})
    right = SCENE.format(line="self.play(Create(Dot()))")
    wrong = right.replace("Tried", "Second").replace("Create(Dot())", "*[Create(Dot())][1:]")
    said = kernel.error(kernel.run(f"%%kodisc Tried Second -ql\n{right}{wrong}"))
    assert "Kodisc error, line 13" in said.replace("\x1b[1m", "")
    assert "Nothing was sent, so nothing was charged." in said
    assert cloud.posts == []


def test_an_interrupt_while_it_is_rehearsed_sends_nothing(
    start_kernel, cloud, kodisc_home, tmp_path
):
    kernel = start_kernel(kodisc_home, **{**cloud.env(), **REHEARSE})
    kernel.run("%config KodiscMagics.rehearsal_limit = 100")
    pid = tmp_path / "pid"
    line = f"import os; open({str(pid)!r}, 'w').write(str(os.getpid()) + ';')"
    line += "\n        while True: self.wait(0.1)"
    request = kernel.ask("%%kodisc -ql\n" + SCENE.format(line=line))
    kernel.until(lambda: pid.exists() and pid.read_text().endswith(";"))
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: kernel.status(request) == "idle")
    assert "Interrupted while Tried was rehearsed" in kernel.error(request)
    assert cloud.posts == []
    process = int(pid.read_text().rstrip(";"))
    kernel.until(lambda: not is_alive(process))  # and not only at the limit of 100 s
