"""Rehearsing Manim's documented scenes, beside rendering them, on one server."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from tests.bench.figures import Figure, Series

RENDERED_EVERY = 12
"""One scene in so many is rendered, too: rendering all takes half an hour."""

LATE = 0.95


def rehearsal(_folder: Path) -> list[Figure]:
    """All documented scenes that render are rehearsed at medium quality; some are rendered."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
    from rehearse_manim_docs import measure, percentile, rendering

    found = measure(rendering(), RENDERED_EVERY)
    passed = sum(one.rehearsal.is_whole for one in found)
    both = [one for one in found if one.render_s]
    beside = [one.render_s or 0.0 for one in both]
    times, same = [one.seconds for one in found], [one.seconds for one in both]
    share = statistics.median(one.seconds / (one.render_s or 1) for one in both)
    warned = sum(bool(one.rehearsal.layout) for one in found)
    return [
        Figure(
            "rehearsal", "rehearsal of a documented scene, medium (median)", "s",
            Series.of(same), "≤ 0.5 ×", share <= 0.5, "its render here", Series.of(beside),
            note=f"median of the scenes' own ratios {share:.2f}; 95th percentile "
            f"{percentile(same, LATE):.2f} s beside {percentile(beside, LATE):.2f} s",
        ),
        Figure(
            "rehearsal", f"documented scenes that pass, of {len(found)}", "",
            Series.of([passed]), "all but 1", passed >= len(found) - 1,
            note=f"all of them: median {statistics.median(times):.2f} s, 95th percentile "
            f"{percentile(times, LATE):.2f} s; CustomLayoutExample does not import its Any",
        ),
        Figure(
            "rehearsal", "documented scenes with a layout warning", "%",
            Series.of([100 * warned / len(found)]), "≤ 5 %", warned <= 0.05 * len(found),
        ),
    ]  # fmt: skip
