"""A kernel with many open jobs, which measures itself. Orders and answers are JSON lines."""

import json
import resource
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.renders import session as session_module
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.watch.pacing import RateLimiter


class Noted(RateLimiter):
    """Notes when each request to the API may leave."""

    moments: ClassVar[list[float]] = []
    noting = threading.Lock()

    def acquire(self, *, spaced=False):
        at = super().acquire(spaced=spaced)
        with self.noting:
            self.moments.append(at)
        return at


def memory_mb():
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmRSS"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    orders = json.loads(sys.stdin.readline())
    session_module.RateLimiter = Noted
    client = Client(orders["key"], base_url=orders["url"])
    backend = Backend("cloud", client, "cloud:many", unlimited=True)
    session = session_module.RenderSession(home=Path(orders["home"]))
    shown = set()
    first, *requests = [RenderRequest(f"class S{n}: ...", f"S{n}") for n in range(orders["jobs"])]

    def on_state(state):
        if state.phase == "completed":
            shown.add(state.scene)

    session.start(first, backend=backend, on_state=on_state)  # everything is imported by now
    alone_mb = memory_mb()
    for request in requests:
        session.start(request, backend=backend, on_state=on_state)
    cpu, wall = time.process_time(), time.monotonic()
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("kodisc")]
    open_mb = memory_mb()
    threading.Event().wait(orders["watch_s"])
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    say(watched=True, open=len(session.open_renders()))
    sys.stdin.readline()
    for opened in session.open_renders():
        opened.wait(orders["patience_s"])
    left = Noted.moments
    say(
        threads=threads,
        shown=len(shown),
        memory_mb=round(open_mb - alone_mb, 1),
        cpu_percent=round(100 * cpu / wall, 2),
        most_in_a_second=max(
            sum(start <= moment < start + 1.0 for moment in left[index : index + 50])
            for index, start in enumerate(left)
        ),
        requests=len(left),
    )


main()
