"""Cells that fail inside real Manim. The comment `# here` ends the line that must be shown.

`said` is part of the message and `hint` part of the hint (of the mistakes that have one).
"""

from dataclasses import dataclass
from typing import Any

from kodisc_jupyter.scene.cell import Source, assemble

IMPORT = "from manim import *\n\n"


def marked(cell: str, prelude: str) -> tuple[str, int]:
    """Where the line is that must be shown, and its number there, as a notebook numbers it."""
    origin = "prelude" if "# here" in prelude else "cell"
    text, first = (prelude, 1) if origin == "prelude" else (cell, 2)
    (index,) = (at for at, line in enumerate(text.split("\n")) if line.endswith("# here"))
    return origin, first + index


@dataclass(frozen=True)
class Failing:
    """A cell, what is sent along with it, and what must be said when it has failed."""

    name: str
    cell: str
    said: str
    hint: str = ""
    prelude: str = ""
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def origin(self) -> str:
        """Where the line is that must be shown."""
        return marked(self.cell, self.prelude)[0]

    @property
    def line(self) -> int:
        """Its number there."""
        return marked(self.cell, self.prelude)[1]


def scene(*lines: str, head: str = IMPORT) -> str:
    """A cell with a scene called Fails."""
    body = "".join(f"        {line}\n" for line in lines)
    return f"{head}class Fails(Scene):\n    def construct(self):\n{body}"


CELLS = (
    Failing(
        "wrong_keyword",
        scene("circle = Circle()", "self.add(Circle(colr=RED))  # here"),
        "unexpected keyword argument 'colr'",
        "Did you mean color?",
    ),
    Failing(
        "adding_a_string",
        scene("group = VGroup(Circle())", 'group.add("text")  # here'),
        "str",
        "Only mobjects can be added",
    ),
    Failing(
        "adding_a_number_to_the_scene",
        scene("self.wait(0.1)", "self.add(3)  # here", "self.wait(0.1)"),
        "'int' object",
        "3 is not a mobject",
    ),
    Failing(
        "unknown_colour",
        scene('self.add(Circle(color="blurple"))  # here'),
        "blurple",
        "colours",
    ),
    Failing(
        "playing_a_mobject",
        scene("circle = Circle()", "self.play(circle)  # here"),
        "Circle",
        "self.play takes only animations",
    ),
    Failing("playing_nothing", scene("self.play()  # here"), "no animations", "self.wait()"),
    Failing(
        "division_of_a_list",
        scene("point = [2, 4, 0]", "self.add(Dot(point / 2))  # here"),
        "unsupported operand type(s) for /: 'list' and 'int'",
        "np.array",
    ),
    Failing(
        "division_of_a_vector_by_a_list_of_another_length",
        scene("half = RIGHT / [2, 2]  # here"),
        "could not be broadcast",
        "three coordinates",
    ),
    Failing(
        "a_point_with_two_coordinates",
        scene("self.add(Dot().move_to([1, 2]))  # here"),
        "shape",
        "three coordinates",
    ),
    Failing(
        "unknown_method",
        scene("circle = Circle()", "circle.moove_to(UP)  # here"),
        "moove_to",
        "move_to",
    ),
    Failing(
        "index_too_large",
        scene("group = VGroup(Dot(), Dot())", "self.add(group[2])  # here"),
        "IndexError",
        "counting starts at 0",
    ),
    Failing("division_by_zero", scene("n = 0", "self.wait(1 / n)  # here"), "ZeroDivisionError"),
    Failing(
        "in_the_prelude",
        scene("self.add(ring(0))", head=""),
        "ZeroDivisionError",
        prelude=IMPORT + "def ring(n):\n    return Circle(radius=1 / n)  # here\n",
    ),
    Failing(
        "below_prelude_and_values",
        scene("self.add(*[Dot() for _ in range(count)])  # here", head=""),
        "'str' object cannot be interpreted as an integer",
        prelude=IMPORT,
        values=(("title", "Größe"), ("count", "three")),
    ),
    Failing(
        "future_import_below_a_prelude",
        scene("self.wait(1 / 0)  # here", head="from __future__ import annotations\n\n"),
        "ZeroDivisionError",
        prelude=IMPORT,
    ),
    Failing(
        "undefined_command_in_latex",
        scene("self.wait(0.1)", r'self.add(MathTex(r"\alpha + \fraq{1}{2}"))  # here'),
        r"Undefined control sequence: \fraq",
        r"\fraq",
    ),
    Failing(
        "mathematics_without_dollars",
        scene(r'self.add(Tex(r"Area \alpha^2"))  # here'),
        "Missing $ inserted",
        "write a formula between dollar signs",
    ),
    Failing(
        "double_superscript",
        scene(r'self.add(MathTex("x^2^3"))  # here'),
        "Double superscript",
        "braces",
    ),
    Failing(
        "missing_latex_package",
        scene(
            "template = TexTemplate()",
            r'template.add_to_preamble(r"\usepackage{nosuchpackage}")',
            r'self.add(Tex("Hello", tex_template=template))  # here',
        ),
        "nosuchpackage.sty' not found",
        "nosuchpackage",
    ),
    Failing(
        "latex_in_a_call_of_several_lines",
        scene(
            "formula = MathTex(  # here",
            r'    r"a^2 + b^2",',
            r'    r"= \undefinedthing",',
            ")",
        ),
        "Undefined control sequence",
        "spelling",
    ),
    Failing(
        "image_that_is_not_there",
        scene('self.add(ImageMobject("logo.png"))  # here'),
        "OSError: could not find logo.png",
        "send them along with --file",
    ),
    Failing(
        "drawing_that_is_not_there",
        scene('self.add(SVGMobject("logo.svg"))  # here'),
        "logo.svg",
        "send them along with --file",
    ),
    Failing(
        "file_that_is_not_there",
        scene('with open("data.csv") as file:  # here', "    rows = file.readlines()"),
        "data.csv",
        "send them along with --file",
    ),
    Failing(
        "module_that_is_not_there",
        "import no_such_module_at_all  # here\n" + scene("self.wait(0.1)"),
        "no_such_module_at_all",
        "not installed",
    ),
    Failing(
        "manimgl_import",
        "from manimlib import *  # here\n\n" + scene("self.wait(0.1)", head=""),
        "manimlib",
        "ManimGL",
    ),
    Failing(
        "manimgl_name",
        scene("self.play(ShowCreation(Circle()))  # here"),
        "ShowCreation",
        "Create",
    ),
    Failing(
        "at_the_top_of_the_cell",
        IMPORT + "RADIUS = 1 / 0  # here\n\n" + scene("self.wait(0.1)", head=""),
        "ZeroDivisionError",
    ),
    Failing(
        "in_an_updater",
        scene(
            "dot = Dot()",
            "def follow(mobject, dt):",
            "    mobject.move_to(missing)  # here",
            "self.add(dot)",
            "dot.add_updater(follow)",
            "self.wait(0.2)",
        ),
        "name 'missing' is not defined",
    ),
    Failing(
        "in_a_plotted_function",
        scene("axes = Axes(x_range=[-1, 1])", "axes.plot(lambda x: {}[x])  # here"),
        "KeyError",
    ),
    Failing(
        "without_end",
        scene(
            "def grow(n):",
            "    return grow(n + 1)  # here",
            "grow(0)",
        ),
        "RecursionError",
        "calls itself",
    ),
    Failing(
        "raised_from_another",
        scene(
            "try:",
            "    int('three')",
            "except ValueError as error:",
            "    raise RuntimeError('no number') from error  # here",
        ),
        "RuntimeError: no number",
    ),
    Failing(
        "message_of_several_lines",
        scene(r"raise ValueError('first line\nsecond line')  # here"),
        "ValueError: first line second line",
    ),
    Failing(
        "after_wide_text_and_tabs",
        IMPORT
        + "class Fails(Scene):\n\tdef construct(self):\n\t\ts = '日本語 😀'; s.nope  # here\n",
        "'str' object has no attribute 'nope'",
    ),
    Failing(
        "wrong_kind_of_angle",
        scene("circle = Circle()", 'circle.rotate("90")  # here'),
        "_UFuncNoLoopError: ufunc 'multiply' did not contain a loop",
    ),
    Failing(
        "construct_without_self",
        IMPORT + "class Fails(Scene):\n    def construct():  # here\n        pass\n",
        "takes 0 positional arguments but 1 was given",
        "def construct(self)",
    ),
)

FAILING = {cell.name: cell for cell in CELLS}


def source_of(failing: Failing) -> Source:
    """The source that is sent of a cell."""
    values = dict(failing.values)
    return assemble(failing.cell, prelude=failing.prelude, values=values, first_line=2)
