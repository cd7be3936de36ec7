"""A still as it is shown and kept: ``figure.kodisc-still``, PNG, plain text."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.links import data_url
from kodisc_jupyter.notebook.display.output.embedding import (
    EDGE,
    SERVER_LIMIT_BYTES,
    UPRIGHT_PX,
    WIDE_PX,
)
from kodisc_jupyter.renders.media.whole_file import whole_file

Bundle = dict[str, Any]

PNG: Final = "image/png"
_JPEG_QUALITIES: Final = (92, 80, 60)


@dataclass(frozen=True)
class Still:
    """One frame of a scene's video, before it would be encoded.

    ``png`` is the picture at its full size of ``width`` × ``height`` pixels; ``time_s`` is when
    the video shows it, in seconds; ``at_s`` the time that was asked for, None for the last frame.
    ``css_width`` is how wide it is shown. A cell that ends with it shows it.
    """

    scene: str
    at_s: float | None
    time_s: float
    width: int
    height: int
    png: bytes = field(repr=False)
    alt: str = ""
    css_width: str | None = None

    def save(self, path: str | Path) -> Path:
        """Write the PNG to ``path``; folders are made.

        Raises:
            KodiscError: it cannot be written.
        """
        target = Path(path).expanduser()
        with whole_file(target) as part:
            part.write_bytes(self.png)
        return target

    @property
    def described(self) -> str:
        """The picture's alternative text."""
        if self.alt:
            return words.plain(self.alt, 500)
        which = "Last frame" if self.at_s is None else f"Frame at {self.time_s:.4g} s"
        return f"{which} of the Manim scene {words.name(self.scene)}"

    def bundle(self, limit_bytes: int | None = SERVER_LIMIT_BYTES, note: str = "") -> Bundle:
        """HTML with the picture in it, the PNG for what takes no HTML, and plain text.

        Where that would be more than ``limit_bytes`` (None: no limit), which a Jupyter server may
        drop, the PNG stands in the HTML only, or the page gets a JPEG of the same size.
        """
        text = "\n".join(filter(None, (self.text(), note)))
        encoded = len(self.png) * 4 // 3
        if limit_bytes is None or 2 * encoded <= limit_bytes:
            png = base64.b64encode(self.png).decode("ascii")
            return {"text/html": self.html(note), PNG: png, "text/plain": text}
        if encoded <= limit_bytes:
            return {"text/html": self.html(note), "text/plain": text}
        note = " ".join(
            filter(None, (note, "Shown as a JPEG; .save(path) or --save keeps the PNG."))
        )
        return {"text/html": self.html(note, _jpeg(self.png, limit_bytes)), "text/plain": text}

    def html(self, note: str = "", jpeg: bytes | None = None) -> str:
        """The figure that stays in the notebook; ``jpeg`` takes the PNG's place."""
        upright = self.height > self.width
        box = self.css_width or f"{UPRIGHT_PX if upright else WIDE_PX}px"
        source = data_url(jpeg, "image/jpeg") if jpeg else data_url(self.png, PNG)
        parts = [f"<strong><bdi>{escape(words.name(self.scene))}</bdi></strong>"]
        parts += [escape(each) for each in self._facts()]
        lines = [" · ".join(parts)]
        lines += [
            f"<bdi>{escape(each)}</bdi>" for each in (words.plain(self.alt, 500), note) if each
        ]
        return (
            f'<figure class="kodisc-still" style="margin:0;width:{box};max-width:100%">'
            f'<img src="{source}" alt="{escape(self.described)}" style="display:block;width:100%;'
            f'max-height:85vh;object-fit:contain;border-radius:4px;{EDGE}"><figcaption style='
            f'"padding:6px 0;font-size:13px;overflow-wrap:anywhere">{"<br>".join(lines)}'
            "</figcaption></figure>"
        )

    def text(self) -> str:
        """The still in one line of plain text."""
        return " · ".join((words.name(self.scene), *self._facts()))

    def _facts(self) -> tuple[str, ...]:
        time = f"{self.time_s:.2f} s"
        which = f"last frame, at {time}" if self.at_s is None else f"frame at {time}"
        return which, f"{self.width}×{self.height}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        del include, exclude
        return self.bundle()


class Stills(tuple[Still, ...]):
    """Several stills of one scene, in the order in which they were asked for."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        del include, exclude
        share = SERVER_LIMIT_BYTES // max(1, len(self))
        shown = [each.bundle(share) for each in self]
        return {
            kind: "\n".join(each[kind] for each in shown) for kind in ("text/html", "text/plain")
        }


def _jpeg(png: bytes, limit_bytes: int) -> bytes | None:
    """The picture as a JPEG of its own size within a limit, or a smaller one; None: no Pillow."""
    try:
        from PIL import Image
    except ImportError:
        return None
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    while True:
        for quality in _JPEG_QUALITIES:
            made = io.BytesIO()
            picture.save(made, "JPEG", quality=quality)
            if len(made.getvalue()) * 4 // 3 <= limit_bytes - 4_000:
                return made.getvalue()
        picture.thumbnail((picture.width * 3 // 4, picture.height * 3 // 4))
