"""``%reload_ext`` replaces the magics; what the kernel has spent, kept and open is not theirs."""

import pytest
from IPython.core.error import UsageError

from kodisc_jupyter.api.errors import BudgetExceededError
from kodisc_jupyter.notebook.kernel import current_kernel

DEADLINE_S = 60.0
CELL = """\
from manim import *


class {name}(Scene):
    def construct(self):
        self.wait()
"""
RELOADS = {
    "reload twice": ["%reload_ext kodisc_jupyter"] * 2,
    "unload and load": ["%unload_ext kodisc_jupyter", "%load_ext kodisc_jupyter"],
}


def run(shell, cell):
    shell.run_cell(cell).raise_error()


@pytest.fixture(params=RELOADS.values(), ids=RELOADS.keys())
def reload(request, shell):
    def again():
        for line in request.param:
            run(shell, line)

    return again


def test_what_was_spent_of_a_budget_stays_spent(shell, service, reload):
    service.cost = 1
    run(shell, "%config KodiscMagics.max_credits = 1")
    run(shell, "%%kodisc A\n" + CELL.format(name="A"))
    reload()
    with pytest.raises(BudgetExceededError, match="1 spent"):
        run(shell, "%%kodisc B\n" + CELL.format(name="B"))
    assert len(service.posts) == 1


def test_a_budget_holds_under_another_kodisc_home_too(
    shell, service, reload, tmp_path, monkeypatch
):
    service.cost = 1
    run(shell, "%config KodiscMagics.max_credits = 1")
    run(shell, "%%kodisc A\n" + CELL.format(name="A"))
    monkeypatch.setenv("KODISC_HOME", str(tmp_path / "elsewhere"))
    reload()
    assert current_kernel().home == tmp_path / "elsewhere"
    with pytest.raises(BudgetExceededError):
        run(shell, "%%kodisc B\n" + CELL.format(name="B"))
    assert len(service.posts) == 1


def test_the_prelude_is_kept_and_sent(shell, service, reload):
    run(shell, "%%kodisc_prelude\nfrom manim import *\n\nACCENT = TEAL")
    reload()
    cell = (
        CELL.partition("\n")[2]
        .format(name="A")
        .replace("self.wait()", "self.add(Dot(color=ACCENT))")
    )
    run(shell, "%%kodisc A\n" + cell)
    assert "ACCENT = TEAL" in service.posts[0].code


def test_the_report_still_counts_what_was_rendered_before(shell, service, reload, capsys):
    run(shell, "%%kodisc A\n" + CELL.format(name="A"))
    reload()
    capsys.readouterr()
    run(shell, "%kodisc report")
    assert "51" in capsys.readouterr().out


def test_an_open_render_is_watched_on(shell, service, reload):
    service.instant = False
    run(shell, "%%kodisc A --no-wait --as opened\n" + CELL.format(name="A"))
    reload()
    render = shell.user_ns["opened"]
    service.finish(render.job.job_id)
    assert render.wait(DEADLINE_S).credits_cost == 51
    assert current_kernel().session.open_renders() == []


def test_after_an_unload_the_magics_are_gone(shell):
    run(shell, "%unload_ext kodisc_jupyter")
    with pytest.raises(UsageError, match="kodisc"):
        shell.run_line_magic("kodisc", "")
    run(shell, "%load_ext kodisc_jupyter")
