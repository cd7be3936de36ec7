"""Receipts: what was rendered and what it cost, in a table and as CSV."""

import csv
import time
from dataclasses import replace

import pytest

from kodisc_jupyter.api.errors import KodiscError, ServerError
from kodisc_jupyter.api.models import Quality, RenderRequest
from kodisc_jupyter.renders.job_list import jobs_table, short_ids
from kodisc_jupyter.renders.journal.record import Step

DEADLINE_S = 60.0


@pytest.fixture
def filled(session, cloud, service):
    """A rendered scene shown twice, a failed one, an uncertain one, and an open one."""
    request = RenderRequest("x", "Good")
    session.start(request, backend=cloud, notebook="/home/a/lesson.ipynb").wait(DEADLINE_S)
    session.start(request, backend=cloud, notebook="lesson.ipynb")
    service.instant = False
    bad = session.start(RenderRequest("x", "Bad", quality=Quality.LOW), backend=cloud)
    service.finish(bad.job.job_id, error="NameError: x")
    with pytest.raises(KodiscError):
        bad.wait(DEADLINE_S)
    service.submit_error = ServerError("no answer")
    service.submit_error.uncertain = 1
    with pytest.raises(ServerError):
        session.start(RenderRequest("x", "Doubtful"), backend=cloud)
    service.submit_error = None
    session.start(RenderRequest("x", "Open"), backend=cloud)
    return session


def test_a_report_adds_up_what_is_known_and_counts_what_is_not(filled):
    report = filled.report()
    assert [(row.scene, row.credits, row.reused) for row in report.rows if row.notebook] == [
        ("Good", 51, False),
        ("Good", 0, True),
    ]
    assert {row.scene: (row.credits, row.state) for row in report.rows if not row.notebook} == {
        "Bad": (0, "failed"),
        "Doubtful": (None, "uncertain"),
        "Open": (None, "queued"),
    }
    assert (
        str(report.totals)
        == "1 rendered, 1 failed, 1 uncertain, 1 still open, 1 reused, 51 credits, and 2 of unknown cost"
    )


def test_the_table_has_a_part_per_notebook_and_session(filled, make_session, cloud, service):
    other = make_session()
    other.start(RenderRequest("x", "Good"), backend=cloud, notebook="lesson.ipynb")
    assert len(other.report().rows) == 1
    text = str(other.report(everything=True))
    assert text.count("lesson.ipynb, session of") == 2
    assert "unknown" in text
    assert "In all: 1 rendered, 1 failed, 1 uncertain, 1 still open, 2 reused, 51 credits" in text
    assert max(map(len, text.splitlines())) <= 80
    assert str(make_session().report()) == "Nothing has been rendered yet."


def test_no_cell_of_a_report_is_a_formula_when_a_spreadsheet_opens_it(
    session, cloud, service, tmp_path
):
    """A notebook's name, and whatever a server calls a job, may come from anybody."""
    poison = "=HYPERLINK(A1)\r\n+1.ipynb"
    session.start(RenderRequest("x", "Good"), backend=cloud, notebook=poison).wait(DEADLINE_S)
    session.report().write_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["notebook"] == "'=HYPERLINK(A1)  +1.ipynb"
    assert not any(cell.startswith(tuple("=+-@")) for cell in row.values())


def test_a_report_goes_into_a_csv_file_whole(filled, tmp_path):
    filled.report().write_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    good = next(row for row in rows if row["scene"] == "Good" and row["reused"] == "False")
    assert (good["credits"], good["seconds"], good["quality"]) == ("51", "4.0", "medium")
    assert next(row for row in rows if row["scene"] == "Open")["credits"] == ""
    with pytest.raises(KodiscError, match="could not be written"):
        filled.report().write_csv(tmp_path / "nowhere" / "report.csv")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.csv"]


def test_the_list_of_jobs_shows_state_credits_age_and_the_balances_of_what_is_uncertain(filled):
    rows = filled.jobs(10)
    text = jobs_table(rows, now=time.time() + 7200)
    lines = text.splitlines()
    assert lines[0].split() == ["job", "scene", "notebook", "settings", "where"] + [
        "state",
        "credits",
        "age",
    ]
    assert "Open" in lines[1]
    assert "2 h" in lines[1]
    assert any("Good" in line and "completed" in line and " 51 " in line for line in lines)
    assert (
        "Doubtful was sent 2 h ago and never got an answer; the balance has not changed since (949 → 949)"
        in text.replace("\n", " ")
    )
    assert max(map(len, lines)) <= 80
    assert jobs_table([], now=0) == "Nothing has been rendered yet."


def test_foreign_text_cannot_draw_in_the_table(filled):
    row = replace(filled.jobs()[0], job_id="\x1b[31mred\n\u202e", notebook="n" * 500)
    (line,) = jobs_table([row], now=time.time()).splitlines()[1:]
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert len(line) <= 80


def test_a_short_id_tells_a_job_from_every_other():
    assert short_ids(["clx4abcdefgh", "clx9abcdefgh"]) == {
        "clx4abcdefgh": "clx4abcd",
        "clx9abcdefgh": "clx9abcd",
    }
    assert short_ids(["clx4abcdefgh1", "clx4abcdefgh2"])["clx4abcdefgh1"] == "clx4abcdefgh1"
    assert short_ids(["a", "ab"]) == {"a": "a", "ab": "ab"}
    assert short_ids([]) == {}


def test_a_list_of_jobs_always_has_the_open_and_uncertain_ones(filled):
    assert {row.step for row in filled.jobs(1)} == {Step.ACCEPTED, Step.UNCERTAIN}
