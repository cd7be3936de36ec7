"""Tracebacks of Manim's command line lead to the line of the cell."""

from pathlib import Path

import pytest

from kodisc_jupyter.scene.failures import from_failure
from tests.support.failing_cells import FAILING, source_of

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    "path", sorted((HERE / "tracebacks").glob("*.txt")), ids=lambda path: path.stem
)
def test_a_traceback_of_manims_command_line_leads_to_the_same_line(path):
    """The files are output of `manim -ql`, as it was written to terminals of several widths."""
    failing = FAILING[path.stem]
    shown = from_failure(path.read_text(encoding="utf-8"), source_of(failing))
    assert (shown.origin, shown.line) == (failing.origin, failing.line)
    if "LaTeX" in shown.message:
        assert shown.message == "LaTeX: Undefined control sequence."
    else:
        assert failing.said in shown.message
        assert failing.hint in shown.hint
