"""Collections are put off until a cell's panel is there, and never for longer."""

from __future__ import annotations

import gc

import pytest

from kodisc_jupyter.notebook.garbage_collection import allow_collections, collections_put_off

SCENE = """\
from manim import *


class Waits(Scene):
    def construct(self):
        self.wait()
"""


def test_collections_are_put_off_until_they_are_allowed():
    with collections_put_off():
        assert not gc.isenabled()
        with collections_put_off():  # a cell in another thread
            assert not gc.isenabled()
        allow_collections()
        assert gc.isenabled()
    assert gc.isenabled()


def test_an_error_leaves_them_as_they_were():
    with pytest.raises(ZeroDivisionError), collections_put_off():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_who_has_switched_them_off_keeps_them_off():
    gc.disable()
    try:
        with collections_put_off():
            allow_collections()
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_cell_is_checked_without_collections_and_sent_with_them(shell, service, monkeypatch):
    from kodisc_jupyter.notebook import cell

    seen = {}
    prepared = cell.prepare

    def prepare(*arguments):
        seen["checked"] = gc.isenabled()
        return prepared(*arguments)

    monkeypatch.setattr(cell, "prepare", prepare)
    service.before_post = lambda: seen.update(sent=gc.isenabled())
    shell.run_cell(f"%%kodisc\n{SCENE}").raise_error()
    assert seen == {"checked": False, "sent": True}
    assert not shell.run_cell("%%kodisc\nfrom manim import *\nCircel()").success
    assert gc.isenabled()
