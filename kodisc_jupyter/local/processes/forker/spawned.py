"""A render in an interpreter of its own: loads Manim, then waits for its order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from kodisc_jupyter.local.processes.environment import arguments


@dataclass(frozen=True)
class Spawned:
    """A new interpreter that waits for its task."""

    process: subprocess.Popen[bytes]
    output_fd: int
    outcome_fd: int


def spawn_spare() -> Spawned:
    """Start an interpreter that loads Manim and waits."""
    output_fd, output = os.pipe()
    outcome_fd, outcome = os.pipe()
    command = [sys.executable, *arguments("spawned"), str(outcome)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        pass_fds=(outcome,),
        start_new_session=True,
    )
    os.close(output)
    os.close(outcome)
    return Spawned(process, output_fd, outcome_fd)


def main(outcome: str) -> None:
    """Read one order and carry it out; an empty input means that there is none."""
    from kodisc_jupyter.local.processes import process_tree
    from kodisc_jupyter.stage import manim_patches

    process_tree.end_with_parent(os.getppid())
    manim_patches.preload()
    with os.fdopen(os.dup(0), "rb") as stdin:
        order = stdin.read()
    if not order:
        return
    from kodisc_jupyter.local.processes.forker.messages import Order
    from kodisc_jupyter.local.processes.forker.render_child import run_render

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    run_render(Order.from_json(json.loads(order)), int(outcome))
