"""Who is looking, decided from facts; and what a line without a cell becomes."""

from __future__ import annotations

import pytest

from kodisc_jupyter.notebook.front_end import BEHAVIOUR, FrontEnd, front_end, of_shell
from kodisc_jupyter.notebook.ipython_hooks import with_body

FACTS = {"has_kernel": True, "allow_stdin": True, "environment": {}, "colab": False}


@pytest.mark.parametrize(
    "facts, expected",
    [
        ({}, FrontEnd.NOTEBOOK),
        ({"allow_stdin": False}, FrontEnd.HEADLESS),
        (
            {"allow_stdin": False, "environment": {"JPY_SESSION_NAME": "/a.ipynb"}},
            FrontEnd.SERVER_RUN,
        ),
        ({"environment": {"JPY_SESSION_NAME": "/a.ipynb"}}, FrontEnd.NOTEBOOK),
        ({"has_kernel": False}, FrontEnd.TERMINAL),
        ({"colab": True}, FrontEnd.COLAB),
        ({"colab": True, "allow_stdin": False}, FrontEnd.COLAB),
        ({"environment": {"SERVER_SOFTWARE": "voila/0.5"}, "allow_stdin": False}, FrontEnd.VOILA),
        ({"environment": {"SERVER_SOFTWARE": "jupyter/2"}}, FrontEnd.NOTEBOOK),
    ],
)
def test_the_front_end_follows_from_facts(facts, expected):
    assert front_end(**{**FACTS, **facts}) is expected


def test_every_front_end_has_manners_and_only_live_pages_return_at_once():
    assert set(BEHAVIOUR) == set(FrontEnd)
    returning = {one for one, manners in BEHAVIOUR.items() if not manners.waits}
    assert returning == {FrontEnd.NOTEBOOK, FrontEnd.VOILA}
    assert all(BEHAVIOUR[one].live for one in returning)


def test_without_a_shell_it_is_plain_python():
    assert of_shell(None, {}, {}) is FrontEnd.SCRIPT


class Kernel:
    """A kernel of ipykernel 6 or 7: the request that is being answered is its parent."""

    def __init__(self, parent):
        self._parent = parent

    def get_parent(self):
        return self._parent


class Shell:
    def __init__(self, parent):
        self.kernel = Kernel(parent)


@pytest.mark.parametrize(
    "parent, expected",
    [
        ({"content": {"allow_stdin": False}}, FrontEnd.HEADLESS),
        ({"content": {"allow_stdin": True}}, FrontEnd.NOTEBOOK),
        ({"content": {}}, FrontEnd.NOTEBOOK),
        ({}, FrontEnd.NOTEBOOK),
        (None, FrontEnd.NOTEBOOK),
    ],
)
def test_an_unattended_run_is_known_by_its_request(parent, expected):
    assert of_shell(Shell(parent), {}, {}) is expected


@pytest.mark.parametrize(
    "lines, expected",
    [
        (["%%kodisc --help\n"], ["%%kodisc --help\n", "\n"]),
        (["%%kodisc --help"], ["%%kodisc --help\n", "\n"]),
        (["%%kodisc_prelude\n", "\n"], ["%%kodisc_prelude\n", "\n"]),
        (["%%kodisc A\n", "x = 1\n"], ["%%kodisc A\n", "x = 1\n"]),
        (["%%kodiscs\n"], ["%%kodiscs\n"]),
        (["%%time\n"], ["%%time\n"]),
        (["x = 1\n"], ["x = 1\n"]),
        ([], []),
    ],
)
def test_only_a_bare_line_of_ours_gets_an_empty_body(lines, expected):
    assert with_body(lines) == expected
