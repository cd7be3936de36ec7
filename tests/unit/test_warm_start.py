"""When the render server is started before anybody has asked for it."""

from __future__ import annotations

import pytest

from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.notebook.rehearsal.warm_start import is_wanted
from kodisc_jupyter.notebook.settings import KodiscSettings


def wanted(front_end=FrontEnd.NOTEBOOK, *, has_key=False, possible=True, **settings):
    return is_wanted(KodiscSettings(**settings), front_end, has_key=has_key, possible=possible)


def test_a_notebook_with_somebody_there_finds_it_warm():
    assert wanted()
    assert wanted(has_key=True)
    assert wanted(backend="cloud")


@pytest.mark.parametrize("front_end", [each for each in FrontEnd if each is not FrontEnd.NOTEBOOK])
def test_nowhere_else(front_end):
    assert not wanted(front_end)


def test_not_where_it_would_not_be_used_or_is_not_wanted():
    assert not wanted(warm_start=False)
    assert not wanted(possible=False)
    assert not wanted(backend="cloud", rehearse="never")
    assert not wanted(has_key=True, rehearse="never")
    assert wanted(has_key=True, backend="local", rehearse="never")


@pytest.mark.parametrize(("said", "on"), [("", True), ("1", True), ("0", False), ("never", False)])
def test_the_environment_switches_it_off(monkeypatch, said, on):
    monkeypatch.setenv("KODISC_WARM_START", said)
    assert KodiscSettings().warm_start is on
