"""``%kodisc local``: the render server on this machine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.renders import local_server

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, asked: argparse.Namespace) -> None:
    """Its status, or its end."""
    if asked.action == "stop":
        stopped = local_server.stop(kernel.home)
        say("The render server on this machine has stopped." if stopped else "None was running.")
        return
    server = local_server.find(kernel.home)
    if server is None:
        say("No render server is running on this machine; the first render starts one.")
    else:
        idle = local_server.IDLE_TIMEOUT_S // 60
        say(f"Render server: {server.url}, process {server.pid}.")
        say(f"It ends by itself after {idle} idle minutes; %kodisc local stop ends it now.")
