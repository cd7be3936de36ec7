"""Draw vector mobjects with the same calls to Cairo as Manim's camera, in less time.

Manim finds where a path ends and begins anew with a dozen small arrays, and takes each coordinate
out of one by itself. Here plain numbers are used wherever the outcome is sure to be the same;
whatever is not such a plain case is left to Manim.
"""

from __future__ import annotations

import math
from typing import Any

from kodisc_jupyter.stage.drawing.mobject_states import is_read_as_manim_does


class QuickVectors:
    """In front of Manim's camera; ``projects`` says that it moves points before they are drawn."""

    projects = False
    line_joins: dict[Any, Any]
    line_caps: dict[Any, Any]
    gradient: Any = None
    cairo_line_width_multiple: float
    transform_points_pre_display: Any
    get_fill_rgbas: Any
    get_stroke_rgbas: Any

    def display_vectorized(self, mobject: Any, context: Any) -> Any:
        """Draw the fill and both strokes."""
        if not is_read_as_manim_does(mobject.__class__):
            return super().display_vectorized(mobject, context)  # type: ignore[misc]
        self.gradient = None
        self._lay_path(context, mobject)
        self._stroke(context, mobject, background=True)
        self._take_color(context, self.get_fill_rgbas(mobject), mobject)
        context.fill_preserve()
        self._stroke(context, mobject)
        return self

    def _lay_path(self, context: Any, mobject: Any) -> None:
        """Lay the path."""
        points = mobject.points
        if self.projects:
            points = self.transform_points_pre_display(mobject, points)
        is_plain = (
            points.dtype.char == "d"
            and points.shape[1] == 3
            and len(points) >= 4
            and mobject.n_points_per_cubic_curve == 4
            and mobject.tolerance_for_point_equality >= 0
        )
        if not is_plain or not math.isfinite(sum(flat := points.ravel().tolist())):
            super().set_cairo_context_path(context, mobject)  # type: ignore[misc]
            return
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

    def _take_color(self, context: Any, rgbas: Any, mobject: Any) -> None:
        """Take the colour, or the gradient."""
        if len(rgbas) == 1:
            red, green, blue, opacity = rgbas[0].tolist()
            context.set_source_rgba(blue, green, red, opacity)  # the order of Cairo's pixels
            return
        import cairo
        import numpy as np

        if self.gradient is None:  # the fill's is the stroke's
            ends = mobject.get_gradient_start_and_end_points()
            ends = self.transform_points_pre_display(mobject, ends)
            self.gradient = [each for end in ends for each in end[:2]]
        pattern = cairo.LinearGradient(*self.gradient)
        offsets = (0.0, 1.0) if len(rgbas) == 2 else np.linspace(0, 1, len(rgbas))
        for (red, green, blue, opacity), offset in zip(rgbas.tolist(), offsets, strict=True):
            pattern.add_color_stop_rgba(offset, blue, green, red, opacity)
        context.set_source(pattern)

    def _stroke(self, context: Any, mobject: Any, *, background: bool = False) -> None:
        """Draw a stroke; its width is not measured against the camera's frame, which is one."""
        width = mobject.get_stroke_width(background)
        if width == 0:
            return
        rgbas = self.get_stroke_rgbas(mobject, background=background)
        self._take_color(context, rgbas, mobject)
        context.set_line_width(width * self.cairo_line_width_multiple)
        context.set_line_join(self.line_joins[mobject.joint_type])
        context.set_line_cap(self.line_caps[mobject.cap_style])
        context.stroke_preserve()
