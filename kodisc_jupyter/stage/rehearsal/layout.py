"""What a viewer could not see or read: outside the frame, text over text, text too small.

Looked at when an animation has ended: what passes by is nobody's mistake. Only what lies in the
scene itself or in a plain group is judged; what axes, tables and code blocks hold inside is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

OUTSIDE: Final = "outside"
OVERLAP: Final = "overlap"
SMALL: Final = "small"

STAYS_S: Final = 0.5
"""Seconds of video for which a text must be so before it is said."""

GONE_S: Final = 2.0
"""Seconds for which a shape must have been out of sight before it is said."""

EDGE: Final = 0.02
"""Part of the frame's height by which a text may stick out."""

LEGIBLE_PX: Final = 5.0
"""Height of an ordinary letter (an x) in pixels below which nobody reads it."""

COVERED: Final = 0.25
"""Part of a text's letters that must be covered by another text."""

TEXTS_LIMIT: Final = 60
WARNINGS_LIMIT: Final = 6


class Box(NamedTuple):
    """A rectangle in Manim's units."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def area(self) -> float:
        """Its area."""
        return max(0.0, self.right - self.left) * max(0.0, self.top - self.bottom)

    def meets(self, other: Box) -> Box:
        """What both cover; an empty one where they do not meet."""
        return Box(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def sticks_out(self, frame: Box) -> float:
        """How far it reaches over the edge of ``frame``."""
        return max(
            frame.left - self.left,
            self.right - frame.right,
            frame.bottom - self.bottom,
            self.top - frame.top,
        )

    def is_out_of(self, frame: Box) -> bool:
        """Whether nothing of it is inside ``frame``."""
        meets = self.meets(frame)
        return meets.left >= meets.right or meets.bottom >= meets.top


@dataclass
class _Doubt:
    """Something that is warned of if it stays so."""

    line: int | None
    at_s: float
    what: str
    stays_s: float


@dataclass
class LayoutNotes:
    """Looks at a scene each time it has settled, and remembers what does not change."""

    pixels_high: int
    found: list[dict[str, Any]] = field(default_factory=list)
    _doubts: dict[tuple[Any, ...], _Doubt] = field(default_factory=dict)
    _inside: set[int] = field(default_factory=set)
    _said: set[tuple[str, int | None]] = field(default_factory=set)

    def look(self, scene: Any, *, line: int | None, now_s: float, last: bool = False) -> None:
        """Look at the scene as it is now, after the animation of ``line``."""
        frame = _frame(scene)
        if frame is None:
            return
        seen = dict(self._problems(scene, frame))
        for key in [key for key in self._doubts if key not in seen]:
            del self._doubts[key]
        for key, (what, stays_s) in seen.items():
            doubt = self._doubts.setdefault(key, _Doubt(line, now_s, what, stays_s))
            settled = last and key[0] != OUTSIDE + " shape"
            if settled or now_s - doubt.at_s >= stays_s:
                self._tell(key[0].partition(" ")[0], doubt)

    def _tell(self, kind: str, doubt: _Doubt) -> None:
        if (kind, doubt.line) in self._said or len(self.found) >= WARNINGS_LIMIT:
            return
        self._said.add((kind, doubt.line))
        self.found.append(
            {"kind": kind, "line": doubt.line, "at": round(doubt.at_s, 2), "what": doubt.what}
        )

    def _problems(
        self, scene: Any, frame: Box
    ) -> Iterator[tuple[tuple[Any, ...], tuple[str, float]]]:
        texts = []
        still = not _is_moved(scene, frame)
        for root in scene.mobjects:
            for mobject in _parts(root):
                box = _box(mobject)
                if box is None or not _is_visible(mobject):
                    continue
                if _is_text(mobject):
                    texts.append((root, mobject, box))
                elif still:
                    yield from self._shape(mobject, box, frame)
        if still:
            yield from _texts_outside(texts, frame)
        yield from self._small_texts(texts, frame)
        yield from _texts_over_texts(texts[:TEXTS_LIMIT])

    def _shape(
        self, mobject: Any, box: Box, frame: Box
    ) -> Iterator[tuple[tuple[Any, ...], tuple[str, float]]]:
        if not box.is_out_of(frame):
            self._inside.add(id(mobject))
        elif id(mobject) in self._inside:
            yield (OUTSIDE + " shape", id(mobject)), (type(mobject).__name__, GONE_S)

    def _small_texts(
        self, texts: list[tuple[Any, Any, Box]], frame: Box
    ) -> Iterator[tuple[tuple[Any, ...], tuple[str, float]]]:
        pixels = self.pixels_high / (frame.top - frame.bottom)
        for _, text, _ in texts:
            heights = sorted(box.top - box.bottom for box in _letters(text))
            if heights and 0 < heights[len(heights) // 2] * pixels < LEGIBLE_PX:
                yield (SMALL, id(text)), (_words(text), STAYS_S)


def _texts_outside(
    texts: list[tuple[Any, Any, Box]], frame: Box
) -> Iterator[tuple[tuple[Any, ...], tuple[str, float]]]:
    for _, text, box in texts:
        if box.sticks_out(frame) > EDGE * (frame.top - frame.bottom):
            yield (OUTSIDE, id(text)), (_words(text), STAYS_S)


def _texts_over_texts(
    texts: list[tuple[Any, Any, Box]],
) -> Iterator[tuple[tuple[Any, ...], tuple[str, float]]]:
    for at, (root, text, box) in enumerate(texts):
        for other_root, other, other_box in texts[at + 1 :]:
            if root is other_root or not box.meets(other_box).area > 0:
                continue
            if box.is_out_of(other_box) or _is_copy(text, other, box, other_box):
                continue
            if _covered(text, other) >= COVERED:
                key = (OVERLAP, *sorted((id(text), id(other))))
                yield key, (f"{_words(text)} and {_words(other)}", STAYS_S)


def _is_copy(text: Any, other: Any, box: Box, other_box: Box) -> bool:
    """Whether the same words lie in the same place: nobody sees that there are two."""
    near = max(abs(a - b) for a, b in zip(box, other_box, strict=True)) < 0.1
    return near and _words(text) == _words(other)


def _covered(text: Any, other: Any) -> float:
    """Part of the letters of the text with fewer that lie over letters of the other one."""
    few, many = sorted((_letters(text), _letters(other)), key=len)
    if not few:
        return 0.0
    hit = 0
    for letter in few:
        hit += any(
            letter.meets(below).area > 0.2 * min(letter.area, below.area) > 0
            and not letter.is_out_of(below)
            for below in many
        )
    return hit / len(few)


def _frame(scene: Any) -> Box | None:
    """What the camera sees; None for a camera that looks from somewhere else than above."""
    from manim import Camera, MovingCamera, MultiCamera, ThreeDCamera

    camera = scene.renderer.camera
    if isinstance(camera, ThreeDCamera) or not isinstance(camera, Camera):
        return None
    if isinstance(camera, MovingCamera) and not isinstance(camera, MultiCamera):
        return _box(camera.frame)
    x, y = camera.frame_center[0], camera.frame_center[1]
    wide, high = camera.frame_width / 2, camera.frame_height / 2
    return Box(x - wide, y - high, x + wide, y + high)


def _is_moved(scene: Any, frame: Box) -> bool:
    """Whether the camera has been moved or zoomed: what it leaves behind is meant to be left."""
    from manim import MovingCamera, config

    if not isinstance(scene.renderer.camera, MovingCamera):
        return False
    wide, high = config.frame_width / 2, config.frame_height / 2
    whole = Box(-wide, -high, wide, high)
    return max(abs(a - b) for a, b in zip(frame, whole, strict=True)) > 0.01


def _parts(mobject: Any) -> Iterator[Any]:
    """The mobject itself, or what a plain group holds."""
    from manim import Group, VGroup

    if type(mobject) in (VGroup, Group):
        for part in mobject.submobjects:
            yield from _parts(part)
    else:
        yield mobject


def _is_text(mobject: Any) -> bool:
    from manim import MarkupText, SingleStringMathTex, Text

    return isinstance(mobject, (Text, MarkupText, SingleStringMathTex))


def _words(text: Any) -> str:
    words = getattr(text, "original_text", None) or getattr(text, "tex_string", None) or ""
    return str(words).strip()[:60] or type(text).__name__


def _is_visible(mobject: Any) -> bool:
    """Whether any part of it is drawn with some opacity."""
    for part in mobject.get_family():
        fill = getattr(part, "get_fill_opacity", None)
        if fill is None:
            return bool(len(getattr(part, "points", ())))
        if len(part.points) and (fill() > 0.1 or part.get_stroke_opacity() > 0.1):
            return True
    return False


def _letters(text: Any) -> list[Box]:
    """The boxes of a text's letters."""
    boxes = (_box(part) for part in text.family_members_with_points())
    return [box for box in boxes if box is not None and box.area > 0]


def _box(mobject: Any) -> Box | None:
    """The rectangle around all points of a mobject."""
    points = mobject.get_all_points()
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
