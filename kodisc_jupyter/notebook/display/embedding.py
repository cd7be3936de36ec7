"""How a finished video is kept in the notebook: embedded in it, or linked to from it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display.links import data_url, safe_url
from kodisc_jupyter.renders.state import Media, RenderState

SERVER_LIMIT_BYTES: Final = 2_400_000
"""The largest output that surely passes a Jupyter server, which drops what exceeds
``iopub_data_rate_limit`` (1 MB/s over ``rate_limit_window``, 3 s), without telling the kernel."""

POSTER_LIMIT_BYTES: Final = 48_000
"""An embedded poster stands in the HTML twice, as the player's and as the fallback's."""

CAPTIONS_LIMIT_BYTES: Final = 32_000
SAVED_NOTE: Final = "The video is saved beside the notebook"
TOO_BIG_NOTE: Final = "Linked, not embedded"
"""How the notes begin that only hold for the notebook itself, not for a page made from it."""

LINKED_CAPTIONS_LIMIT_BYTES: Final = 400
"""A linked render adds at most 3 KB to the notebook, so only short captions are carried along."""


_TAG: Final = re.compile(r"<[^<>]*>")


class VideoOptions(NamedTuple):
    """What was asked for.

    ``embed``: True embeds, False links, None embeds what has no public address. Files of more
    than ``embed_limit_mb`` (10^6 bytes each) are linked, to a copy in ``folder``. ``width`` is a
    CSS length. ``message_limit`` is the largest output in bytes that reaches the page, None for
    no limit. ``saved``: whether what is shown becomes part of a notebook's file.
    """

    embed: bool | None = None
    embed_limit_mb: float = 10.0
    folder: Path = Path("kodisc")
    width: str | None = None
    loop: bool = False
    autoplay: bool = False
    alt: str = ""
    message_limit: int | None = None
    saved: bool = False


class Sources(NamedTuple):
    """The addresses that a finished figure uses; ``note`` says what was not done as asked.

    ``transcript`` is what the captions say, for where they have no address of their own.
    """

    src: str | None = None
    poster_src: str | None = None
    captions_src: str | None = None
    captions_url: str | None = None
    transcript: str = ""
    note: str = ""


def sources(state: RenderState, kept: VideoOptions) -> Sources:
    """Where a completed render's figure takes its files from; copies the video if it must.

    A file that cannot be read or written is said in ``note``; nothing is raised for it.
    """
    media = state.media or Media()
    url = safe_url(media.video_url) if state.backend != "local" else None
    size = _size(media.video)
    if size is None:
        if url:
            return _linked(media, url)
        return Sources(note="The video is not on this machine any more.")
    if kept.embed is False or (kept.embed is None and url):
        return _linked(media, url) if url else _beside(state, media, kept, "")
    too_big = _too_big(size, kept)
    if too_big:
        return _linked(media, url, too_big) if url else _beside(state, media, kept, too_big)
    assert media.video is not None
    small = embedded(media)
    return small._replace(src=data_url(media.video.read_bytes(), "video/mp4"))


def _too_big(size: int, kept: VideoOptions) -> str:
    """Why a video of ``size`` bytes is not embedded, or empty."""
    megabytes = f"{size / 1e6:.1f} MB"
    if size > kept.embed_limit_mb * 1e6:
        return (
            f"{TOO_BIG_NOTE}: {megabytes} is over the limit of {kept.embed_limit_mb:g} MB "
            "(KodiscMagics.embed_limit_mb)."
        )
    if (
        kept.message_limit is not None
        and size * 4 / 3 + 4 * POSTER_LIMIT_BYTES > kept.message_limit
    ):
        return (
            f"{TOO_BIG_NOTE}: {megabytes} is more than a Jupyter server passes on at once; "
            "run the notebook with --wait or nbconvert to embed it."
        )
    return ""


def _linked(media: Media, url: str, note: str = "") -> Sources:
    return Sources(
        src=url,
        poster_src=safe_url(media.poster_url),
        captions_src=_captions(media.captions, LINKED_CAPTIONS_LIMIT_BYTES),
        captions_url=safe_url(media.captions_url) if _has_cues(media.captions) else None,
        note=note,
    )


def embedded(media: Media) -> Sources:
    """The poster and the captions as ``data:`` URLs, where they are small enough to carry."""
    poster = _read(media.poster, POSTER_LIMIT_BYTES)
    return Sources(
        poster_src=data_url(poster, "image/jpeg") if poster else None,
        captions_src=_captions(media.captions, CAPTIONS_LIMIT_BYTES),
        transcript=transcript(_read(media.captions, CAPTIONS_LIMIT_BYTES) or b""),
    )


def _beside(state: RenderState, media: Media, kept: VideoOptions, note: str) -> Sources:
    """A copy beside the notebook, linked by a relative path."""
    from kodisc_jupyter.renders.media import copied

    assert media.video is not None
    stem = f"{state.scene}-{state.quality}-{state.job_id or state.render_id}"
    stem = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem)[
        :120
    ]
    try:
        video = copied(media.video, kept.folder / f"{stem}.mp4")
        poster = copied(media.poster, kept.folder / f"{stem}.jpg") if media.poster else None
        captions = (
            copied(media.captions, kept.folder / f"{stem}.vtt")
            if media.captions and _has_cues(media.captions)
            else None
        )
    except KodiscError as error:
        return Sources(
            note=f"{note} The video could not be copied beside the notebook: {error.message} "
            f"It is at {media.video}.".strip()
        )
    return Sources(
        src=_relative(video),
        poster_src=_relative(poster) if poster else None,
        captions_src=_captions(media.captions, LINKED_CAPTIONS_LIMIT_BYTES),
        captions_url=_relative(captions) if captions else None,
        note=note or f"{SAVED_NOTE}: keep {_relative(video)} with it.",
    )


def _relative(path: Path) -> str:
    """A path as the notebook links to it: relative to the working directory where it can be."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return quote(path.as_posix())


def _size(path: Path | None) -> int | None:
    try:
        return path.stat().st_size if path else None
    except OSError:
        return None


def _read(path: Path | None, limit: int) -> bytes | None:
    size = _size(path)
    if path is None or size is None or not 0 < size <= limit:
        return None
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return None


def _captions(path: Path | None, limit: int) -> str | None:
    content = _read(path, limit)
    return data_url(content, "text/vtt") if content and b"-->" in content else None


def transcript(vtt: bytes) -> str:
    """What WebVTT captions say, a line for each cue, without times and tags."""
    blocks = vtt.decode("utf-8", "replace").replace("\r\n", "\n").split("\n\n")
    cues = [block.partition("-->")[2].partition("\n")[2] for block in blocks]
    return "\n".join(" ".join(_TAG.sub("", cue).split()) for cue in cues if cue.strip())


def _has_cues(path: Path | None) -> bool:
    """Whether there is anything to read in the captions; unknown counts as yes."""
    size = _size(path)
    content = _read(path, 1_000_000)
    return size is None or content is None or b"-->" in content
