"""Scenes that fail inside real Manim: each is shown at the line of the cell that it is about."""

import pytest

from kodisc_jupyter.scene.failures import from_failure
from tests.support.failing_cells import FAILING, source_of


@pytest.fixture(scope="module")
def errors(server):
    """The server's error text for every failing cell, by the cell's name."""
    jobs = {name: server.post(source_of(cell).code, "Fails") for name, cell in FAILING.items()}
    ended = {name: server.wait(job_id) for name, job_id in jobs.items()}
    assert {name for name, job in ended.items() if job["status"] != "failed"} == set()
    return {name: job["error"] for name, job in ended.items()}


@pytest.mark.render
@pytest.mark.parametrize("name", FAILING)
def test_a_real_failure_is_shown_at_the_line_it_is_about(errors, name):
    failing = FAILING[name]
    shown = from_failure(errors[name], source_of(failing), charged="It cost nothing.")
    assert (shown.origin, shown.line) == (failing.origin, failing.line)
    assert failing.said in shown.message
    assert failing.hint in shown.hint
    assert shown.charged == "It cost nothing."
    assert shown.full == errors[name].strip("\n")
    (marked,) = (line for line in shown.excerpt if line.mark)
    assert marked.number == failing.line
    assert marked.text.endswith("# here")
