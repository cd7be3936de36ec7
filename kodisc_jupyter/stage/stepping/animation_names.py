"""What an animation is called in a storyboard: ``Create(Circle)``, ``FadeIn(120 × Dot)``."""

from __future__ import annotations

import contextlib
from typing import Any, Final

_SHOWN: Final = 3
"""So many members of a group are named one by one."""

_DEPTH: Final = 3


def animation_name(animation: Any) -> str:
    """As Manim calls it, but with what is in a group in place of the group."""
    import manim

    name = str(animation)
    mobject = getattr(animation, "mobject", None)
    if type(mobject) not in (manim.Group, manim.VGroup):
        return name
    return name.replace(f"({mobject})", f"({_members(mobject)})", 1)


def _members(group: Any, depth: int = 1) -> str:
    import manim

    inside = list(group.submobjects)
    kinds = {type(each).__name__ for each in inside}
    if len(inside) > _SHOWN or not inside or depth > _DEPTH:
        return f"{len(inside)} × {kinds.pop()}" if len(kinds) == 1 else f"{len(inside)} mobjects"
    return ", ".join(
        _members(each, depth + 1) if type(each) in (manim.Group, manim.VGroup) else _called(each)
        for each in inside
    )


def _called(mobject: Any) -> str:
    """As it says itself, which Manim never asks."""
    with contextlib.suppress(Exception):  # a mobject of somebody's own may be anything
        return str(mobject)
    return type(mobject).__name__
