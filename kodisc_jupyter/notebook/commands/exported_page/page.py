"""The page made of a notebook: text, pictures, figures and, if wanted, the code."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.notebook.commands.exported_page.html import (
    FigureCleaner,
    PictureCleaner,
    clean_html,
)
from kodisc_jupyter.notebook.commands.exported_page.math import MathSetter

_STYLE: Final = Path(__file__).with_name("export.css")
_SCRIPT: Final = Path(__file__).with_name("lesson.js")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_MARKS: Final = re.compile(r"[`*_]+|\[([^\]]*)\]\([^)]*\)")
_COMMANDS: Final = re.compile(r"\s*(?:%(?!%)|#|$)|%%kodisc_prelude")
_WRITES_A_FILE: Final = re.compile(r"%%(?:writefile|file)\b")
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http: file: 'self'; "
    "media-src data: https: http: file: 'self'"
)
_LATER: Final = 'data-autoplay=""'
"""Instead of ``autoplay``: our script starts the video, unless the system asks for less motion."""

_PICTURES: Final = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")


def title_of(notebook: Any, default: str) -> str:
    """The notebook's first heading, as plain text."""
    for cell in notebook.cells:
        heading = _HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            return _MARKS.sub(lambda mark: mark[1] or "", heading[1]).strip() or default
    return default


class Page:
    """Makes the page; ``figure`` gives a figure's HTML its files.

    ``code`` shows the cells, too; without ``drafts``, transcripts that nobody has written go.
    """

    def __init__(self, figure: Callable[[str], str], *, code: bool, drafts: bool = True) -> None:
        self.math = MathSetter()
        self._figure = figure
        self._code = code
        self._drafts = drafts

    def html(self, notebook: Any, title: str) -> str:
        """The whole page, which asks the network for nothing.

        Nothing runs in it but our own script, by its digest, where there is something to step
        through or to start.
        """
        cells = "\n".join(part for cell in notebook.cells for part in self._cell(cell) if part)
        policy, script = _POLICY, ""
        if "kodisc-chapters" in cells or _LATER in cells:
            script = _SCRIPT.read_text(encoding="utf-8")
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
            policy, script = (
                f"{policy}; script-src 'sha256-{digest}'",
                f"<script>{script}</script>\n",
            )
        style = _STYLE.read_text(encoding="utf-8") + (_highlight_styles() if self._code else "")
        language = str(notebook.metadata.get("language", "en"))
        lang = language if re.fullmatch(r"[A-Za-z-]{2,12}", language) else "en"
        return (
            f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
            f"{cells}\n</main>\n{script}</body>\n</html>\n"
        )

    def _cell(self, cell: Any) -> Iterator[str]:
        if cell.cell_type == "markdown":
            yield self._markdown(cell.source, cell.get("attachments", {}))
        elif cell.cell_type == "code":
            if self._code and cell.source.strip():
                yield f'<div class="code">{_highlight(cell.source)}</div>'
            prints = not _WRITES_A_FILE.match(cell.source)  # "Writing data.csv" is for the author
            if self._code or (prints and not all(map(_COMMANDS.match, cell.source.split("\n")))):
                yield from map(self._output, cell.get("outputs", ()))

    def _output(self, output: Any) -> str:
        if output.output_type == "stream":
            ours = not self._code and output.get("name") == "stderr"
            return "" if ours else _text(output.text)
        if output.output_type == "error":
            return _text("\n".join(output.traceback)) if self._code else ""
        data = output.get("data", {})
        html = "".join(data.get("text/html", ""))
        if "kodisc-video" in html:
            cleaner = FigureCleaner(drafts=self._drafts)
            cleaner.feed(self._figure(html))
            return cleaner.result().replace(" autoplay muted", f" muted {_LATER}")
        if "kodisc-still" in html or "kodisc-storyboard" in html:
            pictures = PictureCleaner(lines=self._code)
            pictures.feed(html)
            return pictures.result()
        if "kodisc-" in html:
            return clean_html(_card(html))
        return self._data(data, html)

    def _data(self, data: Any, html: str) -> str:
        """An output of anything else: the richest form that is known here."""
        if html:
            return f'<div class="output">{clean_html(html, self.math)}</div>'
        for kind in _PICTURES:
            if kind in data:
                content = "".join(data[kind])
                if kind == "image/svg+xml":  # as a picture, in which no script runs
                    content = base64.b64encode(content.encode()).decode()
                content = re.sub(r"[^A-Za-z0-9+/=]", "", content)
                return f'<p><img alt="" src="data:{kind};base64,{content}"></p>'
        if "text/latex" in data:
            return f"<p>{self.math(''.join(data['text/latex']))}</p>"
        if "text/markdown" in data:
            return self._markdown("".join(data["text/markdown"]), {})
        return _text("".join(data.get("text/plain", "")))

    def _markdown(self, source: str, attachments: Any) -> str:
        from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

        renderer = IPythonRenderer(
            escape=False, attachments=attachments, embed_images=False, exclude_anchor_links=True
        )
        html = MarkdownWithMath(renderer=renderer).render(source)
        return clean_html(str(html), self.math)


def _card(html: str) -> str:
    """The error card without its receipt; of what is no card (a list of jobs), nothing."""
    start = html.find('<div class="kodisc-error"')
    if start < 0:
        return ""
    at, depth = start, 0
    for tag in re.finditer(r"<(/?)div\b", html[start:]):
        depth += -1 if tag[1] else 1
        at = start + tag.end()
        if depth == 0:
            break
    return f"{html[start:at]}>"


def _text(text: str) -> str:
    from nbconvert.filters.ansi import strip_ansi

    return (
        f'<div class="output"><pre tabindex="0">{escape(strip_ansi(text).rstrip())}</pre></div>'
        if text.strip()
        else ""
    )


def _highlight(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=False)))


def _highlight_styles() -> str:
    from pygments.formatters import HtmlFormatter

    def colours(style: str) -> str:
        return str(HtmlFormatter(style=style, nobackground=True).get_style_defs(".code"))

    dark = colours("github-dark")
    return f"{colours('default')}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
