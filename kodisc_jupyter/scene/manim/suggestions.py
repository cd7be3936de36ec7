"""What somebody probably meant: never the refused word itself, never a far likeness.

An option is looked for among those of its class, a method among those of its object. Where nothing
is near, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from kodisc_jupyter.scene.manim.names import names
from kodisc_jupyter.scene.manim.signatures import signatures

_LONGEST: Final = 60
_NEAR: Final = 0.8
_FAR_START: Final = 0.86
"""Likeness that is asked for where even the first letter differs."""

_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "size": ("font_size", "side_length"),
    "fontsize": ("font_size",),
    "side": ("side_length",),
    "length": ("side_length", "x_length"),
    "target": ("target_position", "target_mobject"),
    "direction": ("shift",),
    "duration": ("run_time",),
    "time": ("run_time",),
    "easing": ("rate_func",),
    "line_join": ("joint_type",),
    "line_cap": ("cap_style",),
    "line_width": ("stroke_width",),
    "linewidth": ("stroke_width",),
    "thickness": ("stroke_width",),
    "opacity": ("fill_opacity", "stroke_opacity"),
    "border_color": ("stroke_color",),
    "edge_color": ("stroke_color",),
    "outline_color": ("stroke_color",),
    "center": ("arc_center", "point"),
    "x_axis_width": ("x_length",),
    "y_axis_height": ("y_length",),
    "x_axis_length": ("x_length",),
    "y_axis_length": ("y_length",),
    "number_line_config": ("axis_config",),
    "code": ("code_string",),
    "file_name": ("code_file",),
    "insert_line_no": ("add_line_numbers",),
    "line_no_from": ("line_numbers_from",),
    "style": ("formatter_style",),
    **{f"{axis}_{end}": (f"{axis}_range",) for axis in "xyztuv" for end in ("min", "max", "step")},
}
"""Options of other libraries and of older Manims, and what some class has in their place."""

RENAMED: Final = {
    "set_width": "write scale_to_fit_width(…), or .width = …",
    "set_height": "write scale_to_fit_height(…), or .height = …",
    "set_depth": "write scale_to_fit_depth(…)",
    "get_width": "write .width",
    "get_height": "write .height",
    "get_tex_string": "write .tex_string",
    "get_graph": "get_graph is now called plot",
    "get_parametric_curve": "get_parametric_curve is now called plot_parametric_curve",
    "get_implicit_curve": "get_implicit_curve is now called plot_implicit_curve",
    "get_line_graph": "get_line_graph is now called plot_line_graph",
    "get_derivative_graph": "get_derivative_graph is now called plot_derivative_graph",
    "get_antiderivative_graph": "get_antiderivative_graph is now called plot_antiderivative_graph",
    "add_background_rectangle_to_submobjects": "write add_background_rectangle() on each of them",
    "set_submobjects": "write submobjects = …",
    "set_color_by_tex_to_color_map": "write tex_to_color_map=… where the formula is made",
    "fix_in_frame": "write self.add_fixed_in_frame_mobjects(mobject)",
    "set_euler_angles": "write self.set_camera_orientation(phi=…, theta=…)",
    "setup_axes": "write Axes(…)",
    "embed": "leave it out: no one can type during a render",
    "prepare_for_animation": "leave it out",
    "camera_frame": "write self.camera.frame, in a MovingCameraScene",
    "frame": "write self.camera.frame, in a MovingCameraScene",
}
"""Methods and attributes that are gone, and what to do instead."""

_KINDS_OF_SCENE: Final = (
    *("MovingCameraScene", "ThreeDScene", "ZoomedScene", "VectorScene"),
    "LinearTransformationScene",
)


def closest(name: str, candidates: Collection[str]) -> str:
    """The candidate that ``name`` was probably meant to be, or ``""``; never ``name`` itself."""
    if not 1 < len(name) <= _LONGEST:
        return ""
    folded = _fold(name)
    others = sorted(candidate for candidate in candidates if candidate != name)
    for candidate in others:
        if _fold(candidate) == folded:
            return candidate
    near = [
        candidate
        for candidate in others
        if abs(len(candidate) - len(name)) <= 3 and not candidate.startswith("_")
    ]
    return _likest(name, near)


def _fold(name: str) -> str:
    return name.casefold().replace("_", "")


def _likest(name: str, candidates: Iterable[str]) -> str:
    from difflib import SequenceMatcher  # only a mistake needs it

    best, best_ratio = "", 0.0
    matcher = SequenceMatcher(b=name)
    for candidate in candidates:
        matcher.set_seq1(candidate)
        if matcher.quick_ratio() < _NEAR:
            continue
        swapped = sorted(candidate) == sorted(name) and candidate[:1] == name[:1]
        ratio = max(matcher.ratio(), _NEAR if swapped else 0.0)
        if ratio > best_ratio and ratio >= (
            _NEAR if candidate[:1].casefold() == name[:1].casefold() else _FAR_START
        ):
            best, best_ratio = candidate, ratio
    return best


def _by_part(name: str, candidates: Collection[str]) -> str:
    """The only candidate that has ``name`` as one of its words: ``move_to`` for ``move``."""
    having = [
        candidate for candidate in candidates if candidate != name and name in candidate.split("_")
    ]
    return having[0] if len(having) == 1 and len(name) > 2 else ""


def option_meant(class_name: str, option: str) -> str:
    """The option of the class that was probably meant, or ``""``."""
    options = signatures().options(class_name, newest=True) or frozenset()
    for candidate in _OPTIONS.get(option, ()):
        if candidate in options:
            return candidate
    return closest(option, options) or _by_part(option, options)


def attribute_hint(class_name: str, attribute: str) -> str:
    """What to write instead of a method or attribute that objects of a class do not have."""
    known = signatures()
    if attribute in RENAMED and not known.has(class_name, attribute):
        hint = RENAMED[attribute]
        return (
            f"{hint[:1].upper()}{hint[1:]}." if hint.startswith(("write", "leave")) else f"{hint}."
        )
    own = known.attributes(class_name)
    meant = closest(attribute, own) or _by_part(attribute, own)
    return f"Did you mean {meant}?" if meant else ""


def scene_attribute_hint(class_names: Collection[str], attribute: str) -> str:
    """What to write instead of ``self.attribute`` in a scene built from Manim's ``class_names``."""
    known = signatures()
    if attribute in RENAMED:
        return attribute_hint("Scene", attribute)
    for kind in _KINDS_OF_SCENE:
        if known.has(kind, attribute):
            return f"{attribute} belongs to {kind}: write `({kind})` after the scene's name."
    own = frozenset().union(*(known.attributes(name) for name in class_names))
    meant = closest(attribute, own) or _by_part(attribute, own)
    if meant:
        return f"Did you mean self.{meant}?"
    if attribute in names().manim:
        return f"{attribute} comes from Manim, not from the scene: write it without self."
    return ""
