"""Where renders go: from the setting and two facts, and never a silent switch."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.errors import AuthenticationError
from kodisc_jupyter.notebook import backends
from kodisc_jupyter.notebook.backends import NowhereToRenderError, decide


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
