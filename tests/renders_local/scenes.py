# ruff: noqa: F403, F405, NPY002  (scenes are written as Manim's documentation writes them)
"""Scenes of all kinds, each short; what the server makes of them is compared with Manim's own."""

import math
import random
import wave

import numpy as np
from manim import *

LAST = 1.0
"""How the scenes that are changed at their end end."""


def tone():
    """The file of half a second of sound."""
    with wave.open("tone.wav", "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        samples = 12000 * np.sin(2 * np.pi * 440 * np.arange(11025) / 22050)
        file.writeframes(samples.astype("<i2").tobytes())
    return "tone.wav"


class ShapesCreated(Scene):
    def construct(self):
        shapes = VGroup(Circle(), Square(), Triangle()).arrange(RIGHT)
        self.play(Create(shapes), run_time=0.6)


class TextWritten(Scene):
    def construct(self):
        self.play(Write(Text("Hello, Kodisc")), run_time=0.6)


class TextInManyScripts(Scene):
    def construct(self):
        self.play(FadeIn(Text("Größe · Ωμέγα · Мир")), run_time=0.4)


class MarkedUpText(Scene):
    def construct(self):
        text = MarkupText('<b>bold</b> and <span foreground="yellow">yellow</span>')
        self.play(FadeIn(text, shift=UP), run_time=0.4)


class LongParagraph(Scene):
    def construct(self):
        lines = Paragraph("first line", "a second one", "the third", alignment="center")
        self.play(FadeIn(lines), run_time=0.3)


class MathTexFormula(Scene):
    def construct(self):
        formula = MathTex(r"\int_0^1 x^2\,dx = \frac{1}{3}")
        self.play(Write(formula), run_time=0.6)


class TexSentence(Scene):
    def construct(self):
        self.play(FadeIn(Tex(r"Let $a \in \mathbb{R}$ be \emph{given}.")), run_time=0.3)


class FormulaTransformed(Scene):
    def construct(self):
        one = MathTex("a^2", "+", "b^2", "=", "c^2")
        two = MathTex("c^2", "=", "a^2", "+", "b^2")
        self.add(one)
        self.play(TransformMatchingTex(one, two), run_time=0.6)


class BulletList(Scene):
    def construct(self):
        points = BulletedList("first", "second", "third")
        self.play(FadeIn(points), run_time=0.3)
        points.fade_all_but(1)
        self.wait(0.2)


class FunctionPlotted(Scene):
    def construct(self):
        axes = Axes(x_range=[-3, 3], y_range=[-2, 2])
        curve = axes.plot(lambda x: math.sin(2 * x), color=BLUE)
        self.add(axes)
        self.play(Create(curve), run_time=0.6)


class AreaUnderCurve(Scene):
    def construct(self):
        axes = Axes(x_range=[0, 4], y_range=[0, 4])
        curve = axes.plot(lambda x: x**2 / 4)
        self.add(axes, curve)
        self.play(FadeIn(axes.get_area(curve, x_range=[1, 3])), run_time=0.3)


class NumberLineShown(Scene):
    def construct(self):
        line = NumberLine(x_range=[-5, 5], include_numbers=True)
        self.play(FadeIn(line), run_time=0.3)


class PlaneWarped(Scene):
    def construct(self):
        plane = NumberPlane(x_range=[-4, 4], y_range=[-3, 3])
        self.add(plane)
        self.play(plane.animate.apply_matrix([[1, 0.5], [0, 1]]), run_time=0.4)


class ComplexPlanePoints(Scene):
    def construct(self):
        plane = ComplexPlane(x_range=[-3, 3], y_range=[-2, 2])
        self.add(plane, Dot(plane.n2p(1 + 1j), color=RED))
        self.wait(0.3)


class PolarRose(Scene):
    def construct(self):
        plane = PolarPlane(radius_max=2, size=5)
        rose = plane.plot_polar_graph(lambda t: 2 * np.sin(3 * t), [0, PI], color=YELLOW)
        self.add(plane, rose)
        self.wait(0.2)


class GraphOfVertices(Scene):
    def construct(self):
        graph = Graph([1, 2, 3, 4], [(1, 2), (2, 3), (3, 4), (4, 1)], layout="circular")
        self.play(Create(graph), run_time=0.5)


class DirectedGraph(Scene):
    def construct(self):
        graph = DiGraph([1, 2, 3], [(1, 2), (2, 3), (3, 1)], layout="circular", labels=False)
        self.play(FadeIn(graph), run_time=0.3)


class BarChartGrown(Scene):
    def construct(self):
        chart = BarChart(values=[1, 3, 2], y_range=[0, 4, 1])
        self.play(chart.animate.change_bar_values([3, 1, 4]), run_time=0.5)


class ThreeDAxesTurned(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=70 * DEGREES, theta=30 * DEGREES)
        self.add(ThreeDAxes(), Cube(side_length=1.5, fill_opacity=0.6))
        self.move_camera(theta=50 * DEGREES, run_time=0.4)


class SurfaceShaded(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=60 * DEGREES, theta=-45 * DEGREES)
        surface = Surface(
            lambda u, v: np.array([u, v, 0.5 * np.sin(u) * np.cos(v)]),
            u_range=[-2, 2],
            v_range=[-2, 2],
            resolution=(8, 8),
        )
        self.add(surface)
        self.wait(0.2)


class CameraTurnsByItself(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=75 * DEGREES)
        self.add(Sphere(radius=1, resolution=(8, 8)))
        self.begin_ambient_camera_rotation(rate=1)
        self.wait(0.3)
        self.stop_ambient_camera_rotation()


class CameraZooms(MovingCameraScene):
    def construct(self):
        dot = Dot(RIGHT * 2)
        self.add(Circle(), dot)
        self.play(self.camera.frame.animate.scale(0.5).move_to(dot), run_time=0.5)


class CameraComesBack(MovingCameraScene):
    def construct(self):
        self.camera.frame.save_state()
        self.add(NumberPlane(x_range=[-4, 4], y_range=[-3, 3]), Dot(UR, color=RED))
        self.camera.frame.scale(0.6).shift(UR)
        self.play(Restore(self.camera.frame), run_time=0.3)


class WindowZoomed(ZoomedScene):
    def construct(self):
        self.add(Dot(), Square(0.3))
        self.activate_zooming(animate=False)
        self.wait(0.3)


class UpdaterFollows(Scene):
    def construct(self):
        square = Square()
        dot = Dot().add_updater(lambda d: d.next_to(square, UP))
        self.add(square, dot)
        self.play(square.animate.shift(DOWN), run_time=0.4)


class TrackerCounts(Scene):
    def construct(self):
        tracker = ValueTracker(0)
        number = always_redraw(lambda: DecimalNumber(tracker.get_value()).scale(2))
        self.add(number)
        self.play(tracker.animate.set_value(9), run_time=0.5, rate_func=linear)


class PathTraced(Scene):
    def construct(self):
        dot = Dot(LEFT * 2)
        self.add(TracedPath(dot.get_center), dot)
        self.play(dot.animate(path_arc=PI).move_to(RIGHT * 2), run_time=0.5)


class TimeUpdater(Scene):
    def construct(self):
        arrow = Arrow(LEFT, RIGHT)
        arrow.add_updater(lambda each, dt: each.rotate(2 * dt))
        self.add(arrow)
        self.wait(0.5)


class TableOfNumbers(Scene):
    def construct(self):
        table = IntegerTable([[1, 2], [3, 4]], include_outer_lines=True)
        self.play(FadeIn(table), run_time=0.3)


class TableOfWords(Scene):
    def construct(self):
        table = Table([["a", "b"], ["c", "d"]], row_labels=[Text("x"), Text("y")])
        self.play(Create(table), run_time=0.5)


class MatrixBrackets(Scene):
    def construct(self):
        matrix = Matrix([[1, 0], [0, 1]])
        self.add(matrix)
        self.play(Indicate(matrix.get_entries()[0]), run_time=0.4)


class CodeListing(Scene):
    def construct(self):
        code = Code(code_string="def f(x):\n    return x ** 2\n", language="python")
        self.play(FadeIn(code), run_time=0.3)


class SvgDrawn(Scene):
    def construct(self):
        with open("heart.svg", "w") as file:
            file.write(
                '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
                '<path d="M50 90 L10 40 A20 20 0 0 1 50 30 A20 20 0 0 1 90 40 Z" fill="red"/></svg>'
            )
        self.play(DrawBorderThenFill(SVGMobject("heart.svg")), run_time=0.5)


class ImageShown(Scene):
    def construct(self):
        ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (64, 1))
        picture = ImageMobject(np.dstack([ramp, ramp.T, ramp])).scale_to_fit_height(4)
        self.play(FadeIn(picture), run_time=0.3)


class SoundPlayed(Scene):
    def construct(self):
        self.add_sound(tone())
        self.play(FadeIn(Square()), run_time=0.6)


class SubcaptionsAdded(Scene):
    def construct(self):
        self.add_subcaption("A circle & <nothing> else", duration=0.3)
        self.play(Create(Circle()), run_time=0.4)
        self.play(
            FadeIn(Square()), run_time=0.4, subcaption="and a square", subcaption_duration=0.2
        )


class NothingMoves(Scene):
    def construct(self):
        self.add(Circle(fill_opacity=1), Text("still").shift(DOWN * 2))


class WaitOnly(Scene):
    def construct(self):
        self.add(Square(fill_opacity=0.5))
        self.wait(0.4)


class SectionsMade(Scene):
    def construct(self):
        self.next_section("one")
        self.play(FadeIn(Circle()), run_time=0.3)
        self.next_section("two", skip_animations=True)
        self.play(FadeIn(Square()), run_time=0.3)
        self.next_section("three")
        self.play(FadeIn(Triangle()), run_time=0.3)


class MorphedAndFaded(Scene):
    def construct(self):
        circle, square = Circle(fill_opacity=1), Square(fill_opacity=1)
        self.add(circle)
        self.play(Transform(circle, square), run_time=0.3)
        self.play(FadeOut(circle), run_time=0.2)
        self.add(Dot())
        self.wait(0.2)


class ManyTogether(Scene):
    def construct(self):
        dots = VGroup(*[Dot() for _ in range(30)]).arrange_in_grid(5, 6)
        self.play(LaggedStartMap(FadeIn, dots, lag_ratio=0.05), run_time=0.5)


class BooleanShapes(Scene):
    def construct(self):
        left, right = Circle().shift(LEFT / 2), Circle().shift(RIGHT / 2)
        self.play(FadeIn(Intersection(left, right, color=GREEN, fill_opacity=1)), run_time=0.3)


class VectorFieldDrawn(Scene):
    def construct(self):
        field = ArrowVectorField(
            lambda p: np.array([-p[1], p[0], 0]), x_range=[-2, 2], y_range=[-2, 2]
        )
        self.add(field)
        self.wait(0.2)


class GradientAndBackground(Scene):
    def construct(self):
        self.camera.background_color = "#204060"
        self.add(Star(fill_opacity=1).set_color_by_gradient(RED, YELLOW).scale(2))
        self.wait(0.2)


class BracesAndAngles(Scene):
    def construct(self):
        line = Line(LEFT * 2, RIGHT * 2)
        other = Line(LEFT * 2, UP)
        self.add(line, other, Brace(line), Angle(line, other))
        self.wait(0.2)


class AnimateChained(Scene):
    def construct(self):
        square = Square()
        self.add(square)
        self.play(square.animate.shift(RIGHT).rotate(PI / 4).set_color(GREEN), run_time=0.4)
        self.play(Succession(Rotate(square, PI / 4), FadeOut(square)), run_time=0.4)
        self.add(Cross())
        self.wait(0.2)


class RandomButSeeded(Scene):
    def construct(self):
        generator = np.random.default_rng(7)
        self.add(*[Dot([*generator.uniform(-3, 3, 2), 0]) for _ in range(20)])
        self.wait(0.2)


class LinearMap(LinearTransformationScene):
    def __init__(self, **kwargs):
        super().__init__(show_coordinates=False, leave_ghost_vectors=False, **kwargs)

    def construct(self):
        self.apply_matrix([[1, 1], [0, 1]], run_time=0.5)


class EdgesTouched(Scene):
    def construct(self):
        for edge in (UP, DOWN, LEFT, RIGHT):
            self.add(Square(0.8, fill_opacity=1, color=YELLOW).to_edge(edge, buff=0.2))
        self.wait(0.2)


class SectionsWithSound(Scene):
    def construct(self):
        square = Square()
        self.play(Create(square), run_time=0.6)
        self.next_section("heard")
        print("the sound begins")
        self.add_sound(tone(), time_offset=0.2)
        self.play(square.animate.shift(LEFT), run_time=0.8)
        self.next_section("skipped", skip_animations=True)
        self.play(square.animate.scale(2), run_time=0.5)
        self.next_section("the end")
        self.wait(0.3)
        self.add_sound("tone.wav")
        self.play(square.animate.shift(LAST * RIGHT), run_time=0.6)


class RandomUpdatersUntil(Scene):
    def construct(self):
        random.seed(5)
        np.random.seed(5)
        dots = VGroup(*[Dot(RIGHT * each) for each in range(3)])
        dots[0].add_updater(lambda d, dt: d.shift(dt * random.uniform(-1, 1) * UP))
        dots[1].add_updater(lambda d: d.set_x(np.random.rand()))
        line = always_redraw(lambda: Line(dots[0].get_center(), dots[1].get_center()))
        self.add(dots, line)
        self.wait(0.8)
        dots[0].clear_updaters()
        self.play(dots[2].animate.shift(UP), Create(Circle()), run_time=0.5)
        waited = [0.0]
        self.add_updater(lambda dt: waited.__setitem__(0, waited[0] + dt))
        self.wait_until(lambda: waited[0] > 0.5, max_time=2)
        self.play(dots[2].animate.shift(LAST * UP), run_time=0.4)


class PicturesChangeOrder(Scene):
    def construct(self):
        self.camera.background_color = "#203040"
        ramp = np.tile(np.linspace(0, 255, 32, dtype=np.uint8), (32, 1))
        picture = ImageMobject(np.dstack([ramp, ramp.T, ramp])).scale_to_fit_height(3)
        square = Square(2, fill_opacity=0.8, color=GREEN).shift(RIGHT)
        circle = DashedVMobject(Circle(1.5).set_color_by_gradient(RED, YELLOW)).set_z_index(1)
        self.add(picture, square, circle)
        self.play(picture.animate.rotate(0.5), run_time=0.4)
        self.wait(0.3)
        square.set_z_index(2)
        self.add_foreground_mobject(Dot(color=RED))
        self.play(circle.animate.shift(RIGHT), run_time=0.4)
        self.bring_to_front(picture)
        self.play(square.animate.set_opacity(0.3), FadeOut(circle), run_time=0.4)
        self.play(picture.animate.shift(LAST * LEFT), run_time=0.4)


class WindowZoomsAround(ZoomedScene):
    def construct(self):
        self.add(Square(0.3), Dot(RIGHT), NumberPlane(x_range=[-2, 2], y_range=[-2, 2]))
        self.activate_zooming(animate=True)
        frame = self.zoomed_camera.frame
        self.play(frame.animate.shift(RIGHT), run_time=0.4)
        self.play(self.zoomed_display.animate.shift(DOWN), run_time=0.3)
        self.play(frame.animate.shift(LAST * UP), run_time=0.4)


class SurfaceWithLabels(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=60 * DEGREES, theta=-45 * DEGREES)
        surface = Surface(
            lambda u, v: np.array([u, v, 0.5 * np.sin(u * v)]),
            u_range=[-2, 2],
            v_range=[-2, 2],
            resolution=(6, 6),
        )
        title, name = Text("in frame").to_corner(UL), Text("upright").shift(OUT)
        self.add_fixed_in_frame_mobjects(title)
        self.add_fixed_orientation_mobjects(name)
        self.add(surface)
        self.begin_ambient_camera_rotation(rate=0.8)
        self.wait(0.6)
        self.stop_ambient_camera_rotation()
        self.play(surface.animate.shift(0.5 * OUT), run_time=0.4)
        self.move_camera(phi=(60 + 20 * LAST) * DEGREES, run_time=0.4)


class CameraFollowsNumber(MovingCameraScene):
    def construct(self):
        tracker = ValueTracker(0)
        dot = always_redraw(lambda: Dot(RIGHT * tracker.get_value()))
        number = always_redraw(lambda: DecimalNumber(tracker.get_value()).next_to(dot, UP))
        self.add(NumberLine(), dot, number)
        self.camera.frame.add_updater(lambda frame: frame.move_to(dot))
        self.play(tracker.animate.set_value(2), run_time=0.8)
        self.wait(0.2)
        self.play(tracker.animate.set_value(2 + LAST), run_time=0.5)
