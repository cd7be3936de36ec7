"""Scenes that are drawn here: from nothing, with nothing new in them, and with another ending."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from kodisc_jupyter.renders import local_server
from tests.bench import scenes
from tests.bench.figures import Figure, Series
from tests.bench.kernels import Kernel, kernel, sent_at
from tests.bench.renders import (
    LOAD,
    LOAD_MANIM,
    kodisc_cell,
    manim_cell,
    until_idle,
    until_last_video,
)

TURNS: Final = 3

NAMES: Final = {
    "Squares": "200 squares",
    "Surface3D": "a 3D surface",
    "FewShapes": "a few shapes",
    "Redrawn": "many always_redraw",
}

FROM_NOTHING: Final = {"Squares": 0.60, "Surface3D": 0.55, "FewShapes": 0.85, "Redrawn": 1.0}
RENAMED: Final = {"Squares": 0.45, "Surface3D": 0.20}
OTHER_END: Final = {"Squares": 0.60, "Surface3D": 0.35}
FIRST_PICTURE_S: Final = 1.0
KEYS_PERCENT: Final = 12

MOST_KEYS: Final = ("SizingAndSpacing", "RandomUpdaters")
"""Found among all of them with ``scripts/compare_states.py --keys``."""


def drawing(folder: Path) -> list[Figure]:
    """Each scene at medium quality, ours on a warm server beside ``%%manim`` in a kernel."""
    figures: list[Figure] = []
    home = folder / "ours"
    with kernel(home, LOAD) as ours, kernel(folder / "peer", LOAD_MANIM) as peer:
        until_last_video(ours, [kodisc_cell("Small", scenes.SMALL, "m")])
        until_idle(peer, [manim_cell("Small", scenes.SMALL, "m", "media-small")])
        for name, code in scenes.DRAWN.items():
            figures += _one_scene(name, code, ours, peer)
    local_server.stop(home)
    return figures


def _one_scene(name: str, code: str, ours: Kernel, peer: Kernel) -> list[Figure]:
    manim: list[float] = []
    whole: list[float] = []
    renamed: list[float] = []
    other_end: list[float] = []
    for turn in range(TURNS):
        manim.append(until_idle(peer, [manim_cell(name, code, "m", f"media-{name}-{turn}")]))
        whole.append(until_last_video(ours, [kodisc_cell(name, code, "m")]))
        same = scenes.renamed(code, f"shapes_{turn}")
        renamed.append(until_last_video(ours, [_cell(name, same)]))
        changed = scenes.ending_otherwise(code, "1.0", str(0.9 - turn / 10))
        other_end.append(until_last_video(ours, [_cell(name, changed)]))
    beside, full = Series.of(manim), Series.of(whole)

    def row(what: str, took: Series, goals: dict[str, float], note: str = "") -> Figure:
        goal = goals.get(name)
        met = took.median <= goal * beside.median if goal else None
        return Figure(
            "drawing", f"{NAMES[name]}, medium: {what}", "s", took,
            f"≤ {goal:.2f} ×" if goal else "", met, "%%manim", beside, note,
        )  # fmt: skip

    rows = [row("drawn from nothing", full, FROM_NOTHING)]
    for what, values, goals in (
        ("a variable renamed", renamed, RENAMED),
        ("its last animation changed", other_end, OTHER_END),
    ):
        took = Series.of(values)
        note = f"{took.median / full.median:.2f} of drawing it from nothing"
        rows.append(row(what, took, goals, note))
    return rows if name in RENAMED else rows[:1]


def run_all_warm(folder: Path) -> list[Figure]:
    """Run All of twelve scenes in a fresh kernel, the server warm; then one word changed in each.

    The twelve are new to the server in every turn.
    """
    home = folder / "ours"
    with kernel(home, LOAD) as one:  # the server is started, as a notebook that is opened does it
        until_last_video(one, [kodisc_cell("Small", scenes.SMALL, "m")])
    ours: list[float] = []
    changed: list[float] = []
    peer: list[float] = []
    for turn in range(TURNS):
        shift = f"self.camera.background_color = '#0000{turn + 1:02d}'\n        "
        twelve = [(n, _with_first_line(code, shift)) for n, code in scenes.twelve()]
        edited = [
            (n, scenes.ending_otherwise(code, *words))
            for (n, code), words in zip(twelve, scenes.WORDS, strict=True)
        ]
        with kernel(home) as one:
            ours.append(until_last_video(one, [LOAD, *(_cell(n, code) for n, code in twelve)]))
        with kernel(home) as one:
            changed.append(until_last_video(one, [LOAD, *(_cell(n, c) for n, c in edited)]))
        media = f"media-{turn}"
        cells = [LOAD_MANIM, *(manim_cell(n, code, "m", media) for n, code in twelve)]
        with kernel(folder / f"peer-{turn}") as one:
            peer.append(until_idle(one, cells))
    local_server.stop(home)
    beside = Series.of(peer)
    return [
        Figure(
            "run_all_warm", f"Run All of 12 scenes, medium, fresh kernel, warm server{what}", "s",
            Series.of(took), f"≤ {goal:.2f} ×", Series.of(took).median <= goal * beside.median,
            "%%manim, one kernel", beside,
        )
        for what, took, goal in (("", ours, 0.5), (", one word changed in each", changed, 0.35))
    ]  # fmt: skip


def first_picture(folder: Path) -> list[Figure]:
    """From a cell's start until the panel has a picture of the render under way."""
    home = folder / "ours"
    waits: list[float] = []
    with kernel(home, LOAD) as one:
        until_last_video(one, [kodisc_cell("Small", scenes.SMALL, "m")])
        for _ in range(TURNS + 2):
            request = one.ask(kodisc_cell("Squares", scenes.DRAWN["Squares"], "m"))
            one.final(request)
            began = one.began(request)
            shown = [
                sent_at(each)
                for each in one.messages
                if each["msg_type"] == "comm_msg"
                and each["content"]["data"].get("state", {}).get("preview")
                and sent_at(each) > began
            ]
            waits.append(min(shown) - began)
    local_server.stop(home)
    took = Series.of(waits)
    return [
        Figure(
            "first_picture", "first picture in the panel, from the cell's start", "s", took,
            f"≤ {FIRST_PICTURE_S:g} s", took.median <= FIRST_PICTURE_S,
        )
    ]  # fmt: skip


def keys(_folder: Path) -> list[Figure]:
    """The frames' keys, in the documented scenes where they take the largest share."""
    script = Path(__file__).parents[2] / "scripts" / "compare_states.py"
    command = [sys.executable, str(script), "--keys", "--only", *MOST_KEYS]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    shares = [
        float(each) for each in re.findall(r"^ *([\d.]+)%  \w+, \d+ frames$", told, re.MULTILINE)
    ]
    return [
        Figure(
            "keys", "the key's share of a render's processor time, worst documented scene", "%",
            Series.of([max(shares)]), f"≤ {KEYS_PERCENT} %", max(shares) <= KEYS_PERCENT,
        )
    ]  # fmt: skip


def _cell(name: str, code: str) -> str:
    """A cell that may use what was drawn before."""
    return kodisc_cell(name, code, "m", reuse=True)


def _with_first_line(code: str, line: str) -> str:
    head = "def construct(self):\n        "
    return code.replace(head, head + line)
