"""What an animation does to what: the facts of a transcript."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from kodisc_jupyter.stage.stepping.nouns import noun_of

MOVED: Final = 0.15
"""Units of Manim that a viewer notices."""

GROWN: Final = 1.15


class Act(NamedTuple):
    """Something that happens: ``did`` is a word for it, ``into`` what a mobject turns into."""

    did: str
    mobject: Any
    into: Any = None


def acts_of(animation: Any) -> Iterator[Act]:
    """What an animation, or those that it holds, does; it has begun already."""
    import manim

    if isinstance(animation, manim.Wait):
        return
    inner = getattr(animation, "anim", None)
    if isinstance(inner, manim.Animation):  # ChangeSpeed
        yield from acts_of(inner)
    elif hasattr(animation, "to_add") and hasattr(animation, "to_remove"):  # TransformMatching…
        removed = animation.to_remove
        source = removed[0] if isinstance(removed, list) else removed
        yield Act("becomes", source, animation.to_add)
    elif type(animation).__module__.endswith(".indication"):
        lies_in = isinstance(animation, (manim.Flash, manim.Circumscribe, manim.FocusOn))
        yield Act("highlighted", None if lies_in else animation.mobject)
    elif isinstance(animation, manim.AnimationGroup):
        for part in animation.animations:
            yield from acts_of(part)
    else:
        yield from _of_one(animation, manim)


def _of_one(animation: Any, manim: Any) -> Iterator[Act]:
    mobject = animation.mobject
    target = getattr(animation, "target_mobject", None)
    if isinstance(mobject, manim.ValueTracker):
        if not (animation.is_remover() or animation.is_introducer()):
            yield Act("varies", None)
    elif animation.is_remover():
        yield Act("leaves", mobject)
    elif isinstance(animation, (manim.Write, manim.AddTextLetterByLetter)):
        yield Act("written", mobject)
    elif isinstance(animation, (manim.Create, manim.DrawBorderThenFill)):
        yield Act("drawn", mobject)
    elif animation.is_introducer():
        yield Act("appears", mobject)
    elif isinstance(animation, (manim.Rotate, manim.Rotating)):
        yield Act("turns", mobject)
    elif isinstance(animation, manim.MoveAlongPath):
        yield Act("moves", mobject)
    elif isinstance(animation, manim.Transform) and target is not None:
        yield from _changes(animation.starting_mobject, target, mobject)
    else:
        yield Act("changes", mobject)


def _changes(before: Any, after: Any, mobject: Any) -> Iterator[Act]:
    """How what a Transform begins with differs from what it ends with."""
    was, becomes = noun_of(before), noun_of(after)
    if _without_colour(was) != _without_colour(becomes):
        yield Act("becomes", mobject, after)
        return
    changes = []
    if max(abs(before.get_center() - after.get_center())) > MOVED:
        changes.append("moves")
    sizes = [max(each.width, each.height) for each in (before, after)]
    if min(sizes) > 0 and sizes[1] / sizes[0] > GROWN:
        changes.append("grows")
    if min(sizes) > 0 and sizes[0] / sizes[1] > GROWN:
        changes.append("shrinks")
    if was != becomes:
        yield Act("recoloured", mobject, after)
    elif not changes:
        changes.append("changes")
    for did in changes:
        yield Act(did, mobject)


def _without_colour(noun: Any) -> Any:
    return {name: value for name, value in noun.items() if name != "colour"} if noun else noun
