"""What the render server on this machine says of a render that runs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.renders.watch import progress
from tests.support.states import render_state

PICTURE = "data:image/jpeg;base64,/9j/"


def read(said, **known):
    client = SimpleNamespace(beside=lambda _path: said)
    return progress.read(client, "clx1", render_state(Phase.RUNNING, **known))


def test_frames_percent_and_picture_are_taken_over():
    said = {"frames": 12, "total": None, "percent": None, "preview": "/9j/"}
    assert read(said) == {"drawn": 12, "progress": None, "preview": PICTURE}
    assert read(said | {"total": 24, "percent": 50})["progress"] == 50


@pytest.mark.parametrize(
    "said", [{}, {"frames": 3, "percent": 4}, {"frames": -1, "percent": 101}, {"frames": True}]
)
def test_it_never_goes_back_and_nothing_that_makes_no_sense_is_believed(said):
    known = {"drawn": 12, "progress": 50, "preview": PICTURE}
    assert read(said, **known) == known
