"""Draw vector mobjects with the same calls to Cairo as Manim's camera, in less time.

Manim finds where a path ends and begins anew with a dozen small arrays, and takes each coordinate
out of one by itself. Here plain numbers are used wherever the outcome is sure to be the same;
whatever is not such a plain case is left to Manim.
"""

from __future__ import annotations

import math
from typing import Any, Final

_MANIM: Final = "0.22."
"""The version of Manim whose camera is known to make just these calls."""


def quicken(camera: Any, kind: type[Any]) -> None:
    """Have a camera of a class ``kind`` of Manim's own draw this way."""
    import manim
    from manim.camera.camera import CAP_STYLE_MAP, LINE_JOIN_MAP

    known = (manim.Camera, manim.MovingCamera, manim.ThreeDCamera)
    if kind in known and manim.__version__.startswith(_MANIM):
        own = {
            "line_joins": LINE_JOIN_MAP,
            "line_caps": CAP_STYLE_MAP,
            "projects": kind is manim.ThreeDCamera,
        }
        camera.__class__ = type(kind.__name__, (QuickVectors, type(camera)), own)


class QuickVectors:
    """In front of Manim's camera."""

    line_joins: dict[Any, Any]
    line_caps: dict[Any, Any]
    projects: bool
    cairo_line_width_multiple: float
    transform_points_pre_display: Any
    get_fill_rgbas: Any
    get_stroke_rgbas: Any

    def display_vectorized(self, mobject: Any, context: Any) -> Any:
        """Draw the fill and both strokes."""
        self.set_cairo_context_path(context, mobject)
        self.apply_stroke(context, mobject, background=True)
        self.set_cairo_context_color(context, self.get_fill_rgbas(mobject), mobject)
        context.fill_preserve()
        self.apply_stroke(context, mobject)
        return self

    def set_cairo_context_path(self, context: Any, mobject: Any) -> Any:
        """Lay the path."""
        points = mobject.points
        if self.projects:
            points = self.transform_points_pre_display(mobject, points)
        flat = points.ravel().tolist()
        is_plain = len(points) >= 4 and mobject.n_points_per_cubic_curve == 4
        if not is_plain or not math.isfinite(sum(flat)):
            return super().set_cairo_context_path(context, mobject)  # type: ignore[misc]
        context.new_path()
        xs, ys = flat[::3], flat[1::3]
        if xs[3:-1:4] == xs[4::4] and ys[3:-1:4] == ys[4::4]:
            parts = [(0, len(xs))]  # each curve begins just where the one before it ends
        else:
            parts = mobject.get_subpath_split_indices_from_points(points, n_dims=2).tolist()
        curve_to = context.curve_to
        for begin, end in parts:
            if end - begin < 4:
                continue
            context.new_sub_path()
            context.move_to(xs[begin], ys[begin])
            for at in range(begin + 1, end - 2, 4):
                curve_to(xs[at], ys[at], xs[at + 1], ys[at + 1], xs[at + 2], ys[at + 2])
            last = end - 1
            if mobject.consider_points_equals_2d((xs[begin], ys[begin]), (xs[last], ys[last])):
                context.close_path()
        return self

    def set_cairo_context_color(self, context: Any, rgbas: Any, mobject: Any) -> Any:
        """Take the colour, or the gradient."""
        if len(rgbas) != 1:
            return super().set_cairo_context_color(context, rgbas, mobject)  # type: ignore[misc]
        red, green, blue, opacity = rgbas[0].tolist()
        context.set_source_rgba(blue, green, red, opacity)  # Cairo's pixels are the other way round
        return self

    def apply_stroke(self, context: Any, mobject: Any, background: bool = False) -> Any:
        """Draw a stroke; its width is not measured against the camera's frame, which is one."""
        width = mobject.get_stroke_width(background)
        if width == 0:
            return self
        rgbas = self.get_stroke_rgbas(mobject, background=background)
        self.set_cairo_context_color(context, rgbas, mobject)
        context.set_line_width(width * self.cairo_line_width_multiple)
        context.set_line_join(self.line_joins[mobject.joint_type])
        context.set_line_cap(self.line_caps[mobject.cap_style])
        context.stroke_preserve()
        return self
