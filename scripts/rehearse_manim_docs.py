"""Rehearse every documented scene of the installed Manim, and compare with rendering it.

    python scripts/rehearse_manim_docs.py [--render N] [--to PATH]

Each `.. manim::` block of the installed version that renders (see `manim_doc_examples.py`) is
rehearsed at medium quality by a render server of its own; every N-th is rendered too. Prints what
did not pass, what was warned of, and the times' median and 95th percentile.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from manim_doc_examples import PRELUDE, Example, examples, recorded

from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.renders import local_server
from kodisc_jupyter.renders.rehearsal import Outcome, Rehearsal
from kodisc_jupyter.renders.rehearsal_request import rehearse

LIMIT_S = 60.0


class Timed(NamedTuple):
    """One scene: its rehearsal, and its render's seconds where it was rendered."""

    example: Example
    rehearsal: Rehearsal
    seconds: float
    render_s: float | None


def rendering() -> list[Example]:
    """The documented scenes that render here."""
    record = recorded()
    known = set(record["renders"])
    return list({one.key: one for one in examples() if one.key in known}.values())


def measure(work: list[Example], render_every: int = 0) -> list[Timed]:
    """Rehearse each scene, and render every ``render_every``-th (0: none)."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        address = local_server.ensure(home)
        client = Client(address.key, base_url=address.url)
        try:
            for at, example in enumerate(work):
                request = RenderRequest(PRELUDE + example.code, example.scene, Quality.MEDIUM)
                began = time.monotonic()
                rehearsal = rehearse(request, home, limit_s=LIMIT_S)
                seconds = time.monotonic() - began
                render_s = None
                if render_every and at % render_every == 0:
                    job = client.wait(client.submit(request).job.job_id, timeout=600)
                    render_s = (job.duration_ms or 0) / 1000
                found.append(Timed(example, rehearsal, seconds, render_s))
                print(f"{seconds:5.1f} s  {example.scene}: {rehearsal.outcome}", flush=True)
        finally:
            client.close()
            local_server.stop(home)
    return found


def percentile(values: list[float], part: float) -> float:
    """The value below which this part of all lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def main() -> None:
    """Measure and print."""
    reader = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    reader.add_argument("--render", type=int, default=0, metavar="N", help="render every N-th")
    reader.add_argument("--to", type=Path, help="write what was found as JSON")
    reader.add_argument("--only", nargs="*", help="names of scenes")
    asked = reader.parse_args()
    work = [one for one in rendering() if not asked.only or one.scene in asked.only]
    found = measure(work, asked.render)
    failed = [one for one in found if one.rehearsal.outcome is not Outcome.OK]
    for one in failed:
        error = one.rehearsal.error
        why = error.text.splitlines()[-1] if error else one.rehearsal.why
        print(f"{one.example.where} {one.example.scene}: {one.rehearsal.outcome}: {why}")
    for one in found:
        for warning in one.rehearsal.layout:
            print(f"{one.example.where} {one.example.scene}: {' · '.join(map(str, warning))}")
    warned = sum(bool(one.rehearsal.layout) for one in found)
    times = [one.seconds for one in found]
    print(f"{len(found)} scenes: {len(found) - len(failed)} pass, {warned} with a layout warning")
    print(
        f"rehearsal: median {statistics.median(times):.2f} s, 95 % {percentile(times, 0.95):.2f} s"
    )
    both = [(one.seconds, one.render_s) for one in found if one.render_s]
    if both:
        renders = [render for _, render in both]
        share = statistics.median(ours / render for ours, render in both)
        print(
            f"render ({len(both)}): median {statistics.median(renders):.2f} s, "
            f"95 % {percentile(renders, 0.95):.2f} s; a rehearsal takes {share:.0%} of it"
        )
    if asked.to:
        said = [
            {
                "scene": one.example.scene,
                "where": one.example.where,
                "outcome": str(one.rehearsal.outcome),
                "seconds": one.seconds,
                "render_s": one.render_s,
                "layout": one.rehearsal.layout,
            }
            for one in found
        ]
        asked.to.write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
