"""What a render on this machine tells of its video: the same as its rehearsal."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.render

CODE = """\
from manim import *


class Lesson(Scene):
    def construct(self):
        self.next_section("A square")
        title = Text("Hello")
        self.play(Write(title), run_time=0.4)
        square = Square(color=BLUE)
        self.play(FadeOut(title), Create(square), run_time=0.4)
        self.next_section("left out", skip_animations=True)
        self.play(Rotate(square), run_time=0.4)
        self.next_section("A circle")
        self.play(square.animate.shift(LEFT).scale(0.5), run_time=0.4)
        self.play(Transform(square, Circle(color=RED)), run_time=0.4)
        self.add(VGroup(*[Dot(color=GREEN) for _ in range(3)]).arrange().to_edge(DOWN))
        self.wait(0.2)
        self.play(FadeOut(*self.mobjects), run_time=0.2)
"""
LEFT_TO_MANIM = """\
from manim import *


class Elsewhere(Scene):
    def construct(self):
        self.next_section("One")
        self.wait(0.4)
        self.next_section("Two")
        self.camera.pixel_array
        self.wait(0.4)
"""


def test_a_render_and_its_rehearsal_tell_the_same(server):
    body = {"code": CODE, "className": "Lesson", "quality": "low", "timeLimitS": 60}
    there = server.http.post(
        f"{server.origin}/local/rehearsals",
        json=body,
        headers={"Authorization": f"Bearer {server.key}"},
        timeout=120,
    ).json()
    assert there["outcome"] == "ok", there
    job = server.completed(CODE, "Lesson")
    told = report(server, job).json()
    for name in ("seconds", "sections", "told", "texts", "captions"):
        assert told[name] == there[name], name
    assert [(each["name"], each["start"]) for each in told["sections"]] == [
        ("A square", 0.0),
        ("A circle", 0.8),
    ]
    assert [each["did"] for each in told["told"]] == [
        *("written", "leaves", "drawn", "moves", "shrinks", "becomes", "shown", "leaves"),
    ]
    circle = told["told"][5]["into"]
    assert circle == {"kind": "Circle", "colour": "#FC6255"}
    assert told["told"][-1]["what"]["parts"][0] == circle


def test_a_scene_that_manim_draws_itself_has_its_sections_too(server):
    job = server.completed(LEFT_TO_MANIM, "Elsewhere")
    sections = report(server, job).json()["sections"]
    assert [each["name"] for each in sections] == ["One", "Two"]
    assert sections[1]["start"] == pytest.approx(0.4)


def test_a_mobject_that_cannot_say_what_it_is_is_drawn_and_called_by_its_class(server):
    code = (
        "from manim import *\nclass Card(Square):\n  def __str__(self):\n    return 5\n"
        "class Cards(Scene):\n  def construct(self):\n"
        "    self.play(FadeIn(VGroup(Card(), Dot())), run_time=0.2)\n"
    )
    told = report(server, server.completed(code, "Cards")).json()
    assert [each["what"] for each in told["animations"]] == ["FadeIn(Card, Dot)"]


def test_a_report_of_very_much_is_cut_and_not_lost(server):
    code = (
        "from manim import *\nclass Chatty(Scene):\n  def construct(self):\n"
        "    for n in range(5_000):\n"
        "      self.add_subcaption('word ' * 100, duration=0.1, offset=n / 10)\n"
        "    print('all said')\n"
        "    self.wait(0.2)\n"
    )
    answer = report(server, server.completed(code, "Chatty"))
    assert answer.status_code == 200
    told = answer.json()
    assert len(told["captions"]) == 1_000
    assert told["printed"] == "all said\n"


def test_a_report_is_told_to_nobody_else_and_not_before_the_end(server):
    job = server.post(CODE, "Lesson")
    assert report(server, {"jobId": job}, key="wrong").status_code == 401
    assert report(server, {"jobId": "clx9f0a1b0000abcd1234efgh"}).status_code == 404
    server.wait(job)


def report(server, job, key=None):
    return server.http.get(
        f"{server.origin}/local/jobs/{job['jobId']}/report",
        headers={"Authorization": f"Bearer {key or server.key}"},
        timeout=60,
    )
