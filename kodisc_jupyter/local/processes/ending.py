"""How a render and its folder end: files taken, the outcome told, everything else removed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import Future, wait
from pathlib import Path

from kodisc_jupyter.local.processes.forker_link import ForkerLink, Render
from kodisc_jupyter.local.results import RESULTS, ResultRefusedError, take
from kodisc_jupyter.local.store import remove_tree
from kodisc_jupyter.stage.task import LEFT_FILES, REPORT, Outcome


def finish(root: Path, names: tuple[str, ...], render: Render, outcome: Outcome) -> None:
    """Take a render's files, tell its outcome, remove its folder: ``names`` below ``root``."""
    if outcome.error is None:
        wanted = (REPORT,) if render.task.rehearse else LEFT_FILES
        most = render.task.limits.disk_bytes
        try:
            take(root, (*names, RESULTS), render.results, most, wanted)
        except (ResultRefusedError, OSError) as problem:
            outcome = Outcome(str(problem), outcome.duration_ms)
    conclude(render, outcome)
    remove_tree(root.joinpath(*names))


def remove_room(place: Path, before: Iterable[Future[None]]) -> None:
    """Remove the folder of a sandbox, once its last videos have been taken."""
    wait(before)
    remove_tree(place)


def conclude(render: Render, outcome: Outcome) -> None:
    """Tell a render's outcome to whoever waits for it."""
    if render.future.set_running_or_notify_cancel():
        render.future.set_result(outcome)


def close_pipes(link: ForkerLink) -> None:
    """Close the pipes of a forker that has ended."""
    for pipe in (link.process.stdin, link.process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
