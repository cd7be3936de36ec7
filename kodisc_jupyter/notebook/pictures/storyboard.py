"""A storyboard as it is shown and kept: ``figure.kodisc-storyboard``, one picture, plain text."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.links import data_url
from kodisc_jupyter.notebook.display.output.embedding import EDGE
from kodisc_jupyter.renders.pictures import AnimationPicture, DrawnStoryboard

if TYPE_CHECKING:
    from kodisc_jupyter.scene.cell import Source

Bundle = dict[str, Any]

LINE_CLASS: Final = "kodisc-line"
"""Of the line of code that stands beside a picture's time."""

_TILE_PX: Final = 210
_UPRIGHT_TILE_PX: Final = 120

_CHANGED: Final = re.compile(r"\b_MethodAnimation\b")


@dataclass(frozen=True)
class Storyboard:
    """One small picture of a scene for each animation, of what stands when it has ended.

    ``pictures`` have times in seconds of the video and lines of the cell; ``animations`` is how
    many the scene has that show something new, which may be more. ``seconds`` is the video's
    length, None where the scene was not played to its end. ``sheet`` is one JPEG of all.
    A cell that ends with it shows it.
    """

    scene: str
    seconds: float | None
    animations: int
    pictures: tuple[AnimationPicture, ...]
    sheet: bytes = field(repr=False)
    alt: str = ""

    def bundle(self) -> Bundle:
        """HTML with a grid of pictures, one picture for what takes no HTML, and plain text."""
        shown: Bundle = {"text/html": self.html(), "text/plain": self.text()}
        if self.sheet:
            shown["image/jpeg"] = base64.b64encode(self.sheet).decode("ascii")
        return shown

    def html(self) -> str:
        """The figure that stays in the notebook."""
        first = self.pictures[0] if self.pictures else None
        upright = first is not None and first.height > first.width
        least = _UPRIGHT_TILE_PX if upright else _TILE_PX
        parts = [f"<strong><bdi>{escape(words.name(self.scene))}</bdi></strong>"]
        parts += [escape(each) for each in self._facts()]
        lines = [" · ".join(parts)]
        if self.alt:
            lines.append(f"<bdi>{escape(words.plain(self.alt, 500))}</bdi>")
        tiles = "".join(
            _tile(number, picture) for number, picture in enumerate(self.pictures, start=1)
        )
        return (
            '<figure class="kodisc-storyboard" style="margin:0 0 8px;max-width:100%"><figcaption '
            f'style="padding:0 0 8px;font-size:13px;overflow-wrap:anywhere">{"<br>".join(lines)}'
            '</figcaption><ol style="display:grid;grid-template-columns:repeat(auto-fill,'
            f"minmax({least}px,1fr));gap:12px;margin:0;padding:0;list-style:none"
            f'">{tiles}</ol></figure>'
        )

    def text(self) -> str:
        """The storyboard in plain text: a line for each picture."""
        lines = [" · ".join((words.name(self.scene), *self._facts()))]
        for number, picture in enumerate(self.pictures, start=1):
            lines.append("  ".join((f"{number:3}.", *_facts_of(picture), caption_of(picture))))
        return "\n".join(lines)

    def _facts(self) -> Iterator[str]:
        ends = self.seconds is not None
        yield f"{self.seconds:.1f} s of video" if ends else "not played to its end"
        shown = len(self.pictures)
        if shown < self.animations:
            yield f"{shown} of {self.animations} pictures are shown"
        else:
            yield f"{shown} picture{'' if shown == 1 else 's'}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        del include, exclude
        return self.bundle()


def storyboard_in_cell(
    scene: str,
    drawn: DrawnStoryboard,
    source: Source,
    *,
    seconds: float | None,
    alt: str = "",
) -> Storyboard:
    """A storyboard with the cell's own line numbers."""
    pictures = tuple(replace(each, line=source.cell_line(each.line)) for each in drawn.pictures)
    return Storyboard(scene, seconds, drawn.animations, pictures, drawn.sheet, alt)


def caption_of(picture: AnimationPicture) -> str:
    """What is animated, as Manim calls it: ``Create(Circle)``, ``animate(Square)``."""
    return words.name(_CHANGED.sub("animate", picture.what), 120)


def _facts_of(picture: AnimationPicture) -> tuple[str, ...]:
    times = f"{picture.start_s:.1f}–{picture.end_s:.1f} s"
    return (times, f"line {picture.line}") if picture.line else (times,)


def _tile(number: int, picture: AnimationPicture) -> str:
    times, *line = (escape(each) for each in _facts_of(picture))
    what = escape(caption_of(picture))
    where = f'<span class="{LINE_CLASS}"> · {line[0]}</span>' if line else ""
    described = f"At {picture.end_s:.1f} s, after {what}"
    return (
        '<li style="margin:0;padding:0;break-inside:avoid;min-width:0">'
        f'<img src="{data_url(picture.content, picture.kind)}" alt="{described}" '
        f'width="{picture.width}" style="display:block;width:100%;height:auto;border-radius:4px;'
        f'{EDGE}">'
        f'<div style="padding:4px 0 0;font-size:12px;line-height:1.4;overflow-wrap:anywhere">'
        f'{number}. <time datetime="PT{picture.end_s:.3f}S">{times}</time>{where}<br>'
        f"<bdi>{what.replace(' × ', '&nbsp;×&nbsp;')}</bdi></div></li>"
    )
