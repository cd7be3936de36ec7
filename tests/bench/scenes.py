"""Manim scenes as teachers write them, short and without LaTeX."""

from __future__ import annotations

BODIES = (
    "self.play(Create(Circle(color=BLUE)))\n        self.wait(0.5)",
    "square = Square()\n        self.play(Create(square))\n"
    "        self.play(square.animate.rotate(PI / 4), run_time=0.8)",
    "self.play(Write(Text('Hello')), run_time=1.2)\n        self.wait(0.3)",
    "axes = Axes(x_range=[0, 6], y_range=[-1, 1])\n"
    "        graph = axes.plot(lambda x: np.sin(x), color=YELLOW)\n"
    "        self.add(axes)\n        self.play(Create(graph), run_time=1.5)",
    "dots = VGroup(*[Dot() for _ in range(9)]).arrange_in_grid(3, 3)\n"
    "        self.play(LaggedStart(*[GrowFromCenter(d) for d in dots], lag_ratio=0.1))",
    "a, b = Circle(), Square()\n        self.add(a)\n        self.play(Transform(a, b))\n"
    "        self.wait(0.4)",
    "line = NumberLine(x_range=[0, 10])\n        self.add(line)\n"
    "        dot = Dot(line.n2p(0))\n        self.play(dot.animate.move_to(line.n2p(8)))",
    "bars = VGroup(*[Rectangle(height=h, width=0.6) for h in (1, 3, 2, 4)])\n"
    "        bars.arrange(RIGHT, aligned_edge=DOWN)\n"
    "        self.play(FadeIn(bars))\n        self.play(bars[1].animate.set_fill(RED, 1))",
    "arrow = Arrow(LEFT * 2, RIGHT * 2)\n        self.play(GrowArrow(arrow))\n"
    "        self.play(Rotate(arrow, PI / 2), run_time=0.7)",
    "words = VGroup(Text('one'), Text('two')).arrange(DOWN)\n"
    "        self.play(FadeIn(words[0]))\n        self.play(FadeIn(words[1], shift=UP))",
    "value = ValueTracker(0)\n"
    "        dot = always_redraw(lambda: Dot(RIGHT * value.get_value()))\n"
    "        self.add(dot)\n        self.play(value.animate.set_value(3), run_time=1.2)",
    "polygon = RegularPolygon(6, color=GREEN)\n        self.play(DrawBorderThenFill(polygon))\n"
    "        self.play(polygon.animate.scale(0.5), run_time=0.6)",
)

WORDS = (
    *(("0.5", "0.7"), ("PI / 4", "PI / 3"), ("0.3", "0.5"), ("YELLOW", "RED"), ("0.1", "0.2")),
    *(("0.4", "0.6"), ("n2p(8)", "n2p(7)"), ("RED", "GREEN"), ("PI / 2", "PI / 3")),
    *(("UP", "DOWN"), ("3", "2"), ("0.5", "0.7")),
)
"""A word of each, and another one for it."""


def scene(name: str, body: str) -> str:
    """A scene class."""
    return f"class {name}(Scene):\n    def construct(self):\n        {body}\n"


def twelve() -> list[tuple[str, str]]:
    """Twelve short scenes: class names and classes, without the import line."""
    return [(f"Short{at:02d}", scene(f"Short{at:02d}", body)) for at, body in enumerate(BODIES)]


IMPORT = "from manim import *\n"
SMALL = scene("Small", BODIES[1])


def numbered(at: int) -> str:
    """A cell's code that is like no other: the number is in it."""
    body = f"self.play(Create(Circle(radius={at + 1} / 100)), run_time=0.5)"
    return IMPORT + "\n\n" + scene("Numbered", body)


def lines(count: int) -> str:
    """One scene of at least ``count`` lines, made of the short ones."""
    text = [IMPORT, "import random\n", "\nclass Long(Scene):\n"]
    methods = []
    at = 0
    while sum(part.count("\n") for part in text) < count - 30:
        text.append(f"    def step_{at}(self):\n")
        methods.append(f"        self.step_{at}()\n")
        text.append(f"        {BODIES[at % len(BODIES)]}\n")
        text.append("        for number in range(3):\n")
        text.append("            label = Text(f'{number}: {random.random():.2f}')\n")
        text.append("            self.play(FadeIn(label.to_edge(UP)), run_time=0.2)\n")
        text.append("            self.remove(label)\n\n")
        at += 1
    text.append("    def construct(self):\n")
    return "".join(text + methods)


def _drawn(name: str, kind: str, *lines: str) -> str:
    return f"class {name}({kind}):\n    def construct(self):\n" + "".join(
        f"        {line}\n" for line in lines
    )


DRAWN = {
    "Squares": _drawn(
        "Squares",
        "Scene",
        "shapes = VGroup(*[Square(0.3, fill_opacity=0.5) for _ in range(200)])",
        "shapes.arrange_in_grid(10)",
        "self.play(Create(shapes), run_time=1)",
        "self.play(shapes.animate.rotate(0.5), run_time=1)",
        "self.play(FadeOut(shapes, shift=1.0 * UP), run_time=1)",
    ),
    "Surface3D": _drawn(
        "Surface3D",
        "ThreeDScene",
        "self.set_camera_orientation(phi=60 * DEGREES, theta=-45 * DEGREES)",
        "wave = lambda u, v: np.array([u, v, 0.5 * np.sin(u * v)])",
        "shapes = Surface(wave, u_range=[-2, 2], v_range=[-2, 2], resolution=(14, 14))",
        "self.add(shapes)",
        "self.begin_ambient_camera_rotation(rate=0.4)",
        "self.wait(1)",
        "self.stop_ambient_camera_rotation()",
        "self.play(shapes.animate.scale(1.2), run_time=1)",
        "self.play(shapes.animate.shift(1.0 * OUT), run_time=1)",
    ),
    "FewShapes": _drawn(
        "FewShapes",
        "Scene",
        "shapes = VGroup(Circle(), Square(), Triangle()).arrange(RIGHT)",
        "self.play(Create(shapes), run_time=1)",
        "self.play(Write(Text('only a few').to_edge(UP)), run_time=1)",
        "self.wait(0.5)",
        "self.play(shapes.animate.rotate(0.5), run_time=1)",
        "self.play(FadeOut(shapes, shift=1.0 * UP), run_time=1)",
    ),
    "Redrawn": _drawn(
        "Redrawn",
        "Scene",
        "value = ValueTracker(0)",
        "at = lambda n: value.get_value() * (1 + n / 4) * RIGHT + (n / 4 - 3) * UP",
        "shapes = [always_redraw(lambda n=n: Square(0.2).move_to(at(n))) for n in range(24)]",
        "self.add(*shapes)",
        "self.play(value.animate.set_value(2), run_time=1.5)",
        "self.play(value.animate.set_value(-1.0), run_time=1.5)",
    ),
}
"""Scenes that take longer to draw, by their names; their last animation has ``1.0`` in it."""


def renamed(code: str, name: str) -> str:
    """The scene with another name for its variable: nothing that is drawn has changed."""
    return code.replace("shapes", name)


def ending_otherwise(code: str, word: str, other: str) -> str:
    """The scene with another word where ``word`` stands last."""
    before, found, after = code.rpartition(word)
    assert found
    return f"{before}{other}{after}"
