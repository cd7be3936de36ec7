"""What the render server on this machine says of a render that runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.renders.state import Estimate, Pace, Phase
from kodisc_jupyter.renders.watch import progress
from tests.support.states import render_state

PICTURE = "data:image/jpeg;base64,/9j/"


NOW = 1_000.0


def read(said, *, now=NOW, **known):
    client = SimpleNamespace(beside=lambda _path: said)
    return progress.read(client, "clx1", render_state(Phase.RUNNING, **known), now)


def test_frames_percent_and_picture_are_taken_over():
    said = {"frames": 12, "total": None, "percent": None, "preview": "/9j/"}
    assert read(said) == {"drawn": 12, "progress": None, "pace": None, "preview": PICTURE}
    assert read(said | {"total": 24, "percent": 50})["progress"] == 50


@pytest.mark.parametrize(
    "said", [{}, {"frames": 3, "percent": 4}, {"frames": -1, "percent": 101}, {"frames": True}]
)
def test_it_never_goes_back_and_nothing_that_makes_no_sense_is_believed(said):
    known = {"drawn": 12, "progress": 50, "pace": Pace(NOW, 40, NOW), "preview": PICTURE}
    assert read(said, **known) == known


def test_the_time_left_is_that_of_the_frames_that_are_missing_yet():
    """What was there already when the number of frames became known says nothing of the pace."""
    known: dict[str, Any] = {}
    due = []
    for after_s, percent in ((0, 40), (1, 50), (4, 60), (5, 60), (8, 80)):
        known = read({"percent": percent}, now=NOW + after_s, **known)
        due.append(render_state(Phase.RUNNING, **known).due_at)
    assert due == [None, None, NOW + 12, NOW + 12, NOW + 12]


def test_until_the_pace_is_known_earlier_renders_say_when_it_is_done():
    guess = Estimate("the last render of this scene", duration_ms=9_000)
    state = render_state(Phase.RUNNING, estimate=guess, progress=40, pace=Pace(NOW, 40, NOW))
    assert state.due_at == state.phase_at + 9
    assert words.time_left(state, state.due_at + 1) == ""
