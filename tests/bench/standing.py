"""What stays in a kernel: five hundred open jobs, and what a hundred finished ones leave."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.bench import scenes
from tests.bench.figures import Figure, Series
from tests.bench.kernels import Kernel, kernel
from tests.support.api_server import Api, api_server

JOBS = 500
WATCHED_S = 20.0
FINISHED = 100

LOAD = "%load_ext kodisc_jupyter"

LOOK = """\
import ctypes as _c, gc as _gc, json as _j, os as _o, psutil as _p, threading as _t
_gc.collect()
try:
    _c.CDLL("libc.so.6").malloc_trim(0)
except (OSError, AttributeError):
    pass
_me = _p.Process()
print(_j.dumps({
    "rss": _me.memory_info().rss,
    "cpu": sum(_me.cpu_times()[:2]),
    "threads": sorted(each.name for each in _t.enumerate()),
}))
"""

ALIVE = """\
import gc as _gc
_gc.collect()
print(sum(type(_o).__name__ in {"FirstPanel", "LaterPanel"} for _o in _gc.get_objects()))
"""

CLOSE_SOON = """\
from kodisc_jupyter.notebook.display import panel as _panel
_panel.CLOSE_AFTER_S = 0.5
"""

OPEN_MANY = """\
import kodisc_jupyter as _k
for _at in range({count}):
    _k.render({code!r}.replace("/ 100", f"/ {{100 + _at}}"), quality="low", wait=False)
"""


def look(one: Kernel) -> dict:
    """A kernel's memory in bytes, its processor time in seconds, its threads."""
    said: dict = json.loads(one.said(LOOK))
    return said


def own_threads(one: Kernel) -> list[str]:
    """The threads of ours that a kernel has."""
    return [name for name in look(one)["threads"] if name.startswith("kodisc")]


def open_jobs(folder: Path) -> list[Figure]:
    """Five hundred jobs that never end, each with its panel."""
    with api_server() as api, kernel(folder, LOAD, **api.cloud()) as one:
        api.lasts_s = 0.0
        one.final(one.run(f"%%kodisc -ql\n{scenes.numbered(0)}"))  # everything is loaded once
        api.lasts_s = None
        one.until(lambda: not own_threads(one))  # those of the finished render are gone
        idle = look(one)
        one.run(OPEN_MANY.format(count=JOBS, code=scenes.numbered(0)))
        watched = look(one)
        began = time.time()
        before = _processor_s(one)
        time.sleep(WATCHED_S)  # the figure: what goes on while nothing happens
        spent = _processor_s(one) - before
        until = time.time()
        moments = [at for at, _, _ in api.requests if began <= at <= until]
    new = [name for name in watched["threads"] if name.startswith("kodisc")]
    threads = len(new)
    rate = max((sum(at <= each < at + 1 for each in moments) for at in moments), default=0)
    memory = (watched["rss"] - idle["rss"]) / 1e6
    share = 100 * spent / WATCHED_S
    return [
        Figure(
            "open_jobs", f"{JOBS} open jobs: threads", "", Series.of([threads]), "1", threads == 1,
            note=", ".join(new),
        ),
        Figure(
            "open_jobs", f"{JOBS} open jobs: requests in the busiest second", "",
            Series.of([rate]), "≤ 10", rate <= 10,
            note=f"{len(moments) / WATCHED_S:.1f} a second on average",
        ),
        Figure(
            "open_jobs", f"{JOBS} open jobs: of one core", "%", Series.of([share]), "≤ 5 %",
            share <= 5,
        ),
        Figure(
            "open_jobs", f"{JOBS} open jobs: memory above idle, panels included", "MB",
            Series.of([memory]), "≤ 40 MB", memory <= 40,
        ),
    ]  # fmt: skip


def _processor_s(one: Kernel) -> float:
    """Processor seconds of a kernel so far, asked from outside."""
    import psutil

    pid = one.manager.provisioner.process.pid
    return sum(psutil.Process(pid).cpu_times()[:2])


def memory(folder: Path) -> list[Figure]:
    """What a hundred finished renders leave in the kernel, and a hundred closed panels."""
    figures = []
    for place in ("cloud", "local"):
        home = folder / place
        with api_server() as api:
            api.pose_as_local(home)
            env = api.cloud() if place == "cloud" else {}
            with kernel(home, LOAD, **env) as one:
                api.lasts_s = 0.0
                for at in range(3):
                    one.final(one.run(f"%%kodisc -ql\n{scenes.numbered(at)}"))
                before = look(one)["rss"]
                requests = [
                    one.ask(f"%%kodisc -ql\n{scenes.numbered(at)}") for at in range(3, 3 + FINISHED)
                ]
                for request in requests:
                    one.final(request)
                left = (look(one)["rss"] - before) / 1000 / FINISHED
                figures.append(
                    Figure(
                        "memory", f"memory that each of {FINISHED} finished renders leaves ({place})",
                        "KB", Series.of([left]), "≤ 100 KB", left <= 100,
                    )
                )  # fmt: skip
    with api_server() as api, kernel(folder / "closed", LOAD, **api.cloud()) as one:
        figures.append(closed_panels(one, api))
    return figures


def closed_panels(one: Kernel, api: Api) -> Figure:
    """What a cell leaves whose panel is closed again, because the server refuses the render.

    IPython keeps every cell's text and error: the peer is a cell that raises by itself.
    """
    api.refuse = True
    one.run(CLOSE_SOON)
    _raised(one, f"%%kodisc -ql\n{scenes.numbered(199)}", "InsufficientCredits")
    before_all = int(one.said(ALIVE))  # the first one, whose code the later ones use, stays
    at = iter(range(200, 10_000))
    ours: list[float] = []
    peer: list[float] = []
    for turn in range(5):
        before = look(one)["rss"]
        for _ in range(FINISHED):
            _raised(one, f"raise ValueError({scenes.numbered(next(at))!r})", "ValueError")
        between = look(one)["rss"]
        for _ in range(FINISHED):
            _raised(one, f"%%kodisc -ql\n{scenes.numbered(next(at))}", "InsufficientCredits")
        _wait_until_closed(one, before_all)
        if turn > 1:  # the first rounds fill what Python keeps for itself
            peer.append((between - before) / 1000 / FINISHED)
            ours.append((look(one)["rss"] - between) / 1000 / FINISHED)
    left, beside = Series.of(ours), Series.of(peer)
    alive = int(one.said(ALIVE)) - before_all
    return Figure(
        "memory", "memory that a closed panel leaves (its cell raised)", "KB", left,
        "none (≤ 5 KB)", left.median <= 5 and alive == 0, "a cell that raises", beside,
        note=f"{alive} of {5 * FINISHED} closed panels' widgets still alive",
    )  # fmt: skip


def _wait_until_closed(one: Kernel, alive: int) -> None:
    """Until no more panels' widgets are there; what is still there after 30 s is left."""
    until = time.monotonic() + 30
    while int(one.said(ALIVE)) > alive and time.monotonic() < until:
        time.sleep(0.2)


def _raised(one: Kernel, cell: str, what: str) -> None:
    request = one.ask(cell)
    one.until(lambda: one.is_over(request))
    if what not in str(one.of(request, "error")):
        raise RuntimeError(one.of(request))
