"""How much the render server on this machine may keep to render a changed scene sooner."""

from __future__ import annotations

import os

import pytest
from traitlets import TraitError
from traitlets.config import Config

from kodisc_jupyter.local.options import parse
from kodisc_jupyter.notebook.settings import KodiscSettings


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setenv("KODISC_SEGMENTS_MB", "5")


def test_the_environment_says_it_where_no_setting_does(monkeypatch):
    assert KodiscSettings().segments_limit_mb == parse([]).segments_limit_mb == 5
    monkeypatch.delenv("KODISC_SEGMENTS_MB")
    assert KodiscSettings().segments_limit_mb == parse([]).segments_limit_mb == 2048


def test_a_server_that_is_started_afterwards_is_held_to_the_setting():
    settings = KodiscSettings()
    settings.segments_limit_mb = 7
    assert parse([]).segments_limit_mb == 7
    KodiscSettings(config=Config({"KodiscMagics": {"segments_limit_mb": 0}}))
    assert parse([]).segments_limit_mb == 0
    assert parse(["--segments-limit", "9"]).segments_limit_mb == 9


def test_less_than_nothing_cannot_be_kept():
    with pytest.raises(TraitError, match="0 or more"):
        KodiscSettings().segments_limit_mb = -1
    assert os.environ["KODISC_SEGMENTS_MB"] == "5"
