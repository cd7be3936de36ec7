"""A forker that is idle: noticed, ended, and nothing of its user is lost."""

from __future__ import annotations

import pytest

from kodisc_jupyter.local.processes import forker_pool
from kodisc_jupyter.local.processes.render_processes import RenderProcesses
from kodisc_jupyter.stage.task import Limits, RenderTask, Shared

pytestmark = pytest.mark.render

OWNER = f"usr_{7:024x}"


def test_a_users_process_ends_when_idle_and_what_is_kept_of_the_user_stays(
    sandbox, tmp_path, monkeypatch, wait_until
):
    monkeypatch.setattr(forker_pool, "IDLE_S", 0.0)
    shared = Shared(tmp_path / "formulas", tmp_path / "segments")
    renders = RenderProcesses(tmp_path / "work", shared=shared, sandbox=sandbox)
    kept = "open('/kodisc/formulas/x.svg', 'w').close()"
    code = f"import os\nos.makedirs('/kodisc/formulas', exist_ok=True)\n{kept}\nx = 1 / 0\n"
    try:
        task = RenderTask("one", code, "One", 854, 480, 15, owner=OWNER, limits=Limits(240))
        outcome = renders.submit(task, tmp_path / "one").result(240)
        assert "ZeroDivisionError" in outcome.error
        wait_until((tmp_path / "formulas" / OWNER / "x.svg").exists)
        wait_until(lambda: len(list((tmp_path / "work").glob("room-*/empty"))) == 1)
        assert renders.pid is not None
    finally:
        renders.close()
    assert list((tmp_path / "work").glob("room-*")) == []
