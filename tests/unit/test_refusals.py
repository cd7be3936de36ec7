"""What a refused render says where it is kept in a file, and where it is not."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.errors import InsufficientCreditsError
from kodisc_jupyter.api.models import Balance
from kodisc_jupyter.notebook.display.notices import show_refusal
from kodisc_jupyter.notebook.front_end import FrontEnd


def refused(front_end: FrontEnd) -> str:
    error = InsufficientCreditsError(
        "Not enough credits.", balance=Balance(2, 5, 7), hint="Buy credits."
    )
    show_refusal(error, None, front_end)
    return "\n".join(error.frames)


def test_a_terminal_says_the_balance():
    assert "Balance: 7 credits (2 paid + 5 free). Buy credits." in refused(FrontEnd.TERMINAL)


@pytest.mark.parametrize("front_end", [FrontEnd.NOTEBOOK, FrontEnd.HEADLESS])
def test_the_balance_is_nowhere_in_what_a_notebook_keeps(front_end, capsys, monkeypatch):
    kept = []
    monkeypatch.setattr(
        "IPython.display.publish_display_data", lambda data, **_: kept.append(str(data))
    )
    kept.append(refused(front_end))
    told = "".join(kept) + capsys.readouterr().out
    assert "%kodisc shows your balance. Buy credits." in told
    assert "7 credits" not in told
