"""Nothing is spent at the vendor before somebody has read what, and agreed."""

import io

import pytest

from kodisc_jupyter.api.models import Account, Balance
from tests.contract.conftest import announce

ACCOUNT = Account("usr_1", "key_1", "kdsc_live_9c1d", Balance(1840, 200, 2040))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _nobody_agreed(monkeypatch):
    monkeypatch.delenv("KODISC_CONTRACT_YES", raising=False)


def test_without_a_terminal_it_refuses(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(pytest.exit.Exception, match="Nobody is there to agree"):
        announce("https://kodisc.com/api/v2", "KODISC_KEY", ACCOUNT)


@pytest.mark.parametrize("typed", ["\n", "n\n", "what?\n"])
def test_anything_but_yes_is_no(monkeypatch, typed):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    with pytest.raises(pytest.exit.Exception, match="Nothing was rendered"):
        announce("https://kodisc.com/api/v2", "KODISC_KEY", ACCOUNT)


def test_it_says_where_what_and_the_balance_before_it_goes_on(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))

    announce("https://kodisc.com/api/v2", "KODISC_KEY", ACCOUNT)

    told = capsys.readouterr().out
    assert "against https://kodisc.com/api/v2, with the key kdsc_live_9c1d… from KODISC_KEY" in told
    assert "two small scenes in low quality, one of which fails on purpose" in told
    assert "Balance: 2,040 credits (1,840 paid + 200 free)." in told


def test_a_script_can_agree_beforehand(monkeypatch):
    monkeypatch.setenv("KODISC_CONTRACT_YES", "1")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    announce("https://kodisc.com/api/v2", "KODISC_KEY", ACCOUNT)
