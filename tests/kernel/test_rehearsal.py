"""A cell in a real kernel is rehearsed before it is sent, by the render server of its home."""

from __future__ import annotations

import contextlib
import sqlite3

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
    start_kernel, cloud, kodisc_home
):
    kernel = start_kernel(kodisc_home, **{**cloud.env(), **REHEARSE})
    wrong = kernel.run("%%kodisc -ql\n" + SCENE.format(line="self.play(*[Create(Dot())][1:])"))
    said = kernel.error(wrong)
    assert "Kodisc error, line 7" in said.replace("\x1b[1m", "")
    assert "Nothing was sent, so nothing was charged." in said
    assert cloud.posts == []
    right = kernel.ask("%%kodisc -ql\n" + SCENE.format(line="self.play(Create(Dot()))"))
    seen: list[str] = []
    kernel.until(lambda: "completed" in phases(kernel, seen))
    kernel.final(right)
    assert seen[0] in {"checking", "rehearsing"}
    assert len(cloud.posts) == 1
    with contextlib.closing(sqlite3.connect(kodisc_home / "journal.sqlite")) as journal:
        (kept,) = journal.execute("SELECT count(*) FROM rehearsals").fetchone()
    assert kept >= 1  # the page hears of so short a rehearsal only if it has time to


def test_an_interrupt_while_it_is_rehearsed_sends_nothing(start_kernel, cloud, kodisc_home):
    kernel = start_kernel(kodisc_home, **{**cloud.env(), **REHEARSE})
    kernel.run("%config KodiscMagics.rehearsal_limit = 100")
    request = kernel.ask("%%kodisc -ql\n" + SCENE.format(line="while True: self.wait(0.1)"))
    kernel.until(lambda: "rehearsing" in phases(kernel, []))
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: kernel.status(request) == "idle")
    assert "Interrupted while Tried was rehearsed" in kernel.error(request)
    assert cloud.posts == []
