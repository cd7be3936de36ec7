"""ManimGL (3Blue1Brown's own Manim): its names, and what Manim Community has in their place."""

from __future__ import annotations

from typing import Final

from kodisc_jupyter.scene.manim.names import names

REPLACEMENTS: Final[dict[str, str]] = {
    "ShowCreation": "Create",
    "TexMobject": "MathTex",
    "TextMobject": "Tex",
    "OldTex": "MathTex",
    "OldTexText": "Tex",
    "TexText": "Tex",
    "OldTexMobject": "MathTex",
    "SingleStringTexMobject": "SingleStringMathTex",
    "ShowCreationThenDestruction": "ShowPassingFlash",
    "ShowCreationThenFadeAround": "Circumscribe",
    "ShowPassingFlashAround": "Circumscribe",
    "AnimationOnSurroundingRectangle": "Circumscribe",
    "FlashAround": "Circumscribe",
    "CircleIndicate": "Circumscribe(mobject, Circle)",
    "WiggleOutThenIn": "Wiggle",
    "TurnInsideOut": "ApplyPointwiseFunction",
    "FadeInFrom": "FadeIn(mobject, shift=…)",
    "FadeInFromDown": "FadeIn(mobject, shift=UP)",
    "FadeInFromLarge": "FadeIn(mobject, scale=…)",
    "FadeInFromPoint": "FadeIn(mobject, target_position=…)",
    "FadeOutToPoint": "FadeOut(mobject, target_position=…)",
    "FadeOutAndShift": "FadeOut(mobject, shift=…)",
    "FadeOutAndShiftDown": "FadeOut(mobject, shift=DOWN)",
    "FadeInAndShift": "FadeIn(mobject, shift=…)",
    "GrowFromSide": "GrowFromEdge",
    "VFadeIn": "FadeIn",
    "VFadeOut": "FadeOut",
    "VFadeInThenOut": "FadeIn, then FadeOut",
    "GraphScene": "Axes in a Scene",
    "NumberPlaneScene": "NumberPlane in a Scene",
    "InteractiveScene": "Scene",
    "PiCreatureScene": "Scene",
    "TeacherStudentsScene": "Scene",
    "ParametricSurface": "Surface",
    "FRAME_WIDTH": "config.frame_width",
    "FRAME_HEIGHT": "config.frame_height",
    "FRAME_X_RADIUS": "config.frame_x_radius",
    "FRAME_Y_RADIUS": "config.frame_y_radius",
    "TOP": "config.top",
    "BOTTOM": "config.bottom",
    "LEFT_SIDE": "config.left_side",
    "RIGHT_SIDE": "config.right_side",
    "DEFAULT_PIXEL_WIDTH": "config.pixel_width",
    "DEFAULT_PIXEL_HEIGHT": "config.pixel_height",
    "DEG": "DEGREES",
    "get_norm": "np.linalg.norm",
    "VMobjectFromSVGPathstring": "VMobjectFromSVGPath",
    "SVGCircle": "Circle",
    "Polyline": "VMobject().set_points_as_corners(…)",
    "GlowDot": "Dot",
    "Sphere3D": "Sphere",
    "SurfaceMesh": "Surface",
    "TexturedSurface": "Surface",
    "Disk3D": "Circle",
    "Square3D": "Square",
    "VPrism": "Prism",
    "VCube": "Cube",
    "AnimatedStreamLines": "StreamLines(…).start_animation()",
    "FullScreenFadeRectangle": "FullScreenRectangle",
    "Clock": "a VGroup of Circle and Line",
    "SpeechBubble": "a VGroup of shapes and Text",
    "ThoughtBubble": "a VGroup of shapes and Text",
    "SVGMobjectFromString": "SVGMobject",
    "CountInFrom": "ChangeDecimalToValue",
    "Triangle3D": "Triangle",
    "play_all": "self.play(AnimationGroup(…))",
}
"""ManimGL's name, or one of Manim's before the two parted, and what to write now."""

MODULES: Final = frozenset(
    {"manimlib", "manim_imports_ext", "big_ol_pile_of_manim_imports", "manimgl"}
)
"""Modules that ManimGL, or a Manim from before 2020, is imported from."""


def manimgl_hint(name: str) -> str:
    """What to do about a name that only ManimGL has; ``""`` for every other name."""
    known = names()
    if name in known.manim:
        return ""
    if name in REPLACEMENTS:
        whose = "ManimGL" if name in known.manimgl else "an older Manim"
        return f"That is from {whose}; in Manim Community, write {REPLACEMENTS[name]}."
    if name in known.manimgl:
        return "That is from ManimGL; Manim Community has nothing with that name."
    return ""
