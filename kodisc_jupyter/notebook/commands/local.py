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
        _stop(kernel)
        return
    if asked.action == "clear":
        _clear(kernel)
        return
    server = local_server.find(kernel.home)
    if server is None:
        say("No render server is running on this machine; the first render starts one.")
    else:
        idle = local_server.IDLE_TIMEOUT_S // 60
        say(f"Render server: {server.url}, process {server.pid}.")
        size = local_server.keeps_bytes(server)
        if size is not None:
            say(
                f"It keeps {size / 1e6:,.1f} MB of drawn pieces of videos: a changed scene renders "
                "sooner.\n%kodisc local clear removes them."
            )
        say(f"It stops by itself after {idle} idle minutes; %kodisc local stop stops it now.")


def _clear(kernel: KernelState) -> None:
    """Remove what is kept to render sooner; videos and jobs stay."""
    removed = local_server.clear_kept(local_server.ensure(kernel.home))
    say(
        f"{removed / 1e6:,.1f} MB of drawn pieces of videos were removed. Videos and jobs stay; "
        "the next render of each scene draws all of it again."
    )


def _stop(kernel: KernelState) -> None:
    """End it, and say what of this user was dropped with it."""
    dropped = local_server.stop(kernel.home)
    if dropped is None:
        say("No render server was running on this machine.")
        return
    say("The render server on this machine has stopped.")
    if dropped:
        kernel.session.note_cancelled(dropped)
        kernel.unwaited = [one for one in kernel.unwaited if one.state.job_id not in dropped]
        many = f"{len(dropped)} jobs were" if len(dropped) > 1 else "1 job was"
        say(f"{many} open and {'were' if len(dropped) > 1 else 'was'} dropped with it:")
        for job_id in dropped:
            record = kernel.session.find(job_id)
            say(f"  {record.scene + ' · ' if record else ''}{job_id}")
