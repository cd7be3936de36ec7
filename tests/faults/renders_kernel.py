"""A kernel, as far as renders go: runs cells through a RenderSession, and can be told to die.

Its orders are one JSON object on standard input; it answers with JSON lines.
"""

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.local_server import Address
from kodisc_jupyter.renders.rehearsal_request import rehearse
from kodisc_jupyter.renders.session import RenderSession


def say(**what):
    print(json.dumps(what), flush=True)


def die_at(step, occurrence):
    """A trace that ends this process, with no chance to clean up, at one moment."""
    seen = 0

    def trace(now):
        nonlocal seen
        seen += now == step
        if seen == occurrence:
            os.kill(os.getpid(), signal.SIGKILL)

    return trace


def main():
    orders = json.loads(sys.stdin.readline())
    client = Client(orders["key"], base_url=orders["url"])
    # As the local backend is polled, with credits as the cloud takes them.
    backend = Backend("local", client, "local", unlimited=orders.get("unlimited", False))
    trace = die_at(*orders["die_at"]) if orders.get("die_at") else None
    session = RenderSession(home=Path(orders["home"]), trace=trace)
    say(ready=True)
    if orders.get("on_go"):
        sys.stdin.readline()
    server = Address(orders["rehearse_at"], orders["key"], 0) if orders.get("rehearse_at") else None

    def play(request):
        """A real rehearsal, with moments to die before and after it."""
        tell = trace or (lambda moment: None)
        tell("before rehearsing")
        seen = rehearse(request, Path(orders["home"]), find_server=lambda _: server)
        tell("after rehearsing")
        assert seen.is_whole, seen
        return seen

    renders = []
    for name, code in orders["cells"]:
        request = RenderRequest(code, name, Quality.LOW)
        first = partial(play, request) if server else None
        renders.append(
            session.start(request, backend=backend, notebook="crash.ipynb", rehearse=first)
        )
    for opened in session.open_renders():
        opened.wait(orders["patience_s"])
    for render in renders:
        render.wait(orders["patience_s"])
    say(
        jobs=[render.job.job_id for render in renders],
        videos=[str(render.video) for render in renders],
        reused=[render.state.reused for render in renders],
    )


main()
