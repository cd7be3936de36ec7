"""How a finished video is kept in the notebook: embedded in it, or linked to from it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.values import AspectRatio
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.links import data_url, safe_url
from kodisc_jupyter.notebook.display.output.poster import small_poster
from kodisc_jupyter.renders.state import Media, RenderState

SERVER_LIMIT_BYTES: Final = 2_400_000
"""The largest output that surely passes a Jupyter server, which drops what exceeds
``iopub_data_rate_limit`` (1 MB/s over ``rate_limit_window``, 3 s), without telling the kernel."""

POSTER_LIMIT_BYTES: Final = 48_000
"""An embedded poster stands in the HTML twice, as the player's and as the fallback's."""

CAPTIONS_LIMIT_BYTES: Final = 32_000
SAVED_NOTE: Final = "Saved beside the notebook"
SMALLER_NOTE: Final = "A smaller copy is in this notebook"
TOO_BIG_NOTE: Final = "Linked, not embedded"
"""How the notes begin that only hold for the notebook itself, not for a page made from it."""

LINKED_CAPTIONS_LIMIT_BYTES: Final = 400
"""A linked render adds at most 3 KB to the notebook, so only short captions are carried along."""


UPRIGHT_PX: Final = 360
WIDE_PX: Final = 854
"""How wide a video is shown where nothing else is asked for."""

EDGE: Final = "outline:1px solid #8886;outline-offset:-1px"
"""Where a black picture ends on a dark page."""

_TAG: Final = r"<[^<>]*>"


class VideoOptions(NamedTuple):
    """What was asked for.

    ``embed``: True embeds, False links, None embeds what has no public address. Files of more
    than ``embed_limit_mb`` (10^6 bytes each) are linked, to a copy in ``folder``. ``width`` is a
    CSS length, ``transcript`` the author's own. ``message_limit`` is the largest output in bytes
    that reaches the page, None for no limit. ``saved``: whether what is shown becomes part of a
    notebook's file.
    """

    embed: bool | None = None
    embed_limit_mb: float = 10.0
    folder: Path = Path("kodisc")
    width: str | None = None
    loop: bool = False
    autoplay: bool = False
    alt: str = ""
    transcript: str = ""
    message_limit: int | None = None
    saved: bool = False


class Sources(NamedTuple):
    """The addresses that a finished figure uses; ``note`` says what was not done as asked.

    ``transcript`` is what the captions say, for where they have no address of their own.
    ``pending``: the video is still being prepared, and other sources follow.
    """

    src: str | None = None
    poster_src: str | None = None
    captions_src: str | None = None
    captions_url: str | None = None
    transcript: str = ""
    note: str = ""
    pending: bool = False


def sources(state: RenderState, video_options: VideoOptions) -> Sources:
    """Where a completed render's figure takes its files from; copies the video if it must.

    A video that is too large to embed is encoded again, smaller, which takes seconds
    (:func:`needs_smaller` tells before). A file that cannot be read or written is said in
    ``note``; nothing is raised for it.
    """
    media = state.media or Media()
    url = safe_url(media.video_url) if state.backend != "local" else None
    size = _size(media.video)
    if size is None or media.video is None:
        if url:
            return _linked(media, url)
        return Sources(note="The video is not on this machine any more.")
    if not _wants_embedding(video_options, url):
        return _linked(media, url) if url else _beside(state, media, video_options, "")
    video, note = media.video, ""
    limit = _limit(video_options)
    if size > limit:
        from kodisc_jupyter.renders.media.small_copy import small_copy

        smaller = small_copy(media.video, limit, shown_width(state, video_options))
        if smaller is None:
            if url:
                return _linked(media, url, f"{TOO_BIG_NOTE}: {_megabytes(size)} is too large.")
            return _beside(state, media, video_options, " (too large to embed here)")
        note = (
            f"{SMALLER_NOTE}: {_megabytes(_size(smaller) or 0)} of {_megabytes(size)}. "
            f"The original: %kodisc save {state.job_id} {words.name(state.scene)}.mp4"
        )
        video = smaller
    try:
        content = video.read_bytes()
    except OSError:
        return Sources(note="The video is not on this machine any more.")
    return embedded_sources(media)._replace(src=data_url(content, "video/mp4"), note=note)


def needs_smaller(state: RenderState, video_options: VideoOptions) -> bool:
    """Whether the video is to be embedded and too large for it as it is."""
    media = state.media or Media()
    url = safe_url(media.video_url) if state.backend != "local" else None
    size = _size(media.video)
    return (
        size is not None and _wants_embedding(video_options, url) and size > _limit(video_options)
    )


def shown_width(state: RenderState, video_options: VideoOptions) -> int:
    """How wide the figure shows the video, in pixels; a share of the page counts as the usual."""
    pixels = (video_options.width or "").removesuffix("px")
    usual = UPRIGHT_PX if state.aspect_ratio is AspectRatio.UPRIGHT else WIDE_PX
    return round(float(pixels)) if pixels.replace(".", "", 1).isdigit() else usual


def _wants_embedding(video_options: VideoOptions, url: str | None) -> bool:
    return video_options.embed is True or (video_options.embed is None and not url)


def _limit(video_options: VideoOptions) -> int:
    """The largest video in bytes that may be embedded; base64 adds a third."""
    limit = video_options.embed_limit_mb * 1e6
    if video_options.message_limit is not None:
        limit = min(limit, (video_options.message_limit - 4 * POSTER_LIMIT_BYTES) * 3 / 4)
    return int(limit)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _linked(media: Media, url: str, note: str = "") -> Sources:
    return Sources(
        src=url,
        poster_src=safe_url(media.poster_url),
        captions_src=_captions(media.captions, LINKED_CAPTIONS_LIMIT_BYTES),
        captions_url=safe_url(media.captions_url) if _has_cues(media.captions) else None,
        note=note,
    )


def embedded_sources(media: Media) -> Sources:
    """The poster and the captions as ``data:`` URLs, where they are small enough to carry."""
    return Sources(
        poster_src=_poster(media),
        captions_src=_captions(media.captions, CAPTIONS_LIMIT_BYTES),
        transcript=transcript(_read(media.captions, CAPTIONS_LIMIT_BYTES) or b""),
    )


def _beside(state: RenderState, media: Media, video_options: VideoOptions, why: str) -> Sources:
    """A copy beside the notebook, linked by a relative path; the picture stays inside."""
    from kodisc_jupyter.renders.media.whole_file import copy_file

    assert media.video is not None
    stem = _stem(state)
    try:
        video = copy_file(media.video, video_options.folder / f"{stem}.mp4")
        captions = (
            copy_file(media.captions, video_options.folder / f"{stem}.vtt")
            if media.captions and _has_cues(media.captions)
            else None
        )
    except KodiscError as error:
        return Sources(
            note=f"The video could not be copied beside the notebook: {error.message} "
            f"It is at {media.video}."
        )
    return Sources(
        src=_relative(video),
        poster_src=_poster(media),
        captions_src=_captions(media.captions, LINKED_CAPTIONS_LIMIT_BYTES),
        captions_url=_relative(captions) if captions else None,
        note=f"{SAVED_NOTE} as {_relative(video)}{why}. Keep that folder with the notebook.",
    )


def _stem(state: RenderState) -> str:
    """A file's name for a render's video, without its ending."""
    stem = f"{state.scene}-{state.quality}-{state.job_id or state.render_id}"
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem)[
        :120
    ]


def _poster(media: Media) -> str | None:
    picture = small_poster(media.poster, POSTER_LIMIT_BYTES) if media.poster else None
    return data_url(picture, "image/jpeg") if picture else None


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
    return "\n".join(" ".join(re.sub(_TAG, "", cue).split()) for cue in cues if cue.strip())


def _has_cues(path: Path | None) -> bool:
    """Whether there is anything to read in the captions; unknown counts as yes."""
    size = _size(path)
    content = _read(path, 1_000_000)
    return size is None or content is None or b"-->" in content
