"""Cells that are right, though a careless reader would find something: no check says anything."""

import sys
import textwrap

import pytest

from kodisc_jupyter.scene.cell import assemble
from kodisc_jupyter.scene.checks import check, check_prelude, find_scenes

SCENE = "class Hello(Scene):\n    def construct(self):\n        self.wait()\n"


def in_construct(body):
    inner = textwrap.indent(textwrap.dedent(body).strip("\n") + "\nself.wait()", " " * 8)
    return f"from manim import *\n\nclass Hello(Scene):\n    def construct(self):\n{inner}\n"


def on_top(body):
    return f"from manim import *\n\n{textwrap.dedent(body).strip()}\n\n{SCENE}"


BODIES = {
    "comprehensions": "dots = [Dot(k * p) for k in range(3) for p in [UP, DOWN] if k]",
    "nested comprehensions": "rows = [[Dot() for _ in range(k)] for k in range(3)]",
    "dictionary comprehension": "d = {k: v for k, v in zip('ab', [1, 2])}\nprint(d)",
    "walrus in a condition": "if (n := 3) > 2:\n    self.wait(n)",
    "walrus in a comprehension": "xs = [last := k for k in range(3)]\nself.wait(last)",
    "lambda with defaults": "f = lambda x, *args, scale=2, **more: x * scale + len(args) + len(more)",
    "closure and nonlocal": """
        count = 0
        def step():
            nonlocal count
            count += 1
        step()
        self.wait(count)
    """,
    "global made in a function": """
        def make():
            global made
            made = 1
        make()
        self.wait(made)
    """,
    "with and as": "with open('/etc/hostname') as a, open('/dev/null') as b:\n    print(a, b)",
    "except and as": "try:\n    pass\nexcept ValueError as error:\n    print(error)",
    "name error expected": "try:\n    thing\nexcept NameError:\n    thing = 1",
    "for else": "for k, (a, b) in enumerate([(1, 2)]):\n    pass\nelse:\n    self.wait(k + a + b)",
    "starred targets": "first, *rest = [1, 2, 3]\nself.wait(first + len(rest))",
    "match patterns": """
        match [1, {"a": 2}]:
            case [x, {"a": y, **more}] if x:
                print(x, y, more)
            case [*items]:
                print(items)
            case Dot(color=c) as dot:
                print(c, dot)
            case _:
                pass
    """,
    "deleted and bound again": "x = 1\ndel x\nx = 2\nself.wait(x)",
    "local annotation is not evaluated": "x: NoSuchType = 1\nself.wait(x)",
    "f-string": "t = Text(f'{self.time:>{3}} {RED!r} {1 + 1=}')\nself.add(t)",
    "f-string of several lines": "x = 1\nt = f'''\n{x}\n{RED}\n'''\nself.add(Text(t))",
    "super and class": "super().construct()\nprint(__class__, __name__)",
    "decorated inner class": """
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: float = 0
            y: "Missing" = x
            def norm(self) -> "Missing":
                return self.x
        print(Point())
    """,
    "async": """
        async def gather(source):
            async with source as s:
                async for item in s:
                    yield await item
        print(gather)
    """,
    "unpacking in a call": "kwargs = dict(color=RED)\nself.add(Dot(*[ORIGIN], **kwargs))",
    "names numpy and typing give": "print(np.pi, PI, config.frame_width, rate_functions.smooth)",
    "file written before it is read": """
        with open('notes.txt', 'w') as file:
            file.write('x')
        with open('notes.txt') as file:
            print(file.read())
    """,
    "address, not a file": "self.add(SVGMobject('https://example.com/logo.svg'))",
    "absolute file": "print(open('/usr/share/dict/words'))",
    "some other open": "import webbrowser\nwebbrowser.open('page.html')",
}

TOPS = {
    "used before it is defined": "def outer():\n    return inner()\n\ndef inner():\n    return 1",
    "class attribute used in the body": "class Box:\n    a = 1\n    b = a + 1\n    c = [x for x in [a]]",
    "guarded import": "try:\n    import nothing_like_it as helper\nexcept ImportError:\n    helper = None\nprint(helper)",
    "conditional import": "import sys\nif sys.version_info > (3,):\n    import json\nelse:\n    import simplejson as json\nprint(json)",
    "exec": "exec('made = 1')\nprint(made)",
    "globals": "globals()['made'] = 1\nprint(made)",
    "builtins": "import builtins\nbuiltins.made = 1\nprint(made)",
    "unknown star import": "from manim_slides import *\nprint(whatever)",
    "known star imports": "from math import *\nfrom numpy import *\nprint(hypot(1, 2), linspace(0, 1), tau)",
    "Kodisc's plugin": "from manim_kodisc import *",
    **(
        {"type parameters": "def f[T](xs: list[T]) -> T: ...\ntype Pair[K] = tuple[K, K]"}
        if sys.version_info >= (3, 12)
        else {}
    ),
    "string annotations": "def f(x: 'Missing') -> 'Missing':\n    return x",
    "module names": "print(__name__, __file__, __doc__)\nif __name__ == '__main__':\n    pass",
    "guarded main": "if __name__ == '__main__':\n    Hello().render()",
    "scene twice in branches": "if True:\n    class Other(Scene):\n        pass\nelse:\n    class Other(Scene):\n        pass",
    "names of a later Manim that are the cell's own": "class ConvexHull(VGroup):\n    pass\nprint(ConvexHull())",
    "installed though a file has its name": "import numpy\nimport helpers_we_do_not_have_here",
}


def said(cell, **around):
    return [
        f"{found.check}: {found.message}"
        for found in check(assemble(cell), around.pop("scenes", ["Hello"]), **around).diagnostics
    ]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_nothing_is_said_about_a_right_body(body):
    assert said(in_construct(body)) == []


@pytest.mark.parametrize("top", TOPS.values(), ids=TOPS)
def test_nothing_is_said_about_a_right_top(top):
    assert said(on_top(top), local_modules=["numpy", "json"]) == []


def test_with_future_annotations_none_is_evaluated():
    cell = f"from __future__ import annotations\n{on_top('def f(x: Missing) -> Missing: ...')}"
    assert said(cell) == []


SCENES = {
    "a base of Manim": "class Hello(ThreeDScene):",
    "the module's name before it": "import manim as mn\nclass Hello(mn.MovingCameraScene):",
    "renamed on import": "from manim import Scene as Stage\nclass Hello(Stage):",
    "through a base of its own": "class Base(ZoomedScene):\n    pass\nclass Hello(Base):",
    "through an alias": "class Base(Scene):\n    pass\nAlias = Base\nclass Hello(Alias):",
    "a mixin beside it": "class Mixin:\n    pass\nclass Hello(Mixin, Scene):",
    "a base from elsewhere": "from manim_voiceover import VoiceoverScene\nclass Hello(VoiceoverScene):",
    "a base that is computed": "def base():\n    return Scene\nclass Hello(base()):",
    "in a branch": "if True:\n  class Hello(Scene):",
    "decorated": "def again(cls):\n    return cls\n@again\nclass Hello(Scene):",
}


@pytest.mark.parametrize("head", SCENES.values(), ids=SCENES)
def test_a_scene_is_a_scene_through_whatever_base(head):
    indent = "    " if head.startswith("if") else ""
    method = textwrap.indent("    def construct(self):\n        self.wait()\n", indent)
    cell = f"from manim import *\n{head}\n{method}"
    assert said(cell) == []
    assert "Hello" in find_scenes(cell)
    assert check(assemble(cell)).scenes == ("Hello",)


GIVEN = {
    "inherited": "class Base(Scene):\n    def construct(self):\n        pass\nclass Hello(Base):\n    pass",
    "assigned in the body": "def f(self):\n    pass\nclass Hello(Scene):\n    construct = f",
    "assigned later": "class Hello(Scene):\n    pass\nHello.construct = lambda self: None",
    "from an unknown base": "from course import Lesson\nclass Hello(Lesson, Scene):\n    pass",
    "defined in a branch": "class Hello(Scene):\n    if True:\n        def construct(self):\n            pass",
}


@pytest.mark.parametrize("cell", GIVEN.values(), ids=GIVEN)
def test_construct_may_come_from_anywhere(cell):
    assert said(f"from manim import *\n{cell}\n") == []


def test_a_scene_made_by_assignment_is_not_missed():
    assert said(on_top("Other = Hello2 = type('Other', (Scene,), {})"), scenes=["Other"]) == []


def test_the_only_scene_with_a_construct_is_taken():
    cell = f"from manim import *\nclass Base(Scene):\n    pass\n\n{SCENE.replace('Scene', 'Base')}"
    checked = check(assemble(cell))
    assert (checked.errors, checked.scenes) == ((), ("Hello",))


def test_a_scene_of_the_prelude_can_be_asked_for_and_is_never_taken_by_itself():
    source = assemble(SCENE, prelude=f"from manim import *\n{SCENE.replace('Hello', 'Shared')}")
    assert check(source).scenes == ("Hello",)
    assert not check(source, ["Shared"]).errors


def test_several_scenes_may_be_asked_for():
    cell = f"from manim import *\n{SCENE}\n{SCENE.replace('Hello', 'Two')}"
    checked = check(assemble(cell), ["Hello", "Two"])
    assert (checked.errors, checked.scenes) == ((), ("Hello", "Two"))
    assert find_scenes(cell) == ("Hello", "Two")


@pytest.mark.parametrize(
    "cell",
    ["class Hello(Scene):\n    def construct(self", "class Hello(Scene)", "class Hello(Scene,"],
)
def test_scenes_are_found_in_half_typed_code(cell):
    assert find_scenes(f"from manim import *\n{cell}") == ("Hello",)


def test_a_prelude_needs_no_scene():
    assert check_prelude(assemble("from manim import *\nRADIUS = 2\n")).diagnostics == ()
    (found,) = check_prelude(assemble("from manim import *\nRADIUS = radius\n")).errors
    assert (found.check, found.line) == ("undefined-name", 2)


def test_what_the_prelude_and_the_values_define_is_defined():
    source = assemble(
        in_construct("self.add(ring(n))").removeprefix("from manim import *\n"),
        prelude="from manim import *\ndef ring(n): return Circle(n)",
        values={"n": 2},
    )
    assert check(source).diagnostics == ()


def test_an_unknown_name_of_a_check_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"called undefined-names\. Did you mean undefined-name\?"):
        check(assemble(SCENE), disabled=["undefined-names"])
