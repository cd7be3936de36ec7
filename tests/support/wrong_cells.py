"""Wrong cells, each with what the free checks must say about it.

The cells are numbered as a notebook numbers them: the `%%kodisc` line is line 1. `marked` is the
text that must be underlined. The golden HTML of each is `golden/<name>.html`, written by
`scripts/golden_html.py`.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kodisc_jupyter.notebook.prepare import request_facts
from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import Checked, check

SENT_ALONE = "Nothing was sent, so nothing was charged."


@dataclass(frozen=True)
class Wrong:
    """A cell with one mistake, what is around it, and what must be said about it."""

    name: str
    cell: str
    check: str
    line: int | None
    marked: str
    message: str
    hint: str
    severity: str = "error"
    origin: str = "cell"
    scenes: tuple[str, ...] = ()
    prelude: str = ""
    options: str = ""
    broken_rule: tuple[str, str] = ("", "")
    notebook_names: Collection[str] = ()
    local_modules: Collection[str] = ()
    body_bytes: int = 0
    limit_bytes: int = 0
    values: Mapping[str, object] | None = None

    def checked(self, disabled: Collection[str] = ()) -> Checked:
        """What the checks say."""
        rule, field = self.broken_rule
        return check(
            assemble(self.cell, prelude=self.prelude, values=self.values, first_line=2),
            self.scenes,
            notebook_names=self.notebook_names,
            local_modules=self.local_modules,
            limit_bytes=self.limit_bytes,
            disabled=disabled,
            request=request_facts(
                self.options,
                field=field,
                broken_rule=rule or None,
                body_bytes=self.body_bytes,
            ),
        )


def a_function() -> None:
    """Something of the notebook that cannot be sent as a literal."""


class AClass:
    """Something else."""


WRONG = (
    Wrong(
        "open_bracket",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.play(Create(Circle())
        self.wait()
""",
        "syntax",
        6,
        "(",
        "'(' was never closed.",
        "Close it, or delete it.",
    ),
    Wrong(
        "missing_colon",
        """\
from manim import *

class Hello(Scene)
    def construct(self):
        pass
""",
        "syntax",
        4,
        "",
        "Expected ':'.",
        "Put a colon at the end of this line.",
    ),
    Wrong(
        "missing_colon_for",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        for i in range(3)
            self.wait()
""",
        "syntax",
        6,
        "",
        "Expected ':'.",
        "Put a colon at the end of this line.",
    ),
    Wrong(
        "open_string",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        title = Text("Hello)
        self.add(title)
""",
        "syntax",
        6,
        '"',
        "Unterminated string literal (detected at line 6).",
        "End the text with the same quotation mark that it begins with.",
    ),
    Wrong(
        "open_triple_quote",
        'from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n        title = Text("""Hello)\n        self.add(title)\n',
        "syntax",
        6,
        '"',
        "Unterminated triple-quoted string literal (detected at line 7).",
        "End the text with three quotation marks.",
    ),
    Wrong(
        "unexpected_indent",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        a = Circle()
            self.add(a)
""",
        "syntax",
        7,
        "self.add(a)",
        "Unexpected indent.",
        "Indent this line as far as the lines around it.",
    ),
    Wrong(
        "empty_block",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
    self.wait()
""",
        "syntax",
        6,
        "self.wait()",
        "Expected an indented block after function definition on line 5.",
        "Indent the lines that belong to the line above by four spaces.",
    ),
    Wrong(
        "assignment_in_condition",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        n = 1
        if n = 1:
            self.wait()
""",
        "syntax",
        7,
        "n = 1",
        "Invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
        "Use == to compare and = to assign.",
    ),
    Wrong(
        "unmatched_bracket",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait())
""",
        "syntax",
        6,
        ")",
        "Unmatched ')'.",
        "Delete it, or add the opening bracket.",
    ),
    Wrong(
        "missing_comma",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Circle() Square())
""",
        "syntax",
        6,
        "Circle() Square()",
        "Invalid syntax. Perhaps you forgot a comma?",
        "Put a comma between the two.",
    ),
    Wrong(
        "print_statement",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        print "hello"
""",
        "syntax",
        6,
        'print "hello"',
        "Missing parentheses in call to 'print'. Did you mean print(...)?",
        "Write print(…).",
    ),
    Wrong(
        "return_outside",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
return 3
""",
        "syntax",
        7,
        "return 3",
        "'return' outside function.",
        "Indent it so that it is inside a method.",
    ),
    Wrong(
        "invalid_character",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait(1)
        self.add(Dot()，Dot())
""",
        "syntax",
        7,
        "，",
        "Invalid character '，' (U+FF0C).",
        "Write , instead.",
    ),
    Wrong(
        "smart_quotes",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Text(“Hello”))
""",
        "syntax",
        6,
        "“",
        "Invalid character '“' (U+201C).",
        'Write " instead.',
    ),
    Wrong(
        "null_byte",
        "from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n        self.wait()\x00\n",
        "syntax",
        6,
        "<U+0000>",
        "Python code cannot contain the character U+0000.",
        "Delete it; it was probably pasted in by accident.",
    ),
    Wrong(
        "syntax_error_in_wide_text",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        t = Text("日本語 😀"); u = (1 +
""",
        "syntax",
        6,
        "(",
        "'(' was never closed.",
        "Close it, or delete it.",
    ),
    Wrong(
        "syntax_error_in_prelude",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "syntax",
        1,
        ":",
        "Invalid syntax.",
        "Look just before the marked place: there is a character too many, or a bracket or a quotation mark is missing.",
        origin="prelude",
        prelude="""\
def grid(:
    pass
""",
    ),
    Wrong(
        "dedent",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        if True:
                self.wait()
            self.wait()
""",
        "syntax",
        8,
        "self.wait()",
        "Unindent does not match any outer indentation level.",
        "Indent this line as far as the other lines of its block.",
    ),
    Wrong(
        "shell_command",
        """\
!pip install manim
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "ipython-syntax",
        2,
        "!pip install manim",
        "Shell commands (!) do not run where the scene is rendered.",
        "Delete this line, or run it in a cell of its own.",
    ),
    Wrong(
        "shell_assignment",
        """\
files = !ls
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "ipython-syntax",
        2,
        "files = !ls",
        "Shell commands (!) do not run where the scene is rendered.",
        "Delete this line, or run it in a cell of its own.",
    ),
    Wrong(
        "line_magic",
        """\
%matplotlib inline
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "ipython-syntax",
        2,
        "%matplotlib inline",
        "%matplotlib is an IPython magic; a scene runs in plain Python.",
        "Delete this line, or run it in a cell of its own.",
    ),
    Wrong(
        "second_kodisc_line",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

%%kodisc Other
""",
        "ipython-syntax",
        8,
        "%%kodisc Other",
        "%kodisc is an IPython magic; a scene runs in plain Python.",
        "A cell can have only one %%kodisc line, and it must be the first line.",
    ),
    Wrong(
        "help_question",
        """\
from manim import *

Circle?
""",
        "ipython-syntax",
        4,
        "Circle?",
        "Asking for help with ? works only in the notebook, not where the scene is rendered.",
        "Delete this line, or run it in a cell of its own.",
    ),
    Wrong(
        "no_such_scene",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "no-such-scene",
        1,
        "Helo",
        "There is no scene called Helo.",
        "Did you mean Hello? Scenes: Hello.",
        origin="options",
        scenes=("Helo",),
        options="%%kodisc Helo -ql",
    ),
    Wrong(
        "no_such_scene_none_here",
        """\
from manim import *

x = 1
""",
        "no-such-scene",
        1,
        "Hello",
        "There is no scene called Hello.",
        "No scene is defined here.",
        origin="options",
        scenes=("Hello",),
        options="%%kodisc Hello",
    ),
    Wrong(
        "wrong_case_of_scene",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "no-such-scene",
        1,
        "hello",
        "There is no scene called hello.",
        "Did you mean Hello? Scenes: Hello.",
        origin="options",
        scenes=("hello",),
        options="%%kodisc hello",
    ),
    Wrong(
        "no_scene",
        """\
from manim import *

circle = Circle()
""",
        "no-scene",
        None,
        "",
        "The cell defines no scene.",
        "Write `class MyScene(Scene):` with a `construct` method.",
    ),
    Wrong(
        "empty_cell",
        "\n",
        "no-scene",
        None,
        "",
        "The cell defines no scene.",
        "Write `class MyScene(Scene):` with a `construct` method.",
    ),
    Wrong(
        "class_without_scene_base",
        """\
from manim import *

class Hello:
    def construct(self):
        pass
""",
        "no-scene",
        4,
        "class Hello",
        "The cell defines no scene: Hello is not a Scene.",
        "Write `class Hello(Scene):`.",
    ),
    Wrong(
        "not_a_scene_named",
        """\
from manim import *

class Box(VGroup):
    pass

class Hello(Scene):
    def construct(self):
        self.add(Box())
""",
        "not-a-scene",
        4,
        "class Box",
        "Box is not a Scene.",
        "Make it a kind of scene, as in `class Box(Scene):`.",
        scenes=("Box",),
    ),
    Wrong(
        "not_a_scene_through_a_base",
        """\
from manim import *

class A:
    pass

class Hello(A):
    def construct(self):
        pass
""",
        "not-a-scene",
        7,
        "class Hello",
        "Hello is not a Scene.",
        "Make it a kind of scene, as in `class Hello(Scene):`.",
        scenes=("Hello",),
    ),
    Wrong(
        "several_scenes",
        """\
from manim import *

class One(Scene):
    def construct(self):
        self.wait()


class Two(Scene):
    def construct(self):
        self.wait()
""",
        "which-scene",
        9,
        "class Two",
        "The cell defines 2 scenes: One, Two.",
        "Name the one to render: %%kodisc One, or all: %%kodisc One Two.",
    ),
    Wrong(
        "no_construct",
        """\
from manim import *

class Hello(Scene):
    title = 'x'
""",
        "no-construct",
        4,
        "class Hello",
        "Hello has no construct method, so there is nothing to render.",
        "Put the animations into `def construct(self):`.",
    ),
    Wrong(
        "misspelt_construct",
        """\
from manim import *

class Hello(Scene):
    def contruct(self):
        self.wait()
""",
        "no-construct",
        4,
        "class Hello",
        "Hello has no construct method, so there is nothing to render.",
        "Rename contruct to construct.",
    ),
    Wrong(
        "no_construct_through_a_base",
        """\
from manim import *

class Base(MovingCameraScene):
    def setup(self):
        pass

class Hello(Base):
    pass
""",
        "no-construct",
        8,
        "class Hello",
        "Hello has no construct method, so there is nothing to render.",
        "Put the animations into `def construct(self):`.",
        scenes=("Hello",),
    ),
    Wrong(
        "scene_twice",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

class Hello(Scene):
    def construct(self):
        self.wait(2)
""",
        "duplicate-scene",
        8,
        "class Hello",
        "Hello is defined twice (first on line 4); this one is rendered.",
        "Delete one of them, or give it another name.",
        severity="warning",
    ),
    Wrong(
        "scene_also_in_prelude",
        """\
class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "duplicate-scene",
        2,
        "class Hello",
        "Hello is also defined in the prelude; this one is rendered.",
        "Give it another name if that is not what you mean.",
        severity="warning",
        prelude="""\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait(2)
""",
    ),
    Wrong(
        "manim_not_imported",
        """\
class Hello(Scene):
    def construct(self):
        self.add(Circle(), Square(), np.zeros(3))
""",
        "undefined-name",
        2,
        "Scene",
        "Scene, Circle, Square and np are not defined: Manim is not imported here.",
        "Each cell is sent by itself: put `from manim import *` at its top, or once in a %%kodisc_prelude cell.",
    ),
    Wrong(
        "misspelt_mobject",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Circel())
""",
        "undefined-name",
        6,
        "Circel",
        "Circel is not defined.",
        "Did you mean Circle?",
    ),
    Wrong(
        "misspelt_local",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        circle = Circle()
        self.add(cirlce)
""",
        "undefined-name",
        7,
        "cirlce",
        "cirlce is not defined.",
        "Did you mean circle?",
    ),
    Wrong(
        "wrong_case",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(circle())
""",
        "undefined-name",
        6,
        "circle",
        "circle is not defined.",
        "Did you mean Circle?",
    ),
    Wrong(
        "colour_in_lower_case",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Circle(color=blue))
""",
        "undefined-name",
        6,
        "blue",
        "blue is not defined.",
        "Did you mean BLUE?",
    ),
    Wrong(
        "unknown_colour",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Circle(color=BLURPLE))
""",
        "undefined-name",
        6,
        "BLURPLE",
        "BLURPLE is not defined.",
        "Define it in the cell, or in a %%kodisc_prelude cell.",
    ),
    Wrong(
        "forgotten_self_play",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        play(Create(Circle()))
""",
        "undefined-name",
        6,
        "play",
        "play is not defined.",
        "Did you mean self.play?",
    ),
    Wrong(
        "forgotten_self_wait",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Dot())
        wait(2)
""",
        "undefined-name",
        7,
        "wait",
        "wait is not defined.",
        "Did you mean self.wait?",
    ),
    Wrong(
        "class_attribute_without_self",
        """\
from manim import *

class Hello(Scene):
    radius = 2
    def construct(self):
        self.add(Circle(radius=radius))
""",
        "undefined-name",
        7,
        "radius",
        "radius is not defined.",
        "It belongs to the class Hello: write self.radius.",
    ),
    Wrong(
        "method_without_self",
        """\
from manim import *

class Hello(Scene):
    def dot(self):
        return Dot()
    def construct(self):
        self.add(dot())
""",
        "undefined-name",
        8,
        "dot",
        "dot is not defined.",
        "It belongs to the class Hello: write self.dot.",
    ),
    Wrong(
        "self_outside",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

self.wait()
""",
        "undefined-name",
        8,
        "self",
        "self is not defined.",
        "Indent this line so that it is inside a method; self exists only there.",
    ),
    Wrong(
        "true_of_another_language",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Circle(fill_opacity=1), Dot() if true else Line())
""",
        "undefined-name",
        6,
        "true",
        "true is not defined.",
        "In Python, write True.",
    ),
    Wrong(
        "module_not_imported",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        x = math.sqrt(2)
        self.wait(x)
""",
        "undefined-name",
        6,
        "math",
        "math is not defined.",
        "Add `import math` to the cell.",
    ),
    Wrong(
        "random_not_imported",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait(random.random())
""",
        "undefined-name",
        6,
        "random",
        "random is not defined.",
        "Add `import random` to the cell.",
    ),
    Wrong(
        "numpy_without_manim_star",
        """\
from manim import Scene, Dot

class Hello(Scene):
    def construct(self):
        self.add(Dot(np.array([1, 0, 0])))
""",
        "undefined-name",
        6,
        "np",
        "np is not defined.",
        "Add `import numpy as np` to the cell.",
    ),
    Wrong(
        "pyplot",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        plt.plot([1, 2])
""",
        "undefined-name",
        6,
        "plt",
        "plt is not defined.",
        "Add `import matplotlib.pyplot as plt` to the cell.",
    ),
    Wrong(
        "name_of_manim_not_imported",
        """\
from manim import Scene, Circle

class Hello(Scene):
    def construct(self):
        self.add(Circle(), Square())
""",
        "undefined-name",
        6,
        "Square",
        "Square is not defined.",
        "Add `from manim import Square` to the cell.",
    ),
    Wrong(
        "comprehension_variable_outside",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        dots = [Dot() for k in range(3)]
        self.add(dots[k])
""",
        "undefined-name",
        7,
        "k",
        "k is not defined.",
        "It is defined elsewhere and cannot be used here: define it here too, or pass it as an argument.",
    ),
    Wrong(
        "undefined_in_f_string",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Text(f"{count} dots"))
""",
        "undefined-name",
        6,
        "count",
        "count is not defined.",
        "Define it in the cell, or in a %%kodisc_prelude cell.",
    ),
    Wrong(
        "undefined_in_lambda",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(FunctionGraph(lambda x: amplitude * x))
""",
        "undefined-name",
        6,
        "amplitude",
        "amplitude is not defined.",
        "Define it in the cell, or in a %%kodisc_prelude cell.",
    ),
    Wrong(
        "undefined_in_annotation",
        """\
from manim import *

def grid(n: Size) -> VGroup:
    return VGroup()

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "undefined-name",
        4,
        "Size",
        "Size is not defined.",
        "Define it in the cell, or in a %%kodisc_prelude cell.",
    ),
    Wrong(
        "undefined_after_wide_text",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        a = "日本語 ñ 😀"; self.add(Circel())
""",
        "undefined-name",
        6,
        "Circel",
        "Circel is not defined.",
        "Did you mean Circle?",
    ),
    Wrong(
        "undefined_after_tabs",
        "from manim import *\n\nclass Hello(Scene):\n\tdef construct(self):\n\t\tself.add(\tCircel())\n",
        "undefined-name",
        6,
        "Circel",
        "Circel is not defined.",
        "Did you mean Circle?",
    ),
    Wrong(
        "undefined_in_a_long_line",
        "from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n        values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, Circel, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79]\n",
        "undefined-name",
        6,
        "Circel",
        "Circel is not defined.",
        "Did you mean Circle?",
    ),
    Wrong(
        "undefined_in_prelude",
        """\
class Hello(Scene):
    def construct(self):
        self.add(helper())
""",
        "undefined-name",
        4,
        "Circel",
        "Circel is not defined.",
        "Did you mean Circle?",
        origin="prelude",
        prelude="""\
from manim import *

def helper():
    return Circel()
""",
    ),
    Wrong(
        "get_ipython",
        """\
from manim import Scene

class Hello(Scene):
    def construct(self):
        get_ipython().system('ls')
""",
        "undefined-name",
        6,
        "get_ipython",
        "get_ipython is not defined.",
        "It exists only in the notebook; a scene runs in plain Python.",
    ),
    Wrong(
        "display",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        display(Circle())
""",
        "undefined-name",
        6,
        "display",
        "display is not defined.",
        "It exists only in the notebook; a scene runs in plain Python.",
    ),
    Wrong(
        "unknown_import_from_manim",
        """\
from manim import Scene, Circel

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "undefined-name",
        2,
        "Circel",
        "Manim has no Circel.",
        "Did you mean Circle?",
    ),
    Wrong(
        "unknown_attribute_of_manim",
        """\
import manim as mn

class Hello(mn.Scene):
    def construct(self):
        self.add(mn.Circel())
""",
        "undefined-name",
        6,
        "mn.Circel",
        "Manim has no Circel.",
        "Did you mean Circle?",
    ),
    Wrong(
        "opengl_kind",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(OpenGLVGroup())
""",
        "undefined-name",
        6,
        "OpenGLVGroup",
        "OpenGLVGroup is not defined.",
        "Write VGroup.",
    ),
    Wrong(
        "direction_override",
        'from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n        x = "\u202eevil"; self.add(Circel())\n',
        "undefined-name",
        6,
        "Circel",
        "Circel is not defined.",
        "Did you mean Circle?",
    ),
    Wrong(
        "not_sent_number",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Integer(n))
""",
        "not-sent",
        6,
        "n",
        "n is defined in the notebook, but it is not sent along.",
        "Add `--with n` to the %%kodisc line to send its value along.",
        notebook_names={"n": 3},
    ),
    Wrong(
        "not_sent_module",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait(m.pi)
""",
        "not-sent",
        6,
        "m",
        "m is defined in the notebook, but it is not sent along.",
        "Add `import math as m` to the cell.",
        notebook_names={"m": math},
    ),
    Wrong(
        "not_sent_function",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait(f())
""",
        "not-sent",
        6,
        "f",
        "f is defined in the notebook, but it is not sent along.",
        "Put the function in the cell, or in a %%kodisc_prelude cell.",
        notebook_names={"f": a_function},
    ),
    Wrong(
        "not_sent_class",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Box())
""",
        "not-sent",
        6,
        "Box",
        "Box is defined in the notebook, but it is not sent along.",
        "Put the class in the cell, or in a %%kodisc_prelude cell.",
        notebook_names={"Box": AClass},
    ),
    Wrong(
        "value_replaced_by_an_import",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Dot(color=color))
""",
        "replaced-value",
        2,
        "from manim import *",
        "This import replaces the color that is sent along with --with.",
        "Send it under another name: my_color = color, then --with my_color.",
        values={"color": "#58C4DD"},
    ),
    Wrong(
        "show_creation",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.play(ShowCreation(Circle()))
""",
        "manimgl",
        6,
        "ShowCreation",
        "ShowCreation is not in Manim Community.",
        "That is from ManimGL; in Manim Community, write Create.",
    ),
    Wrong(
        "text_mobject",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(TextMobject("a"))
""",
        "manimgl",
        6,
        "TextMobject",
        "TextMobject is not in Manim Community.",
        "That is from an older Manim; in Manim Community, write Tex.",
    ),
    Wrong(
        "gl_frame_width",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Line(ORIGIN, FRAME_WIDTH * RIGHT))
""",
        "manimgl",
        6,
        "FRAME_WIDTH",
        "FRAME_WIDTH is not in Manim Community.",
        "That is from ManimGL; in Manim Community, write config.frame_width.",
    ),
    Wrong(
        "gl_without_replacement",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Dartboard())
""",
        "manimgl",
        6,
        "Dartboard",
        "Dartboard is not in Manim Community.",
        "That is from ManimGL; Manim Community has nothing with that name.",
    ),
    Wrong(
        "manimlib_star",
        """\
from manimlib import *

class Hello(Scene):
    def construct(self):
        self.play(ShowCreation(Circle()))
        self.add(TexMobject('x'))
""",
        "manimgl",
        2,
        "from manimlib import *",
        "manimlib belongs to ManimGL; Kodisc renders with Manim Community.",
        "Write `from manim import *`, and Create instead of ShowCreation, MathTex instead of TexMobject.",
    ),
    Wrong(
        "old_imports",
        """\
from big_ol_pile_of_manim_imports import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "manimgl",
        2,
        "from big_ol_pile_of_manim_imports import *",
        "big_ol_pile_of_manim_imports belongs to ManimGL; Kodisc renders with Manim Community.",
        "Write `from manim import *`.",
    ),
    Wrong(
        "manimlib_import",
        """\
import manimlib

from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "manimgl",
        2,
        "import manimlib",
        "manimlib belongs to ManimGL; Kodisc renders with Manim Community.",
        "Write `from manim import *`.",
    ),
    Wrong(
        "gl_name_from_manim",
        """\
from manim import Scene, ShowCreation

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "manimgl",
        2,
        "ShowCreation",
        "Manim has no ShowCreation.",
        "That is from ManimGL; in Manim Community, write Create.",
    ),
    Wrong(
        "newer_name",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(ConvexHull())
""",
        "newer-manim",
        6,
        "ConvexHull",
        "ConvexHull came with Manim 0.19.0, but Kodisc may still use Manim 0.18.",
        "If it fails on Kodisc, use something that Manim 0.18 has.",
        severity="warning",
    ),
    Wrong(
        "newest_name",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Typst("x"))
""",
        "newer-manim",
        6,
        "Typst",
        "Typst came with Manim 0.21.0, but Kodisc may still use Manim 0.18.",
        "If it fails on Kodisc, use something that Manim 0.18 has.",
        severity="warning",
    ),
    Wrong(
        "own_module",
        """\
import helpers
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(helpers.grid())
""",
        "local-import",
        2,
        "import helpers",
        "helpers is a file in your folder, and it is not sent.",
        "Send it along with --file helpers.py, or put what you need from it in the cell.",
        local_modules=["helpers"],
    ),
    Wrong(
        "from_own_module",
        """\
from helpers.shapes import grid
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(grid())
""",
        "local-import",
        2,
        "from helpers.shapes import grid",
        "helpers is a file in your folder, and it is not sent.",
        "Send it along with --file helpers, or put what you need from it in the cell.",
        local_modules=["helpers"],
    ),
    Wrong(
        "relative_import",
        """\
from .helpers import grid
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(grid())
""",
        "local-import",
        2,
        "from .helpers import grid",
        "`from .helpers import` reads a file in your folder, and it is not sent.",
        "Put what you need from it in the cell, or in a %%kodisc_prelude cell.",
    ),
    Wrong(
        "colab_import",
        """\
from google.colab import drive
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "local-import",
        2,
        "from google.colab import drive",
        "google.colab exists only in the notebook, not where the scene is rendered.",
        "Delete this import.",
    ),
    Wrong(
        "image_file",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(ImageMobject("logo.png"))
""",
        "relative-file",
        6,
        '"logo.png"',
        "The scene opens 'logo.png', but only the code is sent.",
        "Add --file logo.png to the %%kodisc line to send it along.",
        severity="warning",
    ),
    Wrong(
        "svg_file",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(SVGMobject(file_name="img/logo.svg"))
""",
        "relative-file",
        6,
        '"img/logo.svg"',
        "The scene opens 'img/logo.svg', but only the code is sent.",
        "Add --file img/logo.svg to the %%kodisc line to send it along.",
        severity="warning",
    ),
    Wrong(
        "open_file",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        with open("data.csv") as file:
            rows = file.readlines()
""",
        "relative-file",
        6,
        '"data.csv"',
        "The scene opens 'data.csv', but only the code is sent.",
        "Add --file data.csv to the %%kodisc line to send it along.",
        severity="warning",
    ),
    Wrong(
        "sound_file",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add_sound("click.wav")
""",
        "relative-file",
        6,
        '"click.wav"',
        "The scene opens 'click.wav', but only the code is sent.",
        "Add --file click.wav to the %%kodisc line to send it along.",
        severity="warning",
    ),
    Wrong(
        "code_file",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Code(code_file="example.py"))
""",
        "relative-file",
        6,
        '"example.py"',
        "The scene opens 'example.py', but only the code is sent.",
        "Add --file example.py to the %%kodisc line to send it along.",
        severity="warning",
    ),
    Wrong(
        "csv_file",
        """\
import pandas as pd
from manim import *

class Hello(Scene):
    def construct(self):
        data = pd.read_csv("data.csv")
""",
        "relative-file",
        7,
        '"data.csv"',
        "The scene opens 'data.csv', but only the code is sent.",
        "Add --file data.csv to the %%kodisc line to send it along.",
        severity="warning",
    ),
    Wrong(
        "leftover_render",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

Hello().render()
""",
        "leftover-call",
        8,
        "Hello().render()",
        "This line renders the scene a second time.",
        "Delete it: %%kodisc already renders the scene.",
        severity="warning",
    ),
    Wrong(
        "leftover_scene",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

scene = Hello()
scene.render()
""",
        "leftover-call",
        9,
        "scene.render()",
        "This line renders the scene a second time.",
        "Delete it: %%kodisc already renders the scene.",
        severity="warning",
    ),
    Wrong(
        "leftover_tempconfig",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

with tempconfig({"quality": "low_quality"}):
    Hello().render()
""",
        "leftover-call",
        9,
        "Hello().render()",
        "This line renders the scene a second time.",
        "Delete it: %%kodisc already renders the scene.",
        severity="warning",
    ),
    Wrong(
        "leftover_command",
        """\
import os
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()

os.system("manim -ql scene.py Hello")
""",
        "leftover-call",
        9,
        'os.system("manim -ql scene.py Hello")',
        "This line renders the scene a second time.",
        "Delete it: %%kodisc already renders the scene.",
        severity="warning",
    ),
    Wrong(
        "bad_class_name",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "request",
        1,
        "Hé-llo",
        "className must be a valid Python identifier.",
        "Use only the letters a to z, digits and _, and do not begin with a digit.",
        origin="options",
        scenes=("Hé-llo",),
        options="%%kodisc Hé-llo",
        broken_rule=("className must be a valid Python identifier", "className"),
    ),
    Wrong(
        "bad_quality",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "request",
        1,
        "-q ultra",
        "quality must be one of: low, medium, high, twok, fourk.",
        "Use --quality with one of these, or -ql, -qm, -qh, -qp, -qk.",
        origin="options",
        options="%%kodisc Hello -q ultra",
        broken_rule=("quality must be one of: low, medium, high, twok, fourk", "quality"),
    ),
    Wrong(
        "bad_aspect",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "request",
        1,
        "--aspect 4:3",
        "aspectRatio must be one of: 16:9, 9:16.",
        "Use --aspect 16:9 or --aspect 9:16.",
        origin="options",
        options="%%kodisc Hello --aspect 4:3 -ql",
        broken_rule=("aspectRatio must be one of: 16:9, 9:16", "aspectRatio"),
    ),
    Wrong(
        "bad_fps",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "request",
        1,
        "--fps 0",
        "fps must be a positive integer.",
        "Use --fps with a whole number such as 30, or leave it out.",
        origin="options",
        options="%%kodisc --fps 0",
        broken_rule=("fps must be a positive integer", "fps"),
    ),
    Wrong(
        "bad_webhook",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "request",
        1,
        "--webhook=http://example.com/hook",
        "webhookUrl must be an https:// URL.",
        "Use --webhook with an https:// address, or --no-webhook.",
        origin="options",
        options="%%kodisc Hello --webhook=http://example.com/hook",
        broken_rule=("webhookUrl must be an https:// URL", "webhookUrl"),
    ),
    Wrong(
        "empty_code",
        "",
        "request",
        None,
        "",
        "code is required.",
        "Write the scene below the %%kodisc line.",
        origin="options",
        scenes=("Hello",),
        options="%%kodisc Hello",
        broken_rule=("code is required", "code"),
    ),
    Wrong(
        "too_large",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
""",
        "too-large",
        None,
        "",
        "The request is 250,123 bytes; the API takes at most 200,000.",
        "Shorten the cell, or compute long data in the scene instead of sending it.",
        body_bytes=250123,
        limit_bytes=200000,
    ),
    Wrong(
        "scene_hides_manims_class",
        """\
from manim import *

class Circle(Scene):
    def construct(self):
        self.play(Create(Circle()))
""",
        "hidden-name",
        6,
        "Circle",
        "Circle is your own scene here, not Manim's Circle.",
        "Give the scene another name, such as CircleScene.",
    ),
    Wrong(
        "input_in_a_scene",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        n = int(input('How many?'))
        self.wait(n)
""",
        "waits-for-input",
        6,
        "input",
        "input() waits for someone to type, but no one can type during a render.",
        "Write the value in the cell, or send it along with --with.",
    ),
    Wrong(
        "size_set_in_the_cell",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        config.pixel_width = 960
        config.pixel_height = 960
        self.wait()
""",
        "ignored-setting",
        6,
        "config.pixel_width",
        "Setting pixel_width and pixel_height in the cell has no effect.",
        "Set the size with --quality and --aspect, the frame rate with --fps. Videos are MP4 files.",
        severity="warning",
    ),
    Wrong(
        "unknown_option",
        """\
from manim import *

class Hello(Scene):
    def construct(self):
        self.add(Text("Hello", size=2))
""",
        "semantics",
        6,
        "size=2",
        "Text has no option size.",
        "Did you mean font_size?",
    ),
    Wrong(
        "async_construct",
        """\
from manim import *

class Hello(Scene):
    async def construct(self):
        self.wait()
""",
        "no-construct",
        5,
        "async def construct",
        "construct is async: Manim would not run it, and the video would be black.",
        "Write `def construct(self):` without async.",
    ),
    Wrong(
        "fence_of_markdown",
        """\
```python
from manim import *

class Hello(Scene):
    def construct(self):
        self.wait()
```
""",
        "syntax",
        2,
        "```python",
        "This line is Markdown, not Python.",
        "Delete the lines with ``` above and below the code.",
    ),
)
