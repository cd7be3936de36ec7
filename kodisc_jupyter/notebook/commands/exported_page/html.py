"""What of a notebook's HTML may stand in an exported page: nothing of it can run or fetch."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from typing import Final

from kodisc_jupyter.notebook.display.links import safe_url
from kodisc_jupyter.notebook.display.output.chapters import DRAFT
from kodisc_jupyter.notebook.pictures.storyboard import LINE_CLASS

_WORDS: Final = (
    "a abbr b bdi blockquote br caption cite code col colgroup dd del details div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span "
    "strong sub summary sup table tbody td tfoot th thead time tr track u ul var video wbr"
)
_KEPT: Final = frozenset(_WORDS.split())
_VOID: Final = frozenset({"br", "col", "hr", "img", "track", "wbr"})
_WITH_CONTENT: Final = frozenset(
    {"script", "style", "template", "iframe", "object", "svg", "math", "form", "noscript", "title"}
)
"""Dropped with all that is inside; of other tags that are not kept, the content stays."""

_ATTRIBUTE_WORDS: Final = (
    "align alt autoplay class colspan controls datetime dir height kind label lang loop muted open "
    "playsinline preload reversed rowspan scope srclang start style tabindex title width"
)
_ATTRIBUTES: Final = frozenset(_ATTRIBUTE_WORDS.split())
_ADDRESSES: Final = frozenset({"src", "poster", "href"})
_STYLE: Final = re.compile(r"url|expression|import|position|\\|[<>&@]", re.IGNORECASE)

_AT_A_TIME: Final = re.compile(r"#t=[0-9.]+(?:,[0-9.]+)?\Z")
"""Behind the address of a video: a chapter of it."""

Math = Callable[[str], str]
"""Makes HTML of a text that may have formulas in it."""


def clean_html(html: str, math: Math = escape) -> str:
    """The HTML with what is allowed in it, every tag closed; ``math`` sets text outside code."""
    cleaner = Cleaner(math)
    cleaner.feed(html)
    return cleaner.result()


class Cleaner(HTMLParser):
    """Writes HTML anew from its allowed parts."""

    def __init__(self, math: Math = escape) -> None:
        super().__init__(convert_charrefs=True)
        self._math = math
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropped: list[str] = []

    def result(self) -> str:
        """All of it, with what was left open closed."""
        self.close()
        self._out += [f"</{tag}>" for tag in reversed(self._open)]
        self._open.clear()
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a tag that is allowed, with its allowed attributes."""
        if self._dropped or tag in _WITH_CONTENT:
            self._dropped += [tag] * (tag in _WITH_CONTENT)
        elif tag in _KEPT:
            self._out.append(f"<{tag}{''.join(_attribute(*one) for one in attrs)}>")
            if tag not in _VOID:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``<br/>``; of other tags, HTML does not heed the slash."""
        if tag not in _WITH_CONTENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, and what is still open inside it."""
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.pop()
        elif tag in self._open:
            while self._open:
                closed = self._open.pop()
                self._out.append(f"</{closed}>")
                if closed == tag:
                    break

    def handle_data(self, data: str) -> None:
        """Write text."""
        if not self._dropped:
            in_code = "code" in self._open or "pre" in self._open
            self._out.append(escape(data) if in_code else self._math(data))


class FigureCleaner(Cleaner):
    """Our own figure for a reader: the name and what it shows, no receipt, no job, no notes.

    Without ``drafts``, a transcript that was made from the code goes, too.
    """

    def __init__(self, *, drafts: bool = True) -> None:
        super().__init__()
        self._drafts = drafts
        self._shows = ""
        self._caption = ""  # inside it, the tag whose content is kept

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of the caption's, only the name, links, chapters and words."""
        if tag == "video":
            title = dict(attrs).get("title") or ""
            self._shows = "" if title.startswith("Manim animation ") else title
        in_caption = "figcaption" in self._open
        if in_caption and not self._caption and not self._dropped:
            if tag not in {"strong", "a", "details", "ol", "ul"}:
                return
            if tag == "a" and not any(name == "href" and safe_url(value) for name, value in attrs):
                self._dropped.append("a")
                return
            if not self._drafts and DRAFT in (dict(attrs).get("class") or "").split():
                self._dropped.append(tag)
                return
            self._caption = tag
            self._out += [" · "] * (tag == "a")
            if tag in {"ol", "ul", "details"}:
                self._tell_what_it_shows()
        super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close; at the caption's end, say what the video shows."""
        if tag == "figcaption":
            self._tell_what_it_shows()
        super().handle_endtag(tag)
        if tag == self._caption and tag not in self._open:
            self._caption = ""

    def _tell_what_it_shows(self) -> None:
        if self._shows:
            self._out.append(f"<br>{escape(self._shows)}")
        self._shows = ""

    def handle_data(self, data: str) -> None:
        """Text of the caption that belongs to nothing that is kept is the receipt."""
        if "figcaption" not in self._open or self._caption:
            super().handle_data(data)


class PictureCleaner(FigureCleaner):
    """A still or a storyboard for a reader; lines are told only where the code is shown."""

    def __init__(self, *, lines: bool) -> None:
        super().__init__()
        self._lines = lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """As for a video, without the lines of code that nobody sees."""
        if tag == "span" and not self._lines and ("class", LINE_CLASS) in attrs:
            self._dropped.append(tag)
            return
        super().handle_starttag(tag, attrs)


def _attribute(name: str, value: str | None) -> str:
    if name in _ADDRESSES:
        if safe_url(_AT_A_TIME.sub("", value or "") if name == "href" else value) is None:
            return ""
        target = ' target="_blank" rel="noreferrer"' if name == "href" else ""
        return f' {name}="{escape(value or "")}"{target}'
    if name not in _ATTRIBUTES or (name == "style" and _STYLE.search(value or "")):
        return ""
    return f" {name}" if value is None else f' {name}="{escape(value)}"'
