"""Error texts of failed renders, in every form they come in."""

from pathlib import Path

import pytest

from kodisc_jupyter.api import errors
from kodisc_jupyter.notebook.prepare import request_facts
from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.diagnostics import NO_REASON, Severity, to_text
from kodisc_jupyter.scene.failures import FULL_LIMIT, from_failure, from_invalid_request
from kodisc_jupyter.scene.request import Request

CELL = """\
from manim import *

class Hello(Scene):
    def construct(self):
        title = Text("a")
        self.add(MathTex(r"\\fraq{1}{2}"), title)
        self.play(Create(Circle(colr=RED)))
"""
SOURCE = assemble(CELL, first_line=2)


def python_traceback(*frames, ending="TypeError: no"):
    lines = ["Traceback (most recent call last):"]
    for file, line, function, text in frames:
        lines.append(f'  File "{file}", line {line}, in {function}')
        if text:
            lines.append(f"    {text}")
    return "\n".join([*lines, ending])


MINE = "self.play(Create(Circle(colr=RED)))"
MANIM = "/usr/lib/python3.11/site-packages/manim/animation/creation.py"


@pytest.mark.parametrize(
    "file", ["scene.py", "<string>", "/tmp/xyz/abc123.py", "/app/manim/job.py"]
)
def test_the_deepest_frame_in_the_users_code_is_shown_whatever_its_file_is_called(file):
    text = python_traceback(
        (file, 5, "construct", 'title = Text("a")'),
        (file, 7, "construct", MINE),
        (MANIM, 6, "__init__", "super().__init__()"),
    )
    shown = from_failure(text, SOURCE)
    assert (shown.origin, shown.line, shown.message) == ("cell", 8, "TypeError: no")


def test_a_frame_without_source_text_is_trusted_outside_of_libraries_only():
    frames = [("scene.py", 7, "construct", ""), (MANIM, 6, "__init__", "")]
    assert from_failure(python_traceback(*frames), SOURCE).line == 8
    frames = [("/usr/lib/python3.11/threading.py", 7, "run", "")]
    assert from_failure(python_traceback(*frames), SOURCE).line is None


def test_a_frame_of_another_file_with_another_text_is_not_ours():
    text = python_traceback(("/srv/worker.py", 7, "main", "run(job)"))
    assert from_failure(text, SOURCE).line is None


def test_pythons_own_underline_becomes_the_mark():
    text = python_traceback(("scene.py", 7, "construct", MINE), ending="")
    text += "                     ^^^^^^^^^^^^^^^^\nTypeError: no"
    (marked,) = (line for line in from_failure(text, SOURCE).excerpt if line.mark)
    assert marked.text[slice(*marked.mark)] == "Circle(colr=RED)"


def test_a_box_with_a_long_path_broken_over_lines_is_read():
    text = (
        "╭───────────── Traceback (most recent call last) ─────────────╮\n"
        "│ /var/lib/render/jobs/2026/11/25/clx9f0a1b0000abcd1234efgh/so │\n"
        "│ urce/scene.py:7 in construct                                 │\n"
        "│                                                              │\n"
        '│   6 │   │   self.add(MathTex(r"\\fraq{1}{2}"), title)          │\n'
        "│ ❱ 7 │   │   self.play(Create(Circle(colr=RED)))                │\n"
        "╰──────────────────────────────────────────────────────────────╯\n"
        "TypeError: Mobject.__init__() got an unexpected keyword argument \n"
        "'colr'\n"
    )
    shown = from_failure(text, SOURCE)
    assert shown.line == 8
    assert shown.message == (
        "TypeError: Mobject.__init__() got an unexpected keyword argument 'colr'"
    )
    assert shown.hint == "Circle has no option colr. Did you mean color?"


def test_colours_of_a_terminal_are_taken_out():
    text = "\x1b[31m" + python_traceback(("scene.py", 7, "construct", MINE)) + "\x1b[0m"
    shown = from_failure(text.replace("\n", "\r\n"), SOURCE)
    assert shown.line == 8
    assert "\x1b" not in shown.full


def test_latex_output_alone_leads_to_the_call_that_holds_its_text():
    text = "! Undefined control sequence.\nl.7 \\fraq\n          {1}{2}\nNo pages of output."
    shown = from_failure(text, SOURCE)
    assert shown.message == "LaTeX: Undefined control sequence: \\fraq."
    assert shown.line == 7
    (marked,) = (line for line in shown.excerpt if line.mark)
    assert marked.text[slice(*marked.mark)] == 'MathTex(r"\\fraq{1}{2}")'


@pytest.mark.parametrize(
    ("log", "message", "hint"),
    [
        ("! Missing $ inserted.\nl.5 a_1", "Missing $ inserted.", "MathTex needs none"),
        ("! Extra }, or forgotten $.", "Extra }, or forgotten $.", "There is one } too many"),
        ("! Missing } inserted.", "Missing } inserted.", "Count the { and }"),
        (
            "! LaTeX Error: File `physics.sty' not found.",
            "File `physics.sty' not found.",
            "physics",
        ),
        (
            "! LaTeX Error: Environment aling undefined.",
            "Environment aling undefined.",
            "no environment aling",
        ),
        ("! Misplaced alignment tab character &.", "Misplaced alignment tab", "\\&"),
        (
            "! LaTeX Error: Unicode character 日 (U+65E5) not set up for use with LaTeX.",
            "Unicode character",
            "write it with Text",
        ),
        ("FileNotFoundError: No such file or directory: 'latex'", "latex is not installed", "Text"),
        ("ValueError: latex error converting to dvi.", "gave no reason", "raw string"),
    ],
)
def test_what_latex_says_is_the_message_and_has_a_hint(log, message, hint):
    shown = from_failure(log, None)
    assert shown.message.startswith("LaTeX: ")
    assert message in shown.message
    assert hint in shown.hint


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("NameError: name 'ShowCreation' is not defined", "write Create"),
        ("NameError: name 'true' is not defined", "In Python, write True."),
        ("NameError: name 'Circel' is not defined", "Did you mean Circle?"),
        ("NameError: name 'ConvexHull' is not defined", "came with Manim 0.19.0"),
        ("ImportError: cannot import name 'TexMobject' from 'manim' (x.py)", "write MathTex"),
        ("ModuleNotFoundError: No module named 'pandas'", "pandas is not installed"),
        ("AttributeError: 'Hello' object has no attribute 'get_graph'", "plot"),
        ("AttributeError: 'ThreeDScene' object has no attribute 'plya'", "self.play"),
        ("AttributeError: 'NoneType' object has no attribute 'shift'", "The value is None"),
        ("AttributeError: module 'manim' has no attribute 'TexMobject'", "MathTex"),
        ("TypeError: 'float' object is not subscriptable", "has no items"),
        ("TypeError: 'Circle' object is not callable", "comma missing"),
        ("TypeError: Circle.__init__() missing 1 required positional argument: 'x'", "'x'"),
        ("TypeError: f() takes 1 positional argument but 2 were given", "Too many values"),
        ("ValueError: The truth value of an array with more than one element", "np.allclose"),
        ("TypeError: unsupported operand type(s) for /: 'int' and 'tuple'", "np.array"),
        ("ZeroDivisionError: division by zero", "np.linalg.norm"),
        ("The render timed out after 600 s.", "Render less at a time"),
        ("Process killed: out of memory", "Render less at a time"),
    ],
)
def test_common_mistakes_have_a_hint(said, hint):
    assert hint in from_failure(said, None).hint


TYPE = "TypeError: Mobject.__init__() got an unexpected keyword argument"
GETTER = "TypeError: Mobject.__getattr__.<locals>.getter() got an unexpected keyword argument"


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ('Code(code="x")', f"{TYPE} 'code'", "Code has no option code. Did you mean code_string?"),
        ('Text("a", size=2)', f"{TYPE} 'size'", "Text has no option size. Did you mean font_size?"),
        (
            "self.play(FadeOut(Dot(), target=UP))",
            "TypeError: Animation.__init__() got an unexpected keyword argument 'target'",
            "FadeOut has no option target. Did you mean target_position?",
        ),
        ("Axes(x_min=1)", f"{TYPE} 'x_min'", "Axes has no option x_min. Did you mean x_range?"),
        ("Square(side=2)", f"{TYPE} 'side'", "Square has no option side. Did you mean side_length?"),
        ("Circle(xyzzy=2)", f"{TYPE} 'xyzzy'", "Circle has no option xyzzy."),
        ("thing(x_min=2)", f"{TYPE} 'x_min'", "There is no option x_min here."),
        ("Axes().get_graph(abs, x_range=[0, 2])", f"{GETTER} 'x_range'", "get_graph is now called plot."),
        ("ax().get_graph(abs, x_range=[0, 2])", f"{GETTER} 'x_range'", "get_graph is now called plot."),
        (
            "ax().get_graph(abs)",
            "TypeError: Mobject.__getattr__.<locals>.getter() takes 1 positional argument but 2 were given",
            "get_graph is now called plot.",
        ),
        ("ax().get_secant(1)", f"{GETTER} 'x'", "This version of Manim has no get_secant."),
        (
            "self.camera_frame.scale(2)",
            "AttributeError: 'Hello' object has no attribute 'camera_frame'",
            "Write self.camera.frame, in a MovingCameraScene.",
        ),
        ("x.wiat()", "AttributeError: 'Hello' object has no attribute 'wiat'", "Did you mean self.wait?"),
        (
            "x.begin_ambient_camera_rotation()",
            "AttributeError: 'Hello' object has no attribute 'begin_ambient_camera_rotation'",
            "begin_ambient_camera_rotation belongs to ThreeDScene: write `(ThreeDScene)` after the scene's name.",
        ),
        ("x.move(UP)", "AttributeError: Square object has no attribute 'move'", "Did you mean move_to?"),
        ("x.shfit(UP)", "AttributeError: Square object has no attribute 'shfit'", "Did you mean shift?"),
        ("x.qqq()", "AttributeError: Square object has no attribute 'qqq'", "Square has nothing called qqq."),
    ],
)  # fmt: skip
def test_a_hint_belongs_to_the_class_that_the_line_is_about(line, said, hint):
    cell = f"from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n        {line}\n"
    text = python_traceback(("scene.py", 5, "construct", line), ending=said)
    assert from_failure(text, assemble(cell)).hint.endswith(hint)


@pytest.mark.parametrize(
    ("line", "log", "hint"),
    [
        ('MathTex("\\frac{1}{2} + \\theta")', "! Missing $ inserted.\nl.9 ", 'Write LaTeX in raw strings: r"…".'),
        ('MathTex(r"$E=mc^2$")', "! Missing { inserted.\nl.9 ", "Delete the $ signs, or use Tex instead of MathTex."),
        ('Tex("a $x$", "b_c")', "! Missing $ inserted.\nl.9 ", r"Write \_, or use Text, or write a formula between dollar signs: $x_2$."),
        (
            'Tex("Save 50% now")',
            "ValueError: Your installation does not support converting .dvi files to SVG. Consider updating dvisvgm to at least version 2.4.",
            r"Write \%, or use Text.",
        ),
        (
            "Tex(words)",
            "ValueError: Your installation does not support converting .dvi files to SVG. Consider updating dvisvgm to at least version 2.4.",
            r"Look for %, _, & and # in the text: in LaTeX write \%, \_, \& and \#.",
        ),
        (
            'Tex("ok", tex_template=TexTemplate(tex_compiler="lualatex"))',
            "FileNotFoundError: [Errno 2] No such file or directory: 'lualatex'",
            "lualatex is missing there: on Debian and Ubuntu install texlive-xetex or texlive-luatex, and the language's own package, such as texlive-lang-chinese. Or use Text, or render on Kodisc.",
        ),
        (
            'Tex("ok", tex_template=TexTemplateLibrary.ctex)',
            "! LaTeX Error: File `ctex.sty' not found.",
            "The LaTeX package ctex is not installed there; do without it, or use Text.",
        ),
        (
            'Tex("ok", tex_template=TexTemplateLibrary.ctex)',
            "FileNotFoundError: [Errno 2] No such file or directory: 'xelatex'",
            "xelatex is missing there: on Debian and Ubuntu install texlive-xetex or texlive-luatex, and the language's own package, such as texlive-lang-chinese. Or use Text, or render on Kodisc.",
        ),
    ],
)  # fmt: skip
def test_the_hint_about_latex_knows_the_call(line, log, hint):
    cell = f"from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n        {line}\n"
    text = python_traceback(("scene.py", 5, "construct", line), ending=log)
    assert from_failure(text, assemble(cell)).hint.endswith(hint)


@pytest.mark.parametrize(
    "sentence",
    ["The render timed out after 600 s.", "Worker lost.", "Unknown: 日本語 😀", "scene.py broke"],
)
def test_a_bare_sentence_is_shown_as_it_is(sentence):
    shown = from_failure(sentence, SOURCE, charged="The job reports a cost of 3 credits.")
    assert (shown.message, shown.line, shown.full) == (sentence, None, "")
    assert shown.severity is Severity.ERROR
    assert to_text(shown).startswith(f"Kodisc error: {sentence}\n")
    assert "The job reports a cost of 3 credits." in to_text(shown)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_failure_without_words_says_so(text):
    assert from_failure(text, SOURCE).message == (
        "The render failed, and the server gave no reason."
    )


def test_without_a_source_the_message_is_still_found():
    text = python_traceback(("scene.py", 7, "construct", MINE))
    shown = from_failure(text, None)
    assert (shown.line, shown.message, shown.full) == (None, "TypeError: no", text)


def test_a_huge_text_keeps_its_beginning_and_its_end():
    text = (
        "begin\n"
        + "x" * (3 * FULL_LIMIT)
        + "\n"
        + python_traceback(("scene.py", 7, "construct", MINE))
    )
    shown = from_failure(text, SOURCE)
    assert len(shown.full) < FULL_LIMIT + 100
    assert shown.full.startswith("begin\n")
    assert "characters left out" in shown.full
    assert (shown.line, shown.message) == (8, "TypeError: no")


@pytest.mark.parametrize(
    "text",
    [
        "│" * 50_000,
        "! " * 50_000,
        "│ a\n" * 25_000,
        " " * 100_000,
        'File "' * 20_000,
        ("\n" + " " * 40) * 2500,
        "\x1b[" * 50_000,
        "a." * 50_000 + "Error",
        "│ " + "x:1 in " * 15_000,
        "From: " * 20_000,
        "l.1 " + "\\a" * 50_000,
        "could not find " * 7000,
    ],
)
@pytest.mark.timeout(30)
def test_a_hostile_text_is_read_in_a_moment(text):
    assert from_failure(text, SOURCE).severity is Severity.ERROR


def test_a_400_is_shown_at_the_option_it_is_about():
    request = request_facts("%%kodisc Hello --fps 2.5 -ql", field="fps")
    shown = from_invalid_request("fps must be a positive integer", field="fps", request=request)
    assert (shown.origin, shown.line) == ("options", 1)
    assert shown.message == "fps must be a positive integer."
    assert shown.charged == "The request was refused, so nothing was charged."
    (line,) = shown.excerpt
    assert line.text[slice(*line.mark)] == "--fps 2.5"


def test_a_400_about_something_else_is_shown_as_it_is():
    shown = from_invalid_request("teapots are not supported", request=Request(options="%%kodisc A"))
    assert (shown.message, shown.line, shown.excerpt) == ("teapots are not supported.", None, ())


def test_where_no_reason_was_given_the_api_the_scene_and_the_page_say_the_same():
    page = Path(__file__).parents[2] / "js" / "src" / "problem.js"
    assert NO_REASON == errors.NO_REASON
    assert f'"{NO_REASON.capitalize()}."' in page.read_text(encoding="utf-8")
