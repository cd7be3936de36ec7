"""Which command LaTeX stopped at, from the context that its log shows."""

from __future__ import annotations

import pytest

from kodisc_jupyter.scene.latex import latex_message

IN_AN_ARGUMENT = """\
! Undefined control sequence.
<argument>  \\fraq
l.6 \\end{align*}
"""
ON_ITS_LINE = """\
! Undefined control sequence.
l.6 \\alpha + \\fraq
                  {1}{2}
"""
IN_A_MACRO = """\
! Undefined control sequence.
\\half ->\\fraq
               {1}{2}
l.6 \\beta + \\half
"""


@pytest.mark.parametrize("log", [IN_AN_ARGUMENT, ON_ITS_LINE, IN_A_MACRO])
def test_the_undefined_command_is_named_and_not_what_stands_around_it(log):
    assert latex_message(log) == "Undefined control sequence: \\fraq."
