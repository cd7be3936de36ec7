"""What stands above ``%%kodisc`` in a cell."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.notebook.ipython_hooks import first_line_first

SCENE = """\
from manim import *


class A(Scene):
    def construct(self):
        self.wait()
"""


COMMENTS = {
    "a comment": "# Cell 3: the circle\n",
    "some, and empty lines": "# one\n\n#two\n   # three\n\n",
    "papermill's": "# Parameters\n",
}


@pytest.mark.parametrize("above", COMMENTS.values(), ids=COMMENTS.keys())
def test_comments_may_stand_above(shell, service, above):
    shell.run_cell(f"{above}%%kodisc A -ql\n{SCENE}").raise_error()
    (post,) = service.posts
    assert post.class_name == "A"
    assert post.code.endswith(SCENE)


def test_lines_keep_their_numbers(shell):
    broken = SCENE.replace("self.wait()", "self.add(Crcle())")
    with pytest.raises(SceneCheckError) as caught:
        shell.run_cell(f"# one\n# two\n%%kodisc A\n{broken}").raise_error()
    assert "line 9" in "".join(caught.value.frames)


def test_a_prelude_may_have_comments_above(shell, service):
    shell.run_cell("# what all cells share\n%%kodisc_prelude\nfrom manim import *\n").raise_error()
    shell.run_cell(f"%%kodisc A\n{SCENE.partition(chr(10))[2]}").raise_error()
    assert "from manim import *" in service.posts[0].code


@pytest.mark.parametrize("above", ["x = 1\n", "%load_ext kodisc_jupyter\n", "# one\n!ls\n"])
def test_code_above_is_said(shell, service, above):
    with pytest.raises(SceneCheckError) as caught:
        shell.run_cell(f"{above}%%kodisc A\n{SCENE}").raise_error()
    said = "".join(caught.value.frames)
    assert "%%kodisc must be the first line of its cell." in said
    assert service.posts == []


@pytest.mark.parametrize(
    "cell",
    [
        'text = """\n%%kodisc A\n"""\n',
        "f(\n    '''\n%%kodisc_prelude\n''',\n)\n",
        "%%kodisc A\n# %%kodisc\nx = 1\n",
        "%%writefile notes.txt\nx\n%%kodisc A\n",
        "# notes\n%%writefile notes.txt\nx\n%%kodisc A\n",
        "%%kodiscs\n",
        "x = 10\ny = x %%kodisc\n",
        "",
    ],
)
def test_other_cells_are_left_alone(cell):
    lines = cell.splitlines(keepends=True)
    assert first_line_first(list(lines)) == lines
