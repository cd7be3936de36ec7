"""What ``%kodisc doctor`` says of the sandbox of a class server on this machine."""

from __future__ import annotations

import shutil

import pytest

from kodisc_jupyter.local import __main__ as server
from kodisc_jupyter.local.processes import sandbox
from kodisc_jupyter.notebook.commands.diagnosis.finding import Finding, Verdict
from kodisc_jupyter.notebook.commands.diagnosis.installation import locked_in


def test_a_sandbox_that_works_is_named():
    found = locked_in(works=True, reason="/usr/bin/bwrap")
    assert found.verdict is Verdict.GOOD
    assert "locks each user's in, with /usr/bin/bwrap" in found.found


def test_without_one_the_doctor_says_what_to_install():
    found = locked_in(works=False, reason=sandbox.HOW_TO_INSTALL)
    assert found.verdict is Verdict.NOTE
    assert "could not lock each user's in" in found.found
    assert found.advice == sandbox.HOW_TO_INSTALL


def test_the_server_names_the_sandbox_that_works_here(sandbox, capsys):
    server.main(["sandbox"])
    assert capsys.readouterr().out.strip() == sandbox.program


def test_without_one_the_server_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")  # elsewhere there is nothing to install
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sandbox, "_bundled", lambda: None)
    with pytest.raises(SystemExit) as ended:
        server.main(["sandbox"])
    assert ended.value.code == server.UNUSABLE
    assert "apt install bubblewrap" in capsys.readouterr().err


def test_a_long_finding_goes_on_below_itself():
    line = str(Finding(Verdict.NOTE, "key", "none; looked " + "here and there " * 12, "log in"))
    first, second, *_, advice = line.split("\n")
    assert first.startswith("note  key          none; looked here")
    assert second.startswith(" " * 19)
    assert second.split()[0] in {"here", "and", "there"}
    assert advice == " " * 19 + "→ log in"
    assert max(map(len, line.split("\n"))) <= 88
