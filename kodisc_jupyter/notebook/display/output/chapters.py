"""Chapters and transcript under a video, as HTML that a notebook's sanitiser leaves alone.

Only a linked video can be opened at a time without a script: ``#t=`` behind its address. Where a
script may run (``js/src/chapters.js``, an exported page), each chapter becomes a button; it finds
the exact time in the title, because JupyterLab's sanitiser takes a ``datetime`` away.
"""

from __future__ import annotations

from html import escape
from typing import Final

from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.links import is_embedded
from kodisc_jupyter.renders.media.outline import Chapter, Outline

TRANSCRIPT: Final = "kodisc-transcript"
DRAFT: Final = "kodisc-draft"
"""The class of a transcript that nobody has written: it was made from the code."""

DRAFT_TITLE: Final = "What the video shows (a draft, made from the code)"
OWN_TITLE: Final = "What the video shows"

OWN_LIMIT: Final = 20_000
"""Characters of an author's own transcript that are shown."""

_LIST: Final = "list-style:none;margin:6px 0;padding:0"


def seconds(value: float) -> str:
    """Seconds as an address and a ``datetime`` have them: ``3.467``, ``7``."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def panel_transcript(outline: Outline, own: str, alt: str) -> tuple[str, list[str]] | None:
    """The title and the lines of a transcript, for the panel."""
    lines = own_paragraphs(own) if own.strip() else draft_lines(outline, alt)
    return (OWN_TITLE if own.strip() else DRAFT_TITLE, lines) if lines else None


def chapters_html(chapters: tuple[Chapter, ...], src: str | None) -> str:
    """``ol.kodisc-chapters``: time and name of each; links where the video has an address."""
    if not chapters or not src:
        return ""
    linked = not is_embedded(src) and "#" not in src
    items = []
    for name, start_s, end_s in chapters:
        at = seconds(start_s)
        time = f'<time datetime="PT{at}S" title="{at} s">{words.clock(start_s)}</time>'
        text = f"{time} <bdi>{escape(words.name(name))}</bdi>"
        if linked:
            until = f",{seconds(end_s)}" if end_s != float("inf") else ""
            href = escape(f"{src}#t={at}{until}")
            text = f'<a href="{href}" target="_blank" rel="noreferrer">{text}</a>'
        items.append(f"<li>{text}</li>")
    return f'<ol class="kodisc-chapters" style="{_LIST}">{"".join(items)}</ol>'


def own_paragraphs(own: str) -> list[str]:
    """The paragraphs of an author's own transcript."""
    text = words.plain(own.strip().replace("\r\n", "\n"), OWN_LIMIT)
    return [each.strip() for each in text.split("\n\n") if each.strip()]


def draft_lines(outline: Outline, alt: str) -> list[str]:
    """The lines of the draft, with their times; none where ``alt`` has said it already."""
    from kodisc_jupyter.notebook.display.output.transcript import transcript_lines

    sentences = transcript_lines(outline) if not alt else []
    return [f"{words.clock(line.at_s)} {words.plain(line.text)}" for line in sentences]


def transcript_html(outline: Outline, own: str, alt: str) -> str:
    """``details.kodisc-transcript``: the author's own words, else the draft.

    A draft gives way to ``alt``, too: who says what the video shows has said it.
    """
    if own.strip():
        lines = [escape(each).replace("\n", "<br>") for each in own_paragraphs(own)]
        body = "".join(f'<p style="margin:6px 0"><bdi>{each}</bdi></p>' for each in lines)
        return f'<details class="{TRANSCRIPT}"><summary>{OWN_TITLE}</summary>{body}</details>'
    draft = draft_lines(outline, alt)
    if not draft:
        return ""
    items = "".join(f"<li><bdi>{escape(line)}</bdi></li>" for line in draft)
    return (
        f'<details class="{TRANSCRIPT} {DRAFT}"><summary>{DRAFT_TITLE}</summary>'
        f'<ul style="{_LIST}">{items}</ul></details>'
    )
