"""What happens in a video, put into plain sentences: the draft of a transcript.

A draft from the facts that stepping has noted; it knows nothing of what they mean.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from kodisc_jupyter.notebook.display.output.formula_words import read_formula, read_text
from kodisc_jupyter.renders.media.outline import Event, Outline

TRANSCRIPT_LIMIT: Final = 6_000
"""Characters of a draft: it stands in the notebook's file beside every video."""

_KINDS: Final = {
    "ParametricFunction": "curve",
    "FunctionGraph": "curve",
    "ImplicitFunction": "curve",
    "VMobject": "shape",
    "Mobject": "shape",
    "PMobject": "cloud of points",
    "ThreeDAxes": "three-dimensional axes",
    "VectorizedPoint": "point",
    "BraceLabel": "brace with a label",
    "CurvesAsSubmobjects": "curve",
    "TracedPath": "path",
}
_VERBS: Final = {
    "appears": ("appears", "appear"),
    "drawn": ("is drawn", "are drawn"),
    "written": ("is written", "are written"),
    "shown": ("is shown", "are shown"),
    "leaves": ("disappears", "disappear"),
    "gone": ("disappears", "disappear"),
    "moves": ("moves", "move"),
    "grows": ("grows", "grow"),
    "shrinks": ("shrinks", "shrink"),
    "turns": ("turns", "turn"),
    "highlighted": ("is highlighted", "are highlighted"),
    "changes": ("changes", "change"),
}
_NESTED_LIMIT: Final = 3
"""Groups inside groups whose parts are told: a report may come from anybody's server."""

_NEW: Final = frozenset({"appears", "drawn", "written", "shown"})
_ALONE: Final = {
    "varies": "A value changes, and what depends on it follows.",
    "highlighted": "A part of the picture is highlighted.",
    "camera moves": "The view moves.",
    "camera grows": "The view zooms out.",
    "camera shrinks": "The view zooms in.",
    "camera turns": "The view turns.",
    "camera changes": "The view changes.",
    "camera becomes": "The view changes.",
}


class Line(NamedTuple):
    """What happens at one time of the video, in one or more sentences."""

    at_s: float
    text: str


def transcript_lines(outline: Outline) -> list[Line]:
    """The draft, in order; empty where nothing is known. A long one ends with a line that says so.

    What cannot be put into words is left out.
    """
    lines: list[Line] = []
    length = 0
    for at_s, events in groupby(outline.events, key=lambda event: event.at_s):
        text = " ".join(_sentences(list(events)))
        if not text or (lines and lines[-1].text == text):
            continue
        length += len(text)
        if length > TRANSCRIPT_LIMIT:
            return [*lines, Line(at_s, "What follows is not told here: the draft is too long.")]
        lines.append(Line(at_s, text))
    return lines


def _sentences(events: Sequence[Event]) -> list[str]:
    sentences: list[str] = []
    for did, group in groupby(_merge(events), key=lambda event: event.did):
        same = list(group)
        verbs = did.split("+")
        if did in ("becomes", "recoloured"):
            sentences += [_into(event) for event in same]
        elif all(event.what is None for event in same):
            sentences.append(_ALONE.get(did, ""))
        elif all(verb in _VERBS for verb in verbs):
            nouns = [event.what for event in same if event.what is not None]
            phrases = [phrase(noun, new=did in _NEW) for noun in nouns]
            several = len(phrases) > 1 or _is_several(nouns[0])
            does = _join([_VERBS[verb][several] for verb in verbs])
            sentences.append(_sentence(f"{_join(phrases)} {does}"))
    return list(dict.fromkeys(filter(None, sentences)))


def _merge(events: Sequence[Event]) -> list[Event]:
    """What one thing does at once is told in one sentence: it "moves+grows"."""
    merged: list[Event] = []
    for event in events:
        last = merged[-1] if merged else None
        plain = event.did in _VERBS and event.did not in _NEW and event.what is not None
        if last and plain and last.what == event.what and set(last.did.split("+")) <= set(_VERBS):
            if event.did not in last.did.split("+"):
                merged[-1] = last._replace(did=f"{last.did}+{event.did}")
        else:
            merged.append(event)
    return merged


def _into(event: Event) -> str:
    if event.what is None or event.into is None:
        return ""
    old = phrase(event.what, new=False)
    several = _is_several(event.what)
    if event.did == "recoloured":
        colour = colour_word(str(event.into.get("colour", "")))
        return _sentence(f"{old} {'turn' if several else 'turns'} {colour}") if colour else ""
    new = phrase(event.into, new=True)
    return _sentence(f"{old} {'change' if several else 'changes'} into {new}")


def phrase(noun: Mapping[str, Any], *, new: bool, depth: int = 0) -> str:
    """A mobject in words: "a blue circle", or "the blue circle" when it was there before."""
    kind, text = str(noun.get("kind", "")), str(noun.get("said", ""))
    if kind == "group":
        return _group(noun, new=new, depth=depth)
    if kind == "text":
        return f"the text “{text}”"
    if kind == "tex":
        return f"the text “{read_text(text)}”"
    if kind == "formula":
        return f"the formula {read_formula(text)}"
    if kind == "number":
        return f"the number {text}"
    if kind == "SVGMobject":
        return f"{'a' if new else 'the'} drawing" + (f" ({text})" if text else "")
    if kind == "ImageMobject":
        return f"{'a' if new else 'the'} picture"
    name = _name(noun)
    article = "" if name.endswith("axes") and new else ("a" if new else "the")
    if article == "a" and name[:1] in "aeiou":
        article = "an"
    return f"{article} {name}".strip()


def _group(noun: Mapping[str, Any], *, new: bool, depth: int) -> str:
    parts = _parts(noun) if depth < _NESTED_LIMIT else []
    count = _count(noun)
    names = {_name(part) for part in parts}
    plain = all(part.get("kind") not in ("text", "tex", "formula", "number") for part in parts)
    if parts and len(names) == 1 and plain and count > 1:
        return f"{'' if new else 'the '}{count} {_plural(names.pop())}"
    if not parts:
        return f"{'a' if new else 'the'} group of {count} parts"
    phrases = [phrase(part, new=new, depth=depth + 1) for part in parts]
    more = count - len(parts)
    return _join([*phrases, f"{more} more"] if more > 0 else phrases)


def _parts(noun: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = noun.get("parts")
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []


def _count(noun: Mapping[str, Any]) -> int:
    count = noun.get("count")
    return count if isinstance(count, int) else len(_parts(noun))


def _name(noun: Mapping[str, Any]) -> str:
    """The kind of a mobject with its colour, without an article: "blue circle"."""
    kind = str(noun.get("kind", ""))
    known = _KINDS.get(kind)
    words = known or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"\d+D?$", "", kind)).lower()
    return f"{colour_word(str(noun.get('colour', '')))} {words or 'shape'}".strip()


def _plural(name: str) -> str:
    if name.endswith(("s", "x", "ch", "sh")):
        return name if name.endswith("axes") else f"{name}es"
    return f"{name[:-1]}ies" if re.search(r"[^aeiou]y$", name) else f"{name}s"


def _is_several(noun: Mapping[str, Any]) -> bool:
    several = noun.get("kind") == "group" and _count(noun) > 1 and bool(_parts(noun))
    return several or str(noun.get("kind", "")).endswith("Axes")


def _join(phrases: Sequence[str]) -> str:
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def colour_word(code: str) -> str:
    """A hex code as one of a dozen plain words; ``""`` for what is none, and for white."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", code):
        return ""
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if light > 0.93:
        return ""  # white is what everything is drawn in
    if light < 0.08:
        return "black"
    if saturation < 0.15:
        return "grey"
    degrees = hue * 360
    for limit, word in _HUES:
        if degrees < limit:
            return "brown" if word == "orange" and light < 0.4 else word
    return "red"


_HUES: Final = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (160, "green"),
    (190, "teal"),
    (255, "blue"),
    (290, "purple"),
    (345, "pink"),
)
