"""A render in an interpreter of its own: loads Manim, then waits for its task on standard input."""

from __future__ import annotations

import json
import os
import sys


def main(outcome: int) -> None:
    """Read one order and carry it out; an empty input means that there is none."""
    from kodisc_jupyter.local.processes import process_tree
    from kodisc_jupyter.stage import manim_patches

    process_tree.end_with_parent(os.getppid())
    manim_patches.preload()
    order = sys.stdin.buffer.read()
    if not order:
        return
    from kodisc_jupyter.local.processes.forker import run_render

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    run_render(json.loads(order), outcome)


if __name__ == "__main__":
    main(int(sys.argv[1]))
