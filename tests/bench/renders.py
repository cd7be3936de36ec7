"""Real renders on this machine, beside ``%%manim`` in a kernel of its own."""

from __future__ import annotations

import time
from pathlib import Path

from kodisc_jupyter.renders import local_server
from tests.bench import scenes
from tests.bench.figures import Figure, Series
from tests.bench.kernels import Kernel, kernel

LOAD = "%load_ext kodisc_jupyter"
LOAD_MANIM = "from manim import *"


def manim_cell(name: str, code: str, quality: str, folder: str) -> str:
    """The cell that a person with Manim alone writes; nothing is reused from an earlier one."""
    options = f"-q{quality} -v WARNING --progress_bar none --media_dir {folder}"
    return f"%%manim {options} {name}\n{code}"


def kodisc_cell(name: str, code: str, quality: str, *, reuse: bool = False) -> str:
    """The same cell for us; it is drawn anew, unless it may ``reuse`` what was drawn before."""
    force = "" if reuse else " --force"
    return f"%%kodisc -q{quality}{force} {name}\n{scenes.IMPORT}\n\n{code}"


def run_all(folder: Path) -> list[Figure]:
    """Run All of a notebook with twelve scenes, in a fresh kernel, until the last video is there.

    The imports are in it on both sides, and on ours the start of the render server.
    """
    ours: list[float] = []
    peer: list[float] = []
    for turn in range(3):
        home = folder / f"ours-{turn}"
        cells = [LOAD, *(kodisc_cell(name, code, "m") for name, code in scenes.twelve())]
        with kernel(home) as one:
            ours.append(until_last_video(one, cells))
        local_server.stop(home)
        media = f"media-{turn}"
        cells = [LOAD_MANIM, *(manim_cell(n, code, "m", media) for n, code in scenes.twelve())]
        with kernel(folder / f"peer-{turn}") as one:
            peer.append(until_idle(one, cells))
    took, beside = Series.of(ours), Series.of(peer)
    return [
        Figure(
            "run_all", "Run All of 12 scenes, medium, fresh kernel and server", "s", took,
            "≤ 0.6 ×", took.median <= 0.6 * beside.median, "%%manim, one kernel", beside,
        )
    ]  # fmt: skip


def small_scene(folder: Path) -> list[Figure]:
    """One small scene at low quality: warm; in a fresh kernel; and with nothing running at all."""
    warm: list[float] = []
    warm_peer: list[float] = []
    home = folder / "warm"
    with kernel(home, LOAD) as ours, kernel(folder / "warm-peer", LOAD_MANIM) as peer:
        for turn in range(11):
            warm.append(until_last_video(ours, [kodisc_cell("Small", scenes.SMALL, "l")]))
            media = f"media-{turn}"
            warm_peer.append(until_idle(peer, [manim_cell("Small", scenes.SMALL, "l", media)]))
    fresh: list[float] = []
    fresh_peer: list[float] = []
    for turn in range(4):
        with kernel(home) as one:
            fresh.append(until_last_video(one, [LOAD, kodisc_cell("Small", scenes.SMALL, "l")]))
        media = f"media-{turn}"
        cells = [LOAD_MANIM, manim_cell("Small", scenes.SMALL, "l", media)]
        with kernel(folder / "fresh-peer") as one:
            fresh_peer.append(until_idle(one, cells))
    local_server.stop(home)
    nothing: list[float] = []
    for turn in range(3):
        bare = folder / f"nothing-{turn}"
        with kernel(bare) as one:
            nothing.append(until_last_video(one, [LOAD, kodisc_cell("Small", scenes.SMALL, "l")]))
        local_server.stop(bare)
    rows = (
        ("warm", warm[1:], "%%manim, warm", warm_peer[1:], 1.15),
        ("fresh kernel, imports included", fresh, "%%manim, fresh kernel", fresh_peer, 0.5),
        ("fresh kernel, and the server has to start", nothing, "the same", fresh_peer, None),
    )
    return [
        Figure(
            "small_scene", f"one small scene, low: {what}", "s", Series.of(mine),
            f"≤ {goal} ×" if goal else "(shown beside it)",
            Series.of(mine).median <= goal * Series.of(other).median if goal else None,
            beside, Series.of(other),
        )
        for what, mine, beside, other, goal in rows
    ]  # fmt: skip


def until_last_video(one: Kernel, cells: list[str]) -> float:
    """Seconds from handing all cells in until the last of them has its video."""
    began = time.monotonic()
    requests = [one.ask(cell) for cell in cells]
    for request in requests[-len([c for c in cells if c.startswith("%%")]) :]:
        html = one.final(request)["content"]["data"]["text/html"]
        if "<video" not in html:
            raise RuntimeError(html)
    return time.monotonic() - began


def until_idle(one: Kernel, cells: list[str]) -> float:
    """Seconds from handing all cells in until the last of them is over, its video shown."""
    began = time.monotonic()
    requests = [one.ask(cell) for cell in cells]
    one.until(lambda: one.is_over(requests[-1]))
    took = time.monotonic() - began
    for request in requests:
        for error in one.of(request, "error"):
            raise RuntimeError("\n".join(error["content"]["traceback"]))
    videos = sum("<video" in str(each["content"]) for each in one.messages)
    if videos < sum(cell.startswith("%%") for cell in cells):
        raise RuntimeError(f"{videos} videos of {len(cells)} cells")
    return took
