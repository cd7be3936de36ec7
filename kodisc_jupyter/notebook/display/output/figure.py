"""What stays in the notebook: a finished render as a figure, a failed one as an error card.

The HTML is shaped by what survives: JupyterLab's sanitiser (an untrusted notebook) keeps
``<video src poster controls width style>`` and ``<a href><img></a>``, and strips
``<source src>``, ``<track src>``, ``<style>``, ``download``, ``role`` and ``aria-*``; a code
host's view shows no video at all, only what stands inside it.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.api.errors import NO_REASON
from kodisc_jupyter.api.values import AspectRatio, frame_size
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.links import is_embedded, safe_url
from kodisc_jupyter.notebook.display.output.chapters import chapters_html, transcript_html
from kodisc_jupyter.notebook.display.output.embedding import EDGE, UPRIGHT_PX, WIDE_PX
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import Phase, RenderState

if TYPE_CHECKING:
    from kodisc_jupyter.scene.diagnostics import Diagnostic

_WIDTH: Final = r"([0-9]{1,4}(?:\.[0-9]{1,3})?)(px|%|em|rem|vw|ch|cm|mm|in|pt)?"

_PRINTED: Final = "margin-top:6px;max-height:15em;overflow:auto;font-family:monospace"


def css_width(width: str) -> str:
    """A CSS length for a video's width: ``"60%"``, ``"640px"``; a bare number is pixels.

    Raises:
        ValueError: it is not a positive length; the text says what is.
    """
    match = re.fullmatch(_WIDTH, width.strip())
    if not match or not float(match[1]):
        raise ValueError(
            f"width {width!r:.40} is not a CSS length: write it like 640px, 60% or 30em."
        )
    return f"{match[1]}{match[2] or 'px'}"


def figure_html(
    state: RenderState,
    *,
    src: str | None,
    poster_src: str | None = None,
    captions_src: str | None = None,
    captions_url: str | None = None,
    transcript: str = "",
    width: str | None = None,
    loop: bool = False,
    autoplay: bool = False,
    alt: str = "",
    note: str = "",
    own_transcript: str = "",
) -> str:
    """A finished render as static HTML, root ``figure.kodisc-video``.

    ``src`` and ``poster_src`` are addresses or ``data:`` URLs, ``captions_src`` a ``data:`` URL
    for the track, ``captions_url`` the captions' own address for a link, ``transcript`` what they
    say where they have none; an address that
    :func:`~kodisc_jupyter.notebook.display.links.safe_url` refuses is not used. ``width`` is a CSS
    length. ``autoplay`` mutes: browsers play nothing aloud unasked. ``note`` is a sentence about
    how the video is kept, ``own_transcript`` what its author says that it shows.

    Raises:
        ValueError: ``width`` is not a CSS length.
    """
    src, poster_src, captions_url = safe_url(src), safe_url(poster_src), safe_url(captions_url)
    upright = state.aspect_ratio is AspectRatio.UPRIGHT
    box = css_width(width) if width else f"{UPRIGHT_PX if upright else WIDE_PX}px"
    described = escape(words.plain(alt, 500) or f"Manim animation {words.name(state.scene)}")
    caption = (
        _caption(state, src, captions_url, note, alt)
        + chapters_html(state.outline.chapters, src)
        + _transcript(transcript)
        + transcript_html(state.outline, own_transcript, alt)
        + _prints(state.outline.printed)
    )
    player = _player(state, src, poster_src, safe_url(captions_src), loop, autoplay, described)
    return (
        f'<figure class="kodisc-video" style="margin:0;width:{box};max-width:100%">'
        f'{player}<figcaption style="padding:6px 0;font-size:13px;max-width:56em;'
        f'overflow-wrap:anywhere">{caption}</figcaption></figure>'
    )


def _player(
    state: RenderState,
    src: str | None,
    poster: str | None,
    captions: str | None,
    loop: bool,
    autoplay: bool,
    described: str,
) -> str:
    if not src:
        return ""
    width, height = frame_size(state.quality, state.aspect_ratio)
    flags = (" loop" if loop else "") + (" autoplay muted" if autoplay else "")
    shown = f' poster="{escape(poster)}"' if poster else ""
    track = (
        f'<track kind="captions" label="Captions" src="{escape(captions)}">'
        if is_embedded(captions)
        else ""
    )
    return (
        f'<video src="{escape(src)}"{shown} controls{flags} playsinline preload="metadata" '
        f'title="{described}" style="display:block;width:100%;'
        f"max-height:85vh;aspect-ratio:{width}/{height};background:#000;"
        f'border-radius:4px;{EDGE}">{track}{_fallback(src, poster, described)}</video>'
    )


def _fallback(src: str, poster: str | None, described: str) -> str:
    """What stands where no video can be played: a picture that leads to it."""
    picture = f'<img src="{escape(poster)}" alt="{described}" width="480">' if poster else described
    if is_embedded(src):
        return f"{picture} (the video plays where this notebook is opened in Jupyter)"
    return f'<a href="{escape(src)}">{picture}</a>'


def _caption(
    state: RenderState, src: str | None, captions_url: str | None, note: str, alt: str
) -> str:
    parts = [f"<strong><bdi>{escape(words.name(state.scene))}</bdi></strong>"]
    parts += map(escape, words.receipt(state))
    links = []
    if src and not is_embedded(src):
        target = 'target="_blank" rel="noreferrer"'
        links.append(f'<a href="{escape(src)}" {target}>Open the video</a>')
        if "://" not in src:  # what is on another site, a browser opens all the same
            links.append(f'<a href="{escape(src)}" download {target}>Download</a>')
    if captions_url and not is_embedded(captions_url):
        links.append(
            f'<a href="{escape(captions_url)}" target="_blank" rel="noreferrer">Captions</a>'
        )
    lines = [" · ".join(parts)]
    sentences = [words.plain(text, 600) for text in (*_sentences(state), note) if text]
    lines += [f"<bdi>{escape(text)}</bdi>" for text in sentences]
    if links:
        lines.append(" · ".join(links))
    if alt:
        lines.append(f"<bdi>{escape(words.plain(alt, 500))}</bdi>")
    return "<br>".join(lines)


def _sentences(state: RenderState) -> tuple[str, str]:
    """What is to be said of the render itself: its note, and what a lost answer cost."""
    return state.note, money.settlement(state)


def _transcript(text: str) -> str:
    """The captions' words: a sanitiser takes the track away, and ``data:`` opens no page."""
    if not text:
        return ""
    lines = "<br>".join(escape(line) for line in words.plain(text).split("\n"))
    return f"<details><summary>Captions</summary>{lines}</details>"


def _prints(text: str) -> str:
    """What the scene printed; an exported page leaves it out, as it does the receipt."""
    lines = escape(words.printed(text)).replace("\n", "<br>")
    return f'<div class="kodisc-printed" style="{_PRINTED}">{lines}</div>' if lines else ""


def figure_text(state: RenderState, *, src: str | None = None, note: str = "") -> str:
    """A finished render as plain text, sufficient by itself: where the video is, the receipt.

    ``src`` is the address of a copy that the notebook links to, if there is one.
    """
    media = state.media
    result = state.job.result if state.job else None
    places = []
    if media and media.video:
        places.append(_from_home(media.video))
    url = None  # the server on this machine is gone tomorrow; its addresses lead nowhere
    if state.backend != "local":
        url = (media and media.video_url) or (result and result.video)
    for address in (url, src):
        if address and safe_url(address) and not is_embedded(address) and address not in places:
            places.append(address)
    where = "\n  ".join(places) or "the video's place is unknown"
    lines = [f"{words.name(state.scene)}: {where}", " · ".join(words.receipt(state))]
    lines += [words.plain(text, 600) for text in (*_sentences(state), note) if text]
    printed = words.printed(state.outline.printed)
    return "\n".join([*lines, printed] if printed else lines)


def _from_home(path: Path) -> str:
    """A path as it may stand in a shared notebook: the name of the user's folder is not in it."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or there is no home
        return str(path)


def status_text(state: RenderState, *, now: float | None = None) -> str:
    """One line of plain text for a render that is open (or has ended without a figure).

    ``now`` is seconds since the epoch; with it the elapsed time is said.
    """
    local = "rendering on this machine, free"
    headline = words.headline(state)
    if state.phase is Phase.RUNNING and state.unlimited and state.backend == "local":
        headline = local
    parts = [words.name(state.scene), words.settings(state), headline]
    if state.retry and state.phase is Phase.RETRYING:
        retry = state.retry
        parts.append(f"attempt {retry.attempt} of {retry.attempts}: {words.name(retry.reason)}")
    end = state.ended_at or now
    if end is not None:
        parts.append(words.clock(end - state.began_at))
    if state.job_id:
        parts.append(f"job {words.name(state.job_id)}")
    return " · ".join(parts)


def open_text(state: RenderState) -> str:
    """What a saved notebook says of a render that was open then, where no widget is shown."""
    way = f"%kodisc show {words.name(state.job_id)}" if state.job_id else "run the cell again"
    twice = "" if state.unlimited else " Nothing is paid twice."
    return f"{status_text(state)}\nIf no video follows here: {way}.{twice}"


def error_html(state: RenderState, problem: Diagnostic | None = None) -> str:
    """A failed render as static HTML: the error card ``.kodisc-error`` and the receipt."""
    card = _card(state)
    if problem is not None:
        from kodisc_jupyter.scene.diagnostics import to_html

        card = to_html(problem)
    parts = [f"<strong><bdi>{escape(words.name(state.scene))}</bdi></strong>"]
    parts += map(escape, words.receipt(state))
    return (
        f'<div class="kodisc-ended">{card}<div style="padding:6px 0;font-size:13px;'
        f'overflow-wrap:anywhere">{" · ".join(parts)}</div></div>'
    )


def _card(state: RenderState) -> str:
    """The error card where there is no diagnostic: the server's own words."""
    text = escape(_own_words(state))
    note = f'<p style="margin:4px 0 0">{escape(words.plain(state.note, 600))}</p>'
    return (
        '<div class="kodisc-error" style="border-left:4px solid #c62828;padding:6px 12px">'
        f"<strong>{escape(words.headline(state))}</strong>{note if state.note else ''}"
        f'<pre style="margin:4px 0 0;white-space:pre-wrap;overflow-wrap:anywhere"><bdi>{text}</bdi>'
        "</pre></div>"
    )


def _own_words(state: RenderState) -> str:
    """The server's own words about a failed job."""
    return words.plain(state.error or f"{NO_REASON.capitalize()}.")


def error_text(state: RenderState, problem: Diagnostic | None = None) -> str:
    """A failed render as plain text."""
    if problem is not None:
        from kodisc_jupyter.scene.diagnostics import to_text

        reason = to_text(problem)
    else:
        reason = _own_words(state)
    return f"{status_text(state)}\n{reason}"


def pause_text(state: RenderState) -> str:
    """A render that is open but not shown any longer, as plain text."""
    return f"{status_text(state)}\n{words.explanation(state)}".strip()


def pause_html(state: RenderState) -> str:
    """A render that is open but not shown any longer, as static HTML."""
    about = f"{words.settings(state)} · job {words.name(state.job_id or 'unknown')}"
    return (
        '<div class="kodisc-ended" style="border-left:4px solid #808080;padding:6px 12px;'
        'font-size:13px;overflow-wrap:anywhere">'
        f"<strong>{escape(words.headline(state))}</strong><br>"
        f"<bdi>{escape(words.name(state.scene))}</bdi> · <bdi>{escape(about)}</bdi><br>"
        f"{escape(words.explanation(state))}</div>"
    )
