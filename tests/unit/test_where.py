"""Where renders go: from the setting and two facts, and never a silent switch."""

from __future__ import annotations

import argparse

import pytest

from kodisc_jupyter.api import auth
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import AuthenticationError
from kodisc_jupyter.api.models import Account, Balance
from kodisc_jupyter.notebook import backends
from kodisc_jupyter.notebook.backends import NowhereToRenderError, decide
from kodisc_jupyter.notebook.commands import status
from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.prepare import option_diagnostic

KEY = "kdsc_live_" + "ab" * 24
ACCOUNT = Account("u1", "k1", KEY[:14], Balance(10, 2, 12))


@pytest.mark.parametrize(
    "backend, has_key, has_manim, expected",
    [
        ("auto", True, True, "cloud"),
        ("auto", True, False, "cloud"),
        ("auto", False, True, "local"),
        ("cloud", True, False, "cloud"),
        ("cloud", True, True, "cloud"),
        ("local", True, True, "local"),
        ("local", False, True, "local"),
    ],
)
def test_a_key_means_kodisc_and_no_key_means_this_machine(backend, has_key, has_manim, expected):
    assert decide(backend, has_key=has_key, has_manim=has_manim) == expected


def test_cloud_without_a_key_is_an_error_and_not_a_local_render():
    with pytest.raises(AuthenticationError) as refused:
        decide("cloud", has_key=False, has_manim=True)
    assert "Nothing was sent and nothing was charged." in str(refused.value)
    assert "--backend local" in refused.value.hint


def test_local_without_manim_says_how_to_install_it():
    with pytest.raises(NowhereToRenderError, match="pip install") as refused:
        decide("local", has_key=True, has_manim=False)
    assert "kodisc-jupyter[local]" in refused.value.hint


def test_neither_names_both_ways_out():
    with pytest.raises(NowhereToRenderError) as refused:
        decide("auto", has_key=False, has_manim=False)
    assert "%kodisc login" in refused.value.hint
    assert "kodisc-jupyter[local]" in refused.value.hint


def test_a_package_that_was_barred_counts_as_not_installed(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "tornado", None)
    assert not backends.has_manim()


def test_a_plain_kodisc_looks_for_the_key_once(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    monkeypatch.delenv("KODISC_KEY", raising=False)
    opened = []
    monkeypatch.setattr(auth, "_from_keyring", lambda: opened.append(1) or KEY)
    monkeypatch.setattr(Client, "get_me", lambda *_, **__: ACCOUNT)
    status.run(KernelState(KodiscMagics()), argparse.Namespace())
    assert "Key: kdsc_live_abab… (from the system keyring)" in capsys.readouterr().out
    assert len(opened) == 1


def test_the_budget_follows_the_setting_while_renders_are_open(monkeypatch, tmp_path):
    monkeypatch.setenv("KODISC_HOME", str(tmp_path))
    settings = KodiscMagics(max_credits=5)
    session = KernelState(settings).session
    assert session.max_credits == 5
    settings.max_credits = 7
    assert session.max_credits == 7


@pytest.mark.parametrize(
    ("line", "mark"), [("Polygons --with n", (16, 17)), ("n --with n", (0, 1)), ("Polygons", None)]
)
def test_a_word_of_the_line_is_marked_and_no_part_of_another(line, mark):
    found = option_diagnostic("no such variable", "", line, "n")
    assert (found.column, found.end_column) == (mark or (None, None))
