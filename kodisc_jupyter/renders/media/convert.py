"""A finished video as another kind of file; the ending of the file's name says which.

Converting takes seconds of a core, so it happens in a process of its own, with PyAV.
"""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.renders.media.background import run_behind, step_back
from kodisc_jupyter.renders.media.whole_file import copy_file, whole_file

ENDINGS: Final = (".mp4", ".gif", ".webm", ".png")
LIMIT_S: Final = 900.0
"""A file that takes longer is not made."""

GIF_FPS: Final = 15
GIF_WIDTH_PX: Final = 800

_WEBM_VIDEO: Final = {
    "libvpx-vp9": {"crf": "31", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
    "libvpx": {"crf": "12", "b": "4M", "deadline": "good", "cpu-used": "4"},
}
"""VP9, or VP8 where ffmpeg was built without it."""

_WEBM_SOUND: Final = ("libopus", "libvorbis")
_SOUND_HZ: Final = 48_000


def ending_problem(target: Path) -> tuple[str, str] | None:
    """Why a video cannot be saved under this name, and what to do; ``None`` when it can."""
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        known = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
        return f"A video can be saved as {known}, not as {target.suffix or target.name}.", ""
    if ending != ".mp4" and importlib.util.find_spec("av") is None:
        return (
            f"A {ending} file is made with PyAV, which is not installed here.",
            'Install it with: pip install "kodisc-jupyter[local]"; or save as .mp4.',
        )
    return None


def save_video(video: Path, target: Path) -> Path:
    """Write a video to ``target``, which appears only when it is whole.

    Raises:
        KodiscError: another ending, PyAV is missing, or it cannot be made or written.
    """
    target = target.expanduser()
    problem = ending_problem(target)
    if problem:
        raise KodiscError(problem[0], hint=problem[1])
    if target.suffix.lower() == ".mp4":
        return copy_file(video, target)
    try:
        with whole_file(target) as part:
            run_behind(__name__, video, part, folder=video.parent, limit_s=LIMIT_S)
    except subprocess.SubprocessError as error:
        raise KodiscError(f"{target} could not be made: {_reason(error)}.") from error
    return target


def _reason(error: subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = str(error.stderr or "").strip().splitlines()
        return lines[-1][:300].rstrip(".") if lines else f"exit code {error.returncode}"
    return f"it took more than {LIMIT_S:.0f} seconds"


def write_png(video: Path, target: Path) -> None:
    """The last frame, at the video's size."""
    import av

    last = None
    with av.open(str(video)) as source:
        for last in source.decode(video=0):  # noqa: B007
            pass
    if last is None:
        raise ValueError("it has no frames")
    codec: Any = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = last.width, last.height, "rgb24"
    codec.time_base = Fraction(1, 30)
    made = [*codec.encode(last.reformat(format="rgb24")), *codec.encode(None)]
    target.write_bytes(b"".join(bytes(packet) for packet in made))


def gif_size(width: int, height: int) -> tuple[int, int]:
    """The size of a GIF: at most :data:`GIF_WIDTH_PX` wide."""
    if width <= GIF_WIDTH_PX:
        return width, height
    return GIF_WIDTH_PX, max(1, round(height * GIF_WIDTH_PX / width))


def write_gif(video: Path, target: Path) -> None:
    """With one palette for all frames, made from them; played without end."""
    import av

    palette = _palette(video)
    with av.open(str(video)) as source, av.open(str(target), "w", format="gif") as out:
        stream = source.streams.video[0]
        graph, frames, scaled = _scaling(stream)
        colours = graph.add_buffer(
            width=palette.width,
            height=palette.height,
            format=palette.format,
            time_base=Fraction(1, GIF_FPS),
        )
        painted = graph.add("paletteuse", "dither=none:diff_mode=rectangle")
        scaled.link_to(painted, 0, 0)
        colours.link_to(painted, 0, 1)
        painted.link_to(graph.add("buffersink"))
        graph.configure()
        colours.push(palette)
        colours.push(None)
        made: Any = out.add_stream("gif", rate=_gif_rate(stream))
        made.width, made.height = gif_size(stream.width, stream.height)
        made.pix_fmt = "pal8"
        for frame in _filter(graph, frames, source.decode(video=0)):
            out.mux(made.encode(frame))
        out.mux(made.encode(None))


def _palette(video: Path) -> Any:
    """The 256 colours that all frames together need, as a frame."""
    import av

    with av.open(str(video)) as source:
        graph, frames, scaled = _scaling(source.streams.video[0])
        palette = graph.add("palettegen")
        scaled.link_to(palette)
        palette.link_to(graph.add("buffersink"))
        graph.configure()
        return next(_filter(graph, frames, source.decode(video=0)))


def _gif_rate(stream: Any) -> Fraction:
    return min(Fraction(GIF_FPS), Fraction(stream.average_rate or GIF_FPS))


def _scaling(stream: Any) -> tuple[Any, Any, Any]:
    """A graph that brings frames to a GIF's rate and size: the graph, its start and its end."""
    import av

    graph: Any = av.filter.Graph()
    frames = graph.add_buffer(template=stream)
    timed = graph.add("fps", str(_gif_rate(stream)))
    width, height = gif_size(stream.width, stream.height)
    scaled = graph.add("scale", f"{width}:{height}:flags=lanczos")
    frames.link_to(timed)
    timed.link_to(scaled)
    return graph, frames, scaled


def _filter(graph: Any, start: Any, frames: Iterable[Any]) -> Iterator[Any]:
    """What comes out of a graph, frame by frame."""
    import av

    for frame in chain(frames, (None,)):
        start.push(frame)
        with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                yield graph.pull()


def write_webm(video: Path, target: Path) -> None:
    """VP9 or VP8 at the video's size and rate, with its sound if it has any."""
    import av

    name = _available(_WEBM_VIDEO)
    with av.open(str(video)) as source, av.open(str(target), "w", format="webm") as out:
        stream = source.streams.video[0]
        shown: Any = out.add_stream(name, rate=stream.average_rate, options=_WEBM_VIDEO[name])
        shown.width, shown.height, shown.pix_fmt = stream.width, stream.height, "yuv420p"
        heard = source.streams.audio[0] if source.streams.audio else None
        encoders = {stream.index: shown}
        if heard:
            encoders[heard.index] = out.add_stream(_available(_WEBM_SOUND), rate=_SOUND_HZ)
        for packet in source.demux(*(each for each in (stream, heard) if each)):
            encoder = encoders[packet.stream.index]
            for frame in packet.decode():
                out.mux(encoder.encode(frame))
        for encoder in encoders.values():
            out.mux(encoder.encode(None))


def _available(names: Iterable[str]) -> str:
    """The first encoder that PyAV's ffmpeg has."""
    import av

    for name in names:
        with contextlib.suppress(ValueError):  # UnknownCodecError is one
            av.codec.Codec(name, "w")
            return name
    raise ValueError(f"this ffmpeg has none of: {', '.join(names)}")


WRITERS: Final = {".gif": write_gif, ".webm": write_webm, ".png": write_png}


if __name__ == "__main__":
    step_back()
    WRITERS[Path(sys.argv[2]).suffix](Path(sys.argv[1]), Path(sys.argv[2]))
