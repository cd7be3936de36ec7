"""A render's own process, from the moment it is a copy of the forker until it ends."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.forker.messages import HOME, SCENE, TASK, Order
from kodisc_jupyter.local.results import RESULTS
from kodisc_jupyter.stage.task import Limits, RenderTask

OUTCOME_FD: Final = 3
"""Where the report of a render goes; 0 to 2 are nothing, its output and its output."""

_NICE: Final = 5
"""A scene that is locked in yields to the server and the forkers: they have to answer."""


def become_render(order: Order, output: int, outcome: int, forker: int) -> NoReturn:
    """The rest of a forked render's life. Never returns: the forker's loop is not ours."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        process_tree.end_with_parent(forker)
        process_tree.be_readable(readable=True)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(outcome, OUTCOME_FD)
        close_all_but((0, 1, 2, OUTCOME_FD))
        run_render(order, OUTCOME_FD)
    finally:
        os._exit(70)


def run_render(order: Order, outcome: int) -> NoReturn:
    """Render in this process, write the report to ``outcome`` and end at once."""
    from kodisc_jupyter.stage import film
    from kodisc_jupyter.stage.rehearsal import rehearsal

    folder = Path(order.folder)
    task = RenderTask.from_json(json.loads((folder / TASK).read_bytes()))
    (folder / TASK).unlink()
    _limit(order.limits)
    os.chdir(folder / SCENE)
    if order.own_home:
        _move_home(folder / HOME)
        os.nice(_NICE)
    gc.set_threshold(50_000, 20, 50)  # Manim copies mobjects by the thousand: less often is faster
    if task.rehearse:
        error = rehearsal.rehearse(task, folder / RESULTS, order.shared.formulas)
    else:
        error = film.render(task, folder / RESULTS, order.shared)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the scene may have closed or replaced them
            stream.flush()
    rest = json.dumps({"error": error}).encode()
    while rest:
        rest = rest[os.write(outcome, rest) :]
    os._exit(0)


def close_all_but(kept: Iterable[int]) -> None:
    """Close every descriptor but these, however high its number."""
    for listing in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            numbers = [int(name) for name in os.listdir(listing)]  # noqa: PTH208  names are all
            break
    else:
        numbers = list(range(os.sysconf("SC_OPEN_MAX")))
    for number in set(numbers) - set(kept):
        with contextlib.suppress(OSError):
            os.close(number)


def _move_home(home: Path) -> None:
    """Let programs keep what they keep in the job's folder, where it ends with the job."""
    for name in ("HOME", "TMPDIR", "TEXMFVAR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = str(home)
    tempfile.tempdir = None


def _limit(limits: Limits) -> None:
    """Limits the system itself holds: memory gives a MemoryError at the line that asked for it."""
    import resource

    def lower(what: int, limit: int) -> None:
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or hard > limit:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (limit, limit))

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, limits.disk_bytes)
    if sys.platform == "linux":
        lower(resource.RLIMIT_DATA, limits.memory_bytes)
