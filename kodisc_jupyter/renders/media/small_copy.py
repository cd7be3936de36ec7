"""A smaller copy of a video, for the inside of a notebook; the video itself stays as it is."""

from __future__ import annotations

import contextlib
import filecmp
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.atomic_file import atomic_file
from kodisc_jupyter.renders.media.background import run_behind, step_back

LIMIT_S: Final = 180.0
"""A copy that takes longer is not made."""

LEAST_BITS_PER_PIXEL: Final = 0.008
"""Of each frame; with less, a drawing and its letters fall apart: then the video is linked."""

_QUICK: Final = {"preset": "veryfast", "tune": "animation", "crf": "24"}
"""As good as preset medium with crf 26 and a third larger, in less than half the time: the cell's
video is not there before its copy is."""

_TIGHT: Final = {"preset": "medium", "tune": "animation"}
"""Where every byte counts."""

_SPARE: Final = 0.9
"""An encoder with a target does not hit it exactly."""


def small_copy(video: Path, limit: int, width: int) -> Path | None:
    """A copy of at most ``limit`` bytes, at least ``width`` pixels wide (or as wide as the video).

    It is kept beside the video and made once. ``None`` when there is no PyAV, when so few bytes
    would spoil the picture, or when it cannot be made.
    """
    copy = video.with_name(f"small-{width}-{limit}.mp4")
    with contextlib.suppress(OSError):
        if _is_made_of(video, copy):
            return copy
    # What cannot be made, or made small enough, is linked.
    with contextlib.suppress(OSError, subprocess.SubprocessError), atomic_file(copy) as part:
        known = _copy_of_an_equal(video, copy.name)
        if known is not None:
            shutil.copyfile(known, part)
            return copy
        if importlib.util.find_spec("av") is not None:
            run_behind(__name__, video, part, limit, width, folder=video.parent, limit_s=LIMIT_S)
            return copy
    return None


def _is_made_of(video: Path, copy: Path) -> bool:
    """Whether a copy is of the video that is there now: a damaged one is fetched once more."""
    made, original = copy.stat(), video.stat()
    return made.st_size > 0 and made.st_mtime >= original.st_mtime


def _copy_of_an_equal(video: Path, name: str) -> Path | None:
    """The copy of another render's video that is the same to the last byte.

    That is what comes of a scene in which nothing has changed that is drawn.
    """
    for known in video.parent.parent.glob(f"*/{name}"):
        equal = known.with_name(video.name)
        with contextlib.suppress(OSError):
            if _is_made_of(equal, known) and filecmp.cmp(equal, video, shallow=False):
                return known
    return None


def target_size(width: int, height: int, least: int) -> tuple[int, int]:
    """The frame of the copy: ``least`` pixels wide, or as it is; both numbers even."""
    if width <= least:
        return width, height
    return least // 2 * 2, round(height * least / width / 2) * 2


def target_bits(limit: int, seconds: float, pixels_a_second: float, sound: int) -> int | None:
    """Bits a second for the picture, so that all fits ``limit`` bytes; None when too few."""
    bits = limit * 8 * _SPARE / max(seconds, 0.1) - sound
    return int(bits) if bits >= LEAST_BITS_PER_PIXEL * pixels_a_second else None


def encode(video: Path, copy: Path, limit: int, width: int) -> bool:
    """Write the copy: at an even quality, or, where that is too large, at the rate that fits."""
    import av

    with av.open(str(video)) as source:
        stream = source.streams.video[0]
        seconds = float(source.duration or 0) / av.time_base
        size = target_size(stream.width, stream.height, width)
        rate = float(stream.average_rate or 30)
        sound = source.streams.audio[0].bit_rate or 128_000 if source.streams.audio else 0
    bits = target_bits(limit, seconds, size[0] * size[1] * rate, sound)
    if bits is None:
        return False
    _write(video, copy, size, _QUICK)
    if copy.stat().st_size > limit:
        rates = {"b": str(bits), "maxrate": str(bits * 2), "bufsize": str(bits * 4)}
        _write(video, copy, size, {**_TIGHT, **rates})
    return copy.stat().st_size <= limit


def _write(video: Path, copy: Path, size: tuple[int, int], options: dict[str, str]) -> None:
    import av

    settings = {"movflags": "+faststart"}
    with (
        av.open(str(video)) as source,
        av.open(str(copy), "w", format="mp4", options=settings) as target,
    ):
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"  # decodes on every core
        out: Any = target.add_stream("libx264", rate=stream.average_rate, options=options)
        out.width, out.height, out.pix_fmt = *size, "yuv420p"
        out.codec_context.time_base = stream.time_base
        heard = source.streams.audio[0] if source.streams.audio else None
        sound = target.add_stream_from_template(heard) if heard else None
        for packet in source.demux(*(each for each in (stream, heard) if each)):
            if sound is not None and packet.stream is heard:
                if packet.dts is not None:
                    packet.stream = sound
                    target.mux(packet)
                continue
            for frame in packet.decode():
                target.mux(out.encode(frame.reformat(*size, format="yuv420p")))
        target.mux(out.encode(None))


if __name__ == "__main__":
    step_back()
    sys.exit(not encode(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
