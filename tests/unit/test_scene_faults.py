"""Mistakes that people made in real cells, each with two of its kind: what the free checks say."""

import textwrap

import pytest

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.api.exchange.request import encode
from kodisc_jupyter.api.rules import BODY_LIMIT_BYTES
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.prepare import CellContext, prepare
from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import check, check_prelude


def scene(body, *, base="Scene", name="Hello", top=""):
    inner = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    return f"from manim import *\n{top}\nclass {name}({base}):\n    def construct(self):\n{inner}\n"


def said(cell, scenes=(), **around):
    return [
        (str(found.severity), found.check, marked(found), found.hint)
        for found in check(assemble(cell), scenes, **around).diagnostics
    ]


def marked(found):
    return "".join(line.text[slice(*line.mark)] for line in found.excerpt if line.mark)


RAW = 'Write LaTeX in raw strings: r"…".'
NO_DOLLAR = "Delete the $ signs, or use Tex instead of MathTex."
TYPED = "Delete this line."

# What is wrong, the cell's body, what is marked, and the hint
ERRORS = {
    "a method that is gone": (
        "ax = Axes()\nax.get_graph(abs, x_range=[0, 2])",
        "ax.get_graph",
        "get_graph is now called plot.",
    ),
    "the same without options": (
        "self.add(NumberPlane().get_graph(abs))",
        "NumberPlane().get_graph",
        "get_graph is now called plot.",
    ),
    "its sibling": (
        "ax = Axes()\nax.get_parametric_curve(abs)",
        "ax.get_parametric_curve",
        "get_parametric_curve is now called plot_parametric_curve.",
    ),
    "the size of a text": ('self.add(Text("a", size=2))', "size=2", "Did you mean font_size?"),
    "the size of a formula": (
        r'self.add(MathTex(r"\pi", size=2))',
        "size=2",
        "Did you mean font_size?",
    ),
    "the range of axes": ("self.add(Axes(x_min=-1))", "x_min=-1", "Did you mean x_range?"),
    "the range of a line of numbers": (
        "self.add(NumberLine(x_max=4))",
        "x_max=4",
        "Did you mean x_range?",
    ),
    "the range of a curve": (
        "self.add(ParametricFunction(abs, t_min=0))",
        "t_min=0",
        "Did you mean t_range?",
    ),
    "the side of a square": ("self.add(Square(side=2))", "side=2", "Did you mean side_length?"),
    "the length of a cube's side": (
        "self.add(Cube(side=2))",
        "side=2",
        "Did you mean side_length?",
    ),
    "the joint of lines": (
        "self.add(Line(line_join=1))",
        "line_join=1",
        "Did you mean joint_type?",
    ),
    "the width of a line": (
        "self.add(Line(line_width=1))",
        "line_width=1",
        "Did you mean stroke_width?",
    ),
    "a misspelt option": ("self.add(Circle(radus=2))", "radus=2", "Did you mean radius?"),
    "an option that is like none": ("self.add(Circle(xyzzy=2))", "xyzzy=2", ""),
    "an option of a method": ("c = Dot()\nc.next_to(c, UP, buf=1)", "buf=1", "Did you mean buff?"),
    "a fraction without r": (
        'self.add(MathTex("\\frac{1}{2} + \\theta"))',
        '"\\frac{1}{2} + \\theta"',
        RAW,
    ),
    "a letter without r": ('self.add(MathTex("\\theta"))', '"\\theta"', RAW),
    "a beta in dollars without r": ('self.add(Tex("$\\beta$"))', '"$\\beta$"', RAW),
    "dollars in MathTex": ('self.add(MathTex(r"$E=mc^2$"))', 'r"$E=mc^2$"', NO_DOLLAR),
    "dollars in a part of it": ('self.add(MathTex("a", "$b$"))', '"$b$"', NO_DOLLAR),
    "doubled dollars": ('self.add(MathTex("$$x$$"))', '"$$x$$"', NO_DOLLAR),
    "a percent sign": (
        'self.add(Tex("Save 50% & more_money #1"))',
        '"Save 50% & more_money #1"',
        r"Write \%, or use Text.",
    ),
    "a low line": (
        'self.add(Tex("more_money"))',
        '"more_money"',
        r"Write \_, or use Text, or write a formula between dollar signs: $x_2$.",
    ),
    "an ampersand": ('self.add(Tex("Q&A"))', '"Q&A"', r"Write \&, or use Text."),
    "a number sign in a title": ('self.add(Title("#1"))', '"#1"', r"Write \#, or use Text."),
    "braces in the wrong order": (
        r'self.add(MathTex(r"a}{b"))',
        'r"a}{b"',
        r"Write the { first. To show a brace in the video, write \{ or \}.",
    ),
    "embed": ("self.embed()", "self.embed", TYPED),
    "interactive_embed": ("self.interactive_embed()", "self.interactive_embed", TYPED),
    "breakpoint": ("breakpoint()", "breakpoint", TYPED),
    "a debugger": ("import pdb\npdb.set_trace()", "pdb.set_trace", TYPED),
    "input": ("n = input()", "input", "Write the value in the cell, or send it along with --with."),
    "wiat": ("self.wiat(1)", "self.wiat", "Did you mean self.wait?"),
    "plya": ("self.plya(Create(Dot()))", "self.plya", "Did you mean self.play?"),
    "move": ("sq = Square()\nsq.move(UP)", "sq.move", "Did you mean move_to?"),
    "arange": ("VGroup(Dot()).arange(RIGHT)", "VGroup(Dot()).arange", "Did you mean arrange?"),
    "a misspelt method to animate": (
        "d = Dot()\nself.play(d.animate.shfit(UP))",
        "d.animate.shfit",
        "Did you mean shift?",
    ),
    "camera_frame": (
        "self.camera_frame.scale(2)",
        "self.camera_frame",
        "Write self.camera.frame, in a MovingCameraScene.",
    ),
    "camera.frame of a Scene": (
        "self.camera.frame.scale(2)",
        "self.camera.frame",
        "Write `class Hello(MovingCameraScene):`.",
    ),
    "a method of another scene": (
        "self.set_camera_orientation(phi=1)",
        "self.set_camera_orientation",
        "set_camera_orientation belongs to ThreeDScene: write `(ThreeDScene)` after the scene's name.",
    ),
    "zoom in a plain scene": (
        "self.activate_zooming()",
        "self.activate_zooming",
        "activate_zooming belongs to ZoomedScene: write `(ZoomedScene)` after the scene's name.",
    ),
    "a decimal comma": (
        "self.play(FadeIn(Dot()), run_time=0,3)",
        "0,3",
        "Write run_time=0.3, with a point.",
    ),
    "a decimal comma in a radius": (
        "self.add(Circle(radius=1,5))",
        "1,5",
        "Write radius=1.5, with a point.",
    ),
}


@pytest.mark.parametrize("body", ERRORS.values(), ids=ERRORS)
def test_a_mistake_is_stopped_with_its_own_reason(body):
    code, mark, hint = body
    ((severity, _, found, meant),) = said(scene(code))
    assert (severity, found, meant) == ("error", mark, hint)


ON_TOP = {
    "a fence": ("```python\n" + scene("self.wait()") + "```", "```python"),
    "a fence below": (scene("self.wait()") + "```", "```"),
    "a fence without a language": ("~~~\n" + scene("self.wait()"), "~~~"),
    "a digit first": (scene("self.wait()", name="3DWave"), "3DWave"),
    "a digit first, no class": (scene("2nd = Dot()"), "2nd"),
    "async": (scene("self.wait()").replace("def con", "async def con"), "async def construct"),
    "async with await": (
        scene("await self.wait()").replace("def con", "async def con"),
        "async def construct",
    ),
    "async setup": (
        scene("self.wait()") + "\n    async def setup(self):\n        pass\n",
        "async def setup",
    ),
    "no self": (scene("Dot()").replace("(self)", "()"), "def construct"),
    "no self, though it is used": (scene("self.wait()").replace("(self)", "()"), "def construct"),
    "more than self": (scene("self.wait()").replace("(self)", "(self, n)"), "n"),
    "a hidden Circle": (scene("self.play(Create(Circle()))", name="Circle"), "Circle"),
    "a hidden Table": (scene('self.add(Table([["a"]]))', name="Table"), "Table"),
    "a hidden Text": (scene('a = Text("a")\nself.add(a)', name="Text", base="ThreeDScene"), "Text"),
}
HINTS = {
    "a fence": "Delete the lines with ``` above and below the code.",
    "a digit first": "Write Wave3D, or another name that begins with a letter.",
    "a digit first, no class": "Write nd2, or another name that begins with a letter.",
    "async": "Write `def construct(self):` without async.",
    "async setup": "Write `def setup(self):` without async.",
    "no self": "Write `def construct(self):`.",
    "no self, though it is used": "Write `def construct(self):`.",
    "a hidden Table": "Give the scene another name, such as TableScene.",
}


@pytest.mark.parametrize("name", ON_TOP)
def test_a_cell_that_cannot_be_rendered_is_stopped_with_its_own_reason(name):
    cell, mark = ON_TOP[name]
    ((severity, _, found, hint),) = said(cell)
    assert (severity, found) == ("error", mark)
    assert HINTS.get(name, hint) == hint


WARNINGS = {
    "an option of an older Manim": (scene('self.add(Code(code="x = 1"))'), "semantics", "Did you mean code_string?"),
    "an option that older Manims ignore": (scene("self.play(FadeOut(Dot(), target=UP))"), "semantics", "Did you mean target_position?"),
    "another one": (scene("self.play(Create(Dot(), duration=2))"), "semantics", "Did you mean run_time?"),
    "an option that play ignores": (scene("self.play(Create(Dot()), runtime=2)"), "semantics", "Did you mean run_time?"),
    "a setter of nothing": (scene("t = ValueTracker()\nt.set_valu(3)"), "semantics", "Did you mean set_value?"),
    "a command after a line end": (scene('self.add(MathTex("\\nu"))'), "semantics", RAW),
    "a brace too few": (scene(r'self.add(MathTex(r"\frac{1}{2"))'), "semantics", "Write the } where it belongs: Manim adds it at the end."),
    "a brace too many": (scene(r'self.add(Tex(r"\textbf{a}}"))'), "semantics", "Write the { where it belongs: Manim adds it at the beginning."),
    "a file of the notebook's folder": (scene('self.add(Code("lesson1.py"))'), "relative-file", "Add --file lesson1.py to the %%kodisc line to send it along."),
    "a scene that takes Scene's name": (scene("self.wait()", name="Scene"), "hidden-name", "Give the scene another name, such as MyScene."),
    "a scene defined twice": (scene("self.wait()") + scene("self.wait(2)"), "duplicate-scene", "Delete one of them, or give it another name."),
}  # fmt: skip


@pytest.mark.parametrize("warned", WARNINGS.values(), ids=WARNINGS)
def test_what_some_manim_renders_is_a_warning(warned):
    cell, name, hint = warned
    ((severity, found, _, meant),) = said(cell)
    assert (severity, found, meant) == ("warning", name, hint)


SETTINGS = {
    "config.pixel_width = 960; config.pixel_height = 960": "pixel_width and pixel_height",
    "config.frame_rate = 10": "frame_rate",
    'config["transparent"] = True': "transparent",
    'config.update({"quality": "low_quality", "format": "gif"})': "quality and format",
    "config.frame_width = 16; config.frame_height = 16": "frame_width and frame_height",
}


@pytest.mark.parametrize("line", SETTINGS)
@pytest.mark.parametrize("top", [True, False])
def test_a_size_or_format_set_in_the_cell_is_said_to_be_ignored(line, top):
    cell = scene("self.wait()", top=line) if top else scene(line)
    (found,) = check(assemble(cell)).diagnostics
    assert (str(found.severity), found.check) == ("warning", "ignored-setting")
    assert found.message == f"Setting {SETTINGS[line]} in the cell has no effect."
    assert found.hint.startswith(
        "Set the size with --quality and --aspect, the frame rate with --fps."
    )


def test_the_background_may_be_set_in_the_cell():
    assert said(scene("self.wait()", top="config.background_color = BLUE")) == []


# A cell is judged by what the scene to render can reach

UNREACHED = {
    "another scene": scene("missing_name", name="Draft").partition("\n")[2],
    "a function that nothing calls": "def helper():\n    return missing_name\n",
    "a method that nothing calls": "class Part(VGroup):\n    def more(self):\n        missing_name\n",
    "a base of another scene only": "class Base(Scene):\n    def construct(self):\n        missing_name\nclass Draft(Base):\n    pass\n",
    "a function of such a function": "def outer():\n    inner()\ndef inner():\n    missing_name\n",
    "an import of one's own": "def helper():\n    import my_helpers\n",
    "a misspelt option": "def helper():\n    return Circle(radus=2)\n",
    "what runs as a script only": "if __name__ == '__main__':\n    missing_name\n",
    "input in a menu": "def menu():\n    return input('Which?')\n",
}


@pytest.mark.parametrize("rest", UNREACHED.values(), ids=UNREACHED)
def test_a_mistake_that_the_scene_cannot_reach_is_a_warning(rest):
    cell = scene("self.wait()", name="Good") + "\n" + rest
    ((severity, *_),) = said(cell, ["Good"], local_modules=["my_helpers"])
    assert severity == "warning"


REACHED = {
    "a function that is called": ("helper()", "def helper():\n    missing_name\n"),
    "a function that is passed on": ("d = Dot()\nd.add_updater(helper)", "def helper(m):\n    missing_name\n"),
    "a method of a part": ("self.add(Part())", "class Part(VGroup):\n    def __init__(self):\n        missing_name\n"),
    "a property of a part": ("self.add(Part().more)", "class Part(VGroup):\n    @property\n    def more(self):\n        missing_name\n"),
    "what Manim calls": ("self.play(Mine(Dot()))", "class Mine(Animation):\n    def interpolate_mobject(self, alpha):\n        missing_name\n"),
    "the top": ("self.wait()", "x = missing_name\n"),
    "a class body": ("self.wait()", "class Other:\n    x = missing_name\n"),
    "a name in quotes": ("getattr(self, 'more')()", "def helper():\n    missing_name\n"),
    "a registry": ("self.wait()", "def register(f):\n    return f()\n@register\ndef helper():\n    missing_name\n"),
}  # fmt: skip


@pytest.mark.parametrize("reached", REACHED.values(), ids=REACHED)
def test_a_mistake_that_the_scene_can_reach_stops_it(reached):
    body, rest = reached
    ((severity, check_, *_),) = said(scene(body, name="Good") + "\n" + rest, ["Good"])
    assert (severity, check_) == ("error", "undefined-name")


def test_a_scene_that_is_rendered_too_is_judged_too():
    cell = scene("self.wait()", name="Good") + scene("missing_name", name="Draft")
    assert [one[0] for one in said(cell, ["Good", "Draft"])] == ["error"]
    assert [one[0] for one in said(cell, ["Good"])] == ["warning"]


def test_the_use_that_is_reached_is_the_one_that_is_shown():
    cell = scene("missing_name", name="Draft") + scene("missing_name", name="Good")
    (found,) = check(assemble(cell), ["Good"]).diagnostics
    assert (str(found.severity), found.line) == ("error", 10)


def test_an_unused_helper_does_not_stop_the_scenes_of_a_prelude():
    source = assemble(
        scene("self.wait()").partition("\n")[2],
        prelude="from manim import *\ndef helper():\n    return Circel()\n",
    )
    ((severity, *_),) = [(str(found.severity),) for found in check(source).diagnostics]
    assert severity == "warning"


def test_a_prelude_is_judged_as_a_whole():
    cell = scene("self.wait()") + "\ndef helper():\n    return Circel()\n"
    assert [found.check for found in check_prelude(assemble(cell)).errors] == ["undefined-name"]


# Other right cells that were refused

PLUGIN = "from manim import *\nfrom manim_kodisc import *\n"


@pytest.mark.parametrize("name", ["NewThing", "KodiscTitle2", "Circel"])
def test_a_name_that_a_newer_plugin_may_have_is_a_warning(name):
    cell = scene(f"self.add({name}())").replace("from manim import *\n", PLUGIN)
    ((severity, check_, mark, _),) = said(cell)
    assert (severity, check_, mark) == ("warning", "undefined-name", name)


OWN_FILES = {
    "a sound that a function makes": ('def make(path):\n    open(path, "wb").write(b"")', 'make("tone.wav")\nself.add_sound("tone.wav")'),
    "a drawing that is fetched": ("from urllib.request import urlretrieve", 'urlretrieve("https://x/y.svg", "y.svg")\nself.add(SVGMobject("y.svg"))'),
    "a plot that is saved": ("import matplotlib.pyplot as plt", 'plt.savefig("plot.png")\nself.add(ImageMobject("plot.png"))'),
    "a sound of scipy": ("from scipy.io import wavfile", 'wavfile.write("a.wav", 44100, [0])\nself.add_sound("a.wav")'),
    "what a program writes": ("import subprocess", 'subprocess.run(["dot", "-o", "g" + ".svg"])\nself.add(SVGMobject("g.svg"))'),
    "a path that is written": ("from pathlib import Path", 'p = Path("a.svg")\np.write_text("<svg/>")\nself.add(SVGMobject("a.svg"))'),
}  # fmt: skip


@pytest.mark.parametrize("own", OWN_FILES.values(), ids=OWN_FILES)
def test_a_file_that_the_scene_makes_itself_is_not_warned_of(own):
    top, body = own
    assert said(scene(body, top=top)) == []


def test_a_file_that_is_only_read_is_warned_of_once():
    ((severity, check_, mark, _),) = said(scene('for _ in range(2):\n    self.add_sound("a.wav")'))
    assert (severity, check_, mark) == ("warning", "relative-file", '"a.wav"')


def test_several_names_of_manim_that_are_not_imported_are_told_in_one_plain_sentence():
    cell = "class Hello(Scene):\n    def construct(self):\n        self.add(Circle(), Square())\n"
    (found,) = check(assemble(cell)).diagnostics
    assert found.message == (
        "Scene, Circle and Square are not defined: Manim is not imported here."
    )


# How large a request is


def prepared(text):
    cell = scene("self.wait()") + f"# {text}\n"
    around = CellContext(line="%%kodisc", namespace={})
    return prepare(cell, Options(), KodiscMagics(), around)


@pytest.mark.parametrize("text", ["日" * 40_000, "é" * 90_000, "😀" * 40_000, "x" * 190_000])
def test_a_request_is_measured_as_it_is_sent(text):
    (request,) = prepared(text).requests
    assert len(encode(request)) <= BODY_LIMIT_BYTES


@pytest.mark.parametrize("text", ["日" * 70_000, "é" * 110_000, "x" * 210_000])
def test_a_request_that_is_too_large_as_it_is_sent_is_refused_before(text):
    with pytest.raises(SceneCheckError, match="the API takes at most"):
        prepared(text)
