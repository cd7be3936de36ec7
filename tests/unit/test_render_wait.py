"""Waiting for a render, as a program does with the handle that ``render()`` returns."""

from __future__ import annotations

import time
from threading import Event, Thread

from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.renders.render import Render
from kodisc_jupyter.renders.state import Phase, RenderState
from tests.support.states import render_state

LIMIT_S = 30


def test_wait_returns_after_the_end_has_been_shown():
    now = time.time()
    state = render_state(scene="Ball", backend="local", began_at=now, phase_at=now)
    render = Render(state, request=None, backend=None)
    showing, may_show = Event(), Event()
    shown: list[Phase] = []

    def show(state: RenderState) -> None:
        if state.phase is Phase.COMPLETED:
            showing.set()
            may_show.wait(LIMIT_S)
            shown.append(state.phase)

    render.subscribe(show)
    job = Job("clx1", JobStatus.COMPLETED)
    watcher = Thread(target=render.advance, args=(Phase.COMPLETED,), kwargs={"job": job})
    watcher.start()
    showing.wait(LIMIT_S)
    Thread(target=may_show.set).start()

    assert render.wait(LIMIT_S) == job
    assert shown == [Phase.COMPLETED]
    watcher.join(LIMIT_S)
