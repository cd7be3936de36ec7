"""Cells for the rehearsal: forty that fail only when they run, and forty right ones.

The comment `# here` ends the line that must be shown. None of the failing ones can be seen by
reading names alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.failing_cells import IMPORT, marked


@dataclass(frozen=True)
class Cell:
    """A cell with one scene; ``prelude`` and ``values`` go with it."""

    name: str
    text: str
    prelude: str = ""
    values: tuple[tuple[str, object], ...] = ()
    says: str = ""
    """Of a failing cell: part of the message. Of a right one: part of what was not rehearsed."""

    @property
    def origin(self) -> str:
        return marked(self.text, self.prelude)[0]

    @property
    def line(self) -> int:
        """The line that is wrong, as a notebook numbers it."""
        return marked(self.text, self.prelude)[1]


def cell(name: str, *lines: str, base: str = "Scene", head: str = IMPORT, **more) -> Cell:
    body = "".join(f"        {line}\n" for line in lines)
    return Cell(name, f"{head}class Tried({base}):\n    def construct(self):\n{body}", **more)


FAILING = (
    cell(
        "updater_divides",
        "dot = Dot()",
        "dot.add_updater(lambda m, dt: m.shift(RIGHT * (1 / int(m.get_y()))))  # here",
        "self.add(dot)",
        "self.wait(0.5)",
        says="ZeroDivisionError",
    ),
    cell(
        "updater_late",
        "t = ValueTracker(0)",
        "d = Dot()",
        "def follow(m):",
        "    if t.get_value() > 0.9:",
        "        m.move_to([1, 2][3])  # here",
        "d.add_updater(follow)",
        "self.add(d)",
        "self.play(t.animate.set_value(1))",
        says="IndexError",
    ),
    cell(
        "last_animation",
        "c = Circle()",
        "self.play(Create(c))",
        "self.play(c.animate.shift(UP))",
        "self.wait(2)",
        "self.play(FadeOut(c, 3, 4), run_time=2)  # here",
        says="TypeError",
    ),
    cell(
        "zero_length_vector",
        "v = np.zeros(3)",
        "self.play(Create(Line(v, v + RIGHT)))",
        "self.play(GrowArrow(Arrow(ORIGIN, [[1]])))  # here",
    ),
    cell(
        "index_in_tex",
        'm = MathTex("a", "+", "b")',
        "self.play(Write(m))",
        "self.play(Indicate(m[7]))  # here",
        says="IndexError",
    ),
    cell(
        "index_in_loop",
        "row = VGroup(*[Square() for _ in range(4)]).arrange()",
        "self.add(row)",
        "for i in range(5):",
        "    self.play(row[i].animate.set_fill(RED, 1), run_time=0.2)  # here",
        says="IndexError",
    ),
    cell(
        "list_of_animations",
        "dots = [Dot(), Dot(UP)]",
        "self.play([[FadeIn(d) for d in dots]])  # here",
    ),
    cell("method_called", "s = Square()", "self.add(s)", "self.play(s.shift)  # here"),
    cell("mobject_played", "s = Square()", "self.play(VGroup(s))  # here"),
    cell(
        "nothing_to_play",
        "found = [m for m in self.mobjects if isinstance(m, Circle)]",
        "self.play(*[FadeOut(m) for m in found])  # here",
        says="no animations",
    ),
    cell(
        "dictionary_key",
        "heights = {'a': 1}",
        "for name in 'ab':",
        "    self.play(Create(Square(heights[name])), run_time=0.2)  # here",
        says="KeyError",
    ),
    cell("two_coordinates", "self.play(Dot().animate.move_to(np.array([1, 2])))  # here"),
    cell(
        "shapes_do_not_fit",
        "p = np.array([1, 2, 3]) + np.array([1, 2])  # here",
        "self.play(Create(Dot(p)))",
        says="broadcast",
    ),
    cell(
        "none_returned",
        "def make():",
        "    Circle()",
        "c = make()",
        "self.play(c.animate.shift(UP))  # here",
        says="NoneType",
    ),
    cell(
        "string_and_number", "n = 3", 'self.play(Write(Text("n = " + n)))  # here', says="TypeError"
    ),
    cell("unknown_colour", 'self.play(Create(Circle(color="reddish")))  # here'),
    cell("latex_command", 'self.play(Write(MathTex(r"\\alhpa + 1")))  # here', says="LaTeX"),
    cell(
        "latex_environment",
        'self.play(Write(MathTex(r"\\begin{matrx} 1 \\end{matrx}")))  # here',
        says="LaTeX",
    ),
    cell(
        "latex_text_mode", 'self.play(Write(Tex(r"the root \\sqrt{2} of")))  # here', says="LaTeX"
    ),
    cell(
        "plotted_function",
        "ax = Axes()",
        "self.add(ax)",
        "g = ax.plot(lambda x: {}[x], x_range=[0, 1])  # here",
        "self.play(Create(g))",
        says="KeyError",
    ),
    cell("table_rows", 'self.play(Table([["a"]]).get_cell((9, 9), 1).animate.shift(UP))  # here'),
    cell("graph_edge", "self.play(Create(Graph([1, 2], [(1, 2)]).add_edges((1, 2, 3))))  # here"),
    cell(
        "graph_vertex",
        "g = Graph([1, 2], [(1, 2)])",
        "self.play(g[7].animate.shift(UP))  # here",
        says="ValueError",
    ),
    cell(
        "matrix_entry",
        "m = Matrix([[1, 2], [3, 4]])",
        "self.play(Indicate(m.get_rows()[2]))  # here",
        says="IndexError",
    ),
    cell(
        "camera_of_another_scene",
        "self.play(self.camera.frame.animate.scale(2))  # here",
        says="frame",
    ),
    cell(
        "three_d_of_another_scene",
        "self.set_camera_orientation(phi=1)  # here",
        says="set_camera_orientation",
    ),
    cell("misspelt_option", "self.play(Create(Circle(radiuss=2)))  # here", says="radiuss"),
    cell("misspelt_method", "c = Circle()", "self.play(c.animate.shfit(UP))  # here", says="shfit"),
    cell("misspelt_on_self", "self.wiat(1)  # here", says="wiat"),
    cell(
        "own_class",
        "self.play(Create(Wheel()))",
        head=IMPORT
        + "class Wheel(VGroup):\n    def __init__(self):\n        super().__init__()\n        self.spokes = [Line() for _ in range(3)]\n        self.add(self.spokes[3])  # here\n\n\n",
        says="IndexError",
    ),
    cell(
        "own_animation",
        "self.play(Blink(Dot()))",
        head=IMPORT
        + "class Blink(Animation):\n    def interpolate_mobject(self, alpha):\n        self.mobject.set_opacity(self.strength)  # here\n\n\n",
        says="strength",
    ),
    cell(
        "helper_in_prelude",
        "self.play(Create(row(3)))",
        prelude="from manim import *\n\n\ndef row(n):\n    return VGroup(*[Square() for _ in range(n)])[n]  # here\n",
        head="",
        says="IndexError",
    ),
    cell(
        "value_sent_along",
        "bars = BarChart(values=data)",
        "self.play(Create(bars))",
        "self.play(bars.animate.change_bar_values([data[5]]))  # here",
        values=(("data", [1, 2, 3]),),
        says="IndexError",
    ),
    cell(
        "always_redraw",
        "t = ValueTracker(0)",
        "line = always_redraw(lambda: Line(ORIGIN, [t.get_value(), 0] * RIGHT))  # here",
        "self.add(line)",
        "self.play(t.animate.set_value(2))",
    ),
    cell(
        "missing_picture",
        'self.add(ImageMobject("logo.png"))  # here',
        "self.wait()",
        says="logo.png",
    ),
    cell(
        "missing_data",
        'rows = open("results.csv").read()  # here',
        "self.play(Write(Text(rows)))",
        says="results.csv",
    ),
    cell("missing_sound", 'self.add_sound("click.wav")  # here', "self.wait()", says="click.wav"),
    cell(
        "recursion",
        "def tree(n):",
        "    return tree(n + 1)  # here",
        "self.play(Create(tree(0)))",
        says="RecursionError",
    ),
    cell("negative_run_time", "self.play(Create(Circle()), run_time=-1)  # here"),
    cell("transform_of_nothing", "a, b = Circle(), None", "self.play(Transform(a, b))  # here"),
)

RIGHT = (
    cell(
        "random", "import random", "self.add(Dot([random.uniform(-3, 3), 0, 0]))", "self.wait(0.2)"
    ),
    cell("seeded", "np.random.seed(3)", "self.play(Create(Dot(np.random.rand(3))), run_time=0.2)"),
    cell(
        "clock",
        "import time",
        "begun = time.time()",
        "self.play(Create(Circle()), run_time=0.2)",
        "assert time.time() >= begun",
    ),
    cell("date", "import datetime", "self.add(Text(str(datetime.date.today())))", "self.wait(0.1)"),
    cell(
        "writes_a_file",
        'open("notes.txt", "w").write("hello")',
        'self.add(Text(open("notes.txt").read()))',
        "self.wait(0.1)",
    ),
    cell(
        "writes_with_pathlib",
        "from pathlib import Path",
        'Path("a").mkdir()',
        'Path("a/b.txt").write_text("x")',
        'self.add(Text(Path("a/b.txt").read_text()))',
        "self.wait(0.1)",
    ),
    cell(
        "temporary_file",
        "import tempfile",
        "with tempfile.NamedTemporaryFile('w+') as f:",
        "    f.write('x')",
        "    f.flush()",
        "    open(f.name).read()",
        "self.wait(0.1)",
    ),
    cell(
        "draws_its_own_picture",
        "from PIL import Image",
        'Image.new("RGB", (20, 20), "red").save("red.png")',
        'self.add(ImageMobject("red.png"))',
        "self.wait(0.1)",
    ),
    cell(
        "its_own_svg",
        'open("a.svg", "w").write(\'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L10 0 L10 10 Z"/></svg>\')',
        'self.play(Create(SVGMobject("a.svg")), run_time=0.2)',
    ),
    cell(
        "its_own_sound",
        "import wave",
        'w = wave.open("a.wav", "wb")',
        "w.setnchannels(1); w.setsampwidth(2); w.setframerate(8000); w.writeframes(bytes(1600)); w.close()",
        'self.add_sound("a.wav")',
        "self.wait(0.3)",
    ),
    cell(
        "thread",
        "import threading",
        "box = []",
        "t = threading.Thread(target=lambda: box.append(1))",
        "t.start(); t.join()",
        "self.add(Square(box[0]))",
        "self.wait(0.1)",
    ),
    cell(
        "thread_pool",
        "from concurrent.futures import ThreadPoolExecutor",
        "with ThreadPoolExecutor(2) as pool:",
        "    sides = list(pool.map(abs, [-1, -2]))",
        "self.add(Square(sides[1]))",
        "self.wait(0.1)",
    ),
    cell(
        "subprocess",
        "import subprocess, sys",
        'said = subprocess.run([sys.executable, "-c", "print(3)"], capture_output=True, text=True).stdout',
        "self.add(Square(int(said)))",
        "self.wait(0.1)",
    ),
    cell(
        "long_loop",
        "n = 0",
        "for i in range(1_000_000):",
        "    n += i % 3",
        "self.add(Text(str(n)))",
        "self.wait(0.1)",
    ),
    cell(
        "many_animations",
        "d = Dot()",
        "for _ in range(60):",
        "    self.play(d.animate.shift(0.1 * RIGHT), run_time=0.1)",
    ),
    cell(
        "wait_until",
        "d = Dot()",
        "d.add_updater(lambda m, dt: m.shift(RIGHT * dt))",
        "self.add(d)",
        "self.wait_until(lambda: d.get_x() > 0.3, max_time=3)",
    ),
    cell(
        "stop_condition",
        "d = Dot()",
        "d.add_updater(lambda m, dt: m.shift(RIGHT * dt))",
        "self.add(d)",
        "self.wait(5, stop_condition=lambda: d.get_x() > 0.2)",
    ),
    cell(
        "zoomed",
        "d = Dot()",
        "self.add(d)",
        "self.activate_zooming(animate=False)",
        "self.play(self.zoomed_camera.frame.animate.shift(RIGHT), run_time=0.2)",
        base="ZoomedScene",
    ),
    cell(
        "moving_camera",
        "s = Square()",
        "self.add(s)",
        "self.play(self.camera.frame.animate.scale(0.5).move_to(s), run_time=0.2)",
        base="MovingCameraScene",
    ),
    cell(
        "three_d",
        "self.set_camera_orientation(phi=1, theta=0.5)",
        "self.add(Sphere(resolution=(4, 4)))",
        "self.begin_ambient_camera_rotation()",
        "self.wait(0.2)",
        base="ThreeDScene",
    ),
    cell(
        "fixed_in_frame",
        't = Text("x")',
        "self.add_fixed_in_frame_mobjects(t)",
        "self.move_camera(phi=1, run_time=0.2)",
        base="ThreeDScene",
    ),
    cell(
        "sections",
        'self.next_section("one")',
        "self.wait(0.2)",
        'self.next_section("two", skip_animations=True)',
        "self.wait(3)",
        'self.next_section("three")',
        "self.wait(0.2)",
    ),
    cell(
        "captions",
        'self.add_subcaption("hello", duration=1)',
        'self.play(Create(Circle()), subcaption="a circle", run_time=0.2)',
    ),
    cell(
        "asks_for_pixels",
        "self.add(Square(fill_opacity=1))",
        "image = self.camera.get_image()",
        "self.wait(0.1)",
        "assert image.size[0] > 0 and self.renderer.get_frame().shape[2] == 4",
    ),
    cell("no_animation", "self.add(Circle())"),
    cell(
        "vector_field",
        "self.add(ArrowVectorField(lambda p: p / 5, x_range=[-2, 2, 1], y_range=[-2, 2, 1]))",
        "self.wait(0.1)",
    ),
    cell(
        "traced_path",
        "d = Dot()",
        "self.add(TracedPath(d.get_center), d)",
        "self.play(d.animate.shift(RIGHT), run_time=0.2)",
    ),
    cell(
        "scene_updater",
        "self.count = 0",
        "def tick(dt): self.count += 1",
        "self.add_updater(tick)",
        "self.wait(0.4)",
        "assert self.count > 0",
    ),
    cell(
        "catches_its_error",
        "try:",
        '    open("perhaps.csv")',
        "except OSError:",
        "    pass",
        "self.wait(0.1)",
    ),
    cell("emoji_and_scripts", 'self.play(Write(Text("π ≈ 3 ✓ 数学 שלום")), run_time=0.2)'),
    cell("missing_font", 'self.add(Text("x", font="A Font That Nobody Has"))', "self.wait(0.1)"),
    cell(
        "missing_module",
        "import a_module_that_is_not_here as m",
        "self.add(m.Thing())",
        says="a_module_that_is_not_here is not installed",
    ),
    cell(
        "missing_program",
        "import subprocess",
        'subprocess.run(["a-program-that-is-not-here"])',
        "self.wait()",
        says="a-program-that-is-not-here is missing",
    ),
    cell(
        "missing_latex_package",
        "t = TexTemplate()",
        't.add_to_preamble(r"\\usepackage{a-package-that-is-not-here}")',
        'self.add(Tex("x", tex_template=t))',
        says="LaTeX here may differ",
    ),
    cell(
        "file_of_the_system",
        'open("/opt/kodisc/only-there.txt")',
        says="/opt/kodisc/only-there.txt is not on this machine",
    ),
    cell(
        "option_of_an_older_manim",
        'self.add(Code(code="x = 1", language="python"))',
        "self.wait(0.1)",
        says="code is of another version",
    ),
    cell(
        "forks", "import os", "if os.fork() == 0:", "    os._exit(0)", "self.wait(0.1)", says="fork"
    ),
    cell("much_memory", "x = bytearray(20_000_000_000)", "self.wait(0.1)", says="memory"),
    cell(
        "needs_the_network",
        "import urllib.request",
        'urllib.request.urlopen("http://127.0.0.1:9/data.csv", timeout=1)',
        says="network",
    ),
    cell("long_thinking", "import time", "time.sleep(30)", "self.wait(0.1)", says="limit of 3 s"),
)
