"""A render in an interpreter of its own: loads Manim, then waits for its order."""

from __future__ import annotations

import json
import os


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
    from kodisc_jupyter.local.processes.messages import Order
    from kodisc_jupyter.local.processes.render_child import run_render

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    run_render(Order.from_json(json.loads(order)), int(outcome))
