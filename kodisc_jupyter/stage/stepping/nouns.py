"""What a mobject is, as plain data that can be put into words: its kind, its text, its colour."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

TEXT_LIMIT: Final = 200
"""Characters kept of one text."""

PARTS_LIMIT: Final = 5
"""Parts of a group that are told one by one."""

Noun = dict[str, Any]
"""``kind``; where known ``said``, ``colour``, and of a group ``parts`` and ``count``."""


Looks = Mapping[int, tuple[Any, Noun | None]]
"""What mobjects look like that are not what they were made as, by their identity."""


def noun_of(mobject: Any, looks: Looks = MappingProxyType({})) -> Noun | None:
    """What a mobject is; ``None`` for what has no picture, as a ValueTracker."""
    try:
        return _noun(mobject, 0, looks)
    except Exception:  # a mobject of somebody's own may be anything
        return {"kind": _kind(mobject)}


def _noun(mobject: Any, depth: int, looks: Looks) -> Noun | None:
    if id(mobject) in looks:
        return looks[id(mobject)][1]
    from manim import (
        DecimalNumber,
        Group,
        ImageMobject,
        MarkupText,
        MathTex,
        SingleStringMathTex,
        SVGMobject,
        Tex,
        Text,
        ValueTracker,
        VGroup,
    )

    if isinstance(mobject, ValueTracker) or not len(mobject.get_all_points()):
        return None
    if isinstance(mobject, DecimalNumber):
        return {"kind": "number", "said": f"{mobject.get_value():.{mobject.num_decimal_places}f}"}
    if isinstance(mobject, (Text, MarkupText)):
        return _text("text", getattr(mobject, "original_text", None) or mobject.text)
    if isinstance(mobject, SingleStringMathTex):
        is_text = isinstance(mobject, Tex) or not isinstance(
            mobject, (MathTex, SingleStringMathTex)
        )
        return _text("tex" if is_text else "formula", mobject.tex_string)
    words = getattr(mobject, "original_text", None)
    if isinstance(words, str) and words.strip():  # a Paragraph
        return _text("text", words)
    kind = _kind(mobject)
    if isinstance(mobject, ImageMobject):
        return {"kind": "ImageMobject"}
    if kind == "SVGMobject" and isinstance(mobject, SVGMobject):
        return {"kind": kind, "said": Path(str(mobject.file_name or "")).stem[:TEXT_LIMIT]}
    if kind in ("VGroup", "Group", "VDict") and isinstance(mobject, (VGroup, Group)):
        if depth > 1 or not mobject.submobjects:
            return {"kind": "group", "count": len(mobject.submobjects)} if depth else None
        parts = [_noun(part, depth + 1, looks) for part in mobject.submobjects[:PARTS_LIMIT]]
        return {
            "kind": "group",
            "parts": [part for part in parts if part is not None],
            "count": len(mobject.submobjects),
        }
    noun: Noun = {"kind": kind}
    if not mobject.submobjects and hasattr(mobject, "get_color"):
        noun["colour"] = str(_colour(mobject))[:7]
    return noun


def _text(kind: str, text: Any) -> Noun:
    return {"kind": kind, "said": " ".join(str(text).split())[:TEXT_LIMIT]}


def _kind(mobject: Any) -> str:
    """The nearest class of Manim's own: a class of the scene's is known by what it is built on."""
    return next(
        (each.__name__ for each in type(mobject).__mro__ if each.__module__.startswith("manim.")),
        "Mobject",
    )


def _colour(mobject: Any) -> str:
    """What is seen of it: its filling where it has one, else its line."""
    filled = getattr(mobject, "get_fill_opacity", lambda: 0.0)() > 0.2
    colour = mobject.get_fill_color() if filled else mobject.get_color()
    return str(colour.to_hex())
