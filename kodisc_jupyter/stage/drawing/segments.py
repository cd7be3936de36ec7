"""A video in segments: each is encoded by itself, kept by its key, and joined without encoding.

A segment is one closed group of pictures of H.264. Its key is a hash of its frames' keys and of
everything else that decides its bytes. The file that keeps it says how many packets it has and a
hash of all of it; one that does not hold is drawn again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.atomic_file import atomic_file
from kodisc_jupyter.stage.drawing.frame_converter import FrameConverter

FORMAT: Final = b"kodisc segment 1\n"

_HASH: Final = 32


class DamagedError(ValueError):
    """A kept segment is not what was written."""


@dataclass(frozen=True)
class EncoderSettings:
    """What an encoder of segments is told."""

    width: int
    height: int
    rate: Fraction
    codec: str
    pixel_format: str
    options: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, writer: Any, width: int, height: int, fps: float) -> EncoderSettings:
        """Those of Manim's file writer, where it has some (from 0.21 on); else the same."""
        from manim import config

        from kodisc_jupyter.stage.frame_settings import ENCODER

        spec = getattr(writer, "video_encoder", None)
        if spec is not None:
            options = tuple(sorted((str(k), str(v)) for k, v in dict(spec.options).items()))
            return cls(
                spec.width, spec.height, spec.frame_rate, spec.codec, spec.pixel_format, options
            )
        own = getattr(config, "video_encoder_options", None) or ENCODER
        options = tuple(sorted((str(k), str(v)) for k, v in own.items()))
        rate = Fraction(fps).limit_denominator(1001)
        return cls(width, height, rate, "libx264", "yuv420p", options)

    def versions(self) -> bytes:
        """What decides the bytes of a segment beside its frames."""
        import platform

        import av
        import cairo
        import manim
        import numpy as np
        import PIL

        numbers = (
            self,
            manim.__version__,
            cairo.version,
            cairo.cairo_version_string(),
            av.__version__,
            sorted(av.library_versions.items()),
            np.__version__,
            PIL.__version__,
            platform.machine(),
        )
        return hashlib.blake2b(repr(numbers).encode() + FORMAT, digest_size=16).digest()

    def new_stream(self, container: Any) -> Any:
        """A stream of this kind in an open container."""
        stream = container.add_stream(self.codec, rate=self.rate, options=dict(self.options))
        stream.pix_fmt = self.pixel_format
        stream.width, stream.height = self.width, self.height
        return stream


class SegmentEncoder:
    """Encodes the frames of one segment."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Nothing is encoded yet."""
        import av

        self._converter = FrameConverter(settings.pixel_format)
        self._container = av.open(io.BytesIO(), mode="w", format="mp4")
        self._stream = settings.new_stream(self._container)
        self._time_base = 1 / settings.rate
        self._packets: list[tuple[int, int, bool, bytes]] = []
        self.frames = 0

    def add(self, pixels: Any, repeat: int = 1) -> None:
        """Show an RGBA picture for ``repeat`` frames; it is converted once."""
        picture = self._converter.convert(pixels)
        for _ in range(repeat):
            picture.pts, picture.time_base = self.frames, self._time_base
            self.frames += 1
            self._take(self._stream.encode(picture))

    def finish(self) -> Segment:
        """Everything that was encoded."""
        self._take(self._stream.encode(None))
        header = bytes(self._stream.codec_context.extradata or b"")
        with contextlib.suppress(Exception):  # nothing was written to it
            self._container.close()
        return Segment(self.frames, header, tuple(self._packets))

    def _take(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            base = packet.time_base or self._time_base
            pts, dts = (round(at * base / self._time_base) for at in (packet.pts, packet.dts))
            self._packets.append((pts, dts, bool(packet.is_keyframe), bytes(packet)))


@dataclass(frozen=True)
class Segment:
    """An encoded segment: its frames, the stream's header, and packets (pts, dts, key, data)."""

    frames: int
    header: bytes
    packets: tuple[tuple[int, int, bool, bytes], ...]

    def to_bytes(self) -> bytes:
        """For a file."""
        fields = {
            "frames": self.frames,
            "header": self.header.hex(),
            "packets": [[pts, dts, int(key), len(data)] for pts, dts, key, data in self.packets],
        }
        body = json.dumps(fields).encode() + b"\n" + b"".join(data for *_, data in self.packets)
        return FORMAT + hashlib.blake2b(body, digest_size=_HASH).digest() + body

    @classmethod
    def from_bytes(cls, content: bytes) -> Segment:
        """The inverse; raises :class:`DamagedError`."""
        start = len(FORMAT) + _HASH
        body = content[start:]
        if content[: len(FORMAT)] != FORMAT:
            raise DamagedError("not a segment")
        if hashlib.blake2b(body, digest_size=_HASH).digest() != content[len(FORMAT) : start]:
            raise DamagedError("not as it was written")
        try:
            line, data = body.split(b"\n", 1)
            fields = json.loads(line)
            packets, at = [], 0
            for pts, dts, key, length in fields["packets"]:
                packets.append((pts, dts, bool(key), data[at : at + length]))
                at += length
            segment = cls(fields["frames"], bytes.fromhex(fields["header"]), tuple(packets))
        except (ValueError, KeyError, TypeError) as problem:
            raise DamagedError(str(problem)) from None
        if at != len(data) or len(packets) != segment.frames:
            raise DamagedError("it has other frames than it says")
        return segment


class SegmentStore:
    """Segments in a folder, by their keys: those of one render, or those kept of one user."""

    def __init__(self, folder: Path) -> None:
        """The folder is made with the first segment."""
        self.folder = folder

    def path(self, key: str) -> Path:
        """Where the segment is, or would be."""
        return self.folder / key[:2] / f"{key}.segment"

    def get(self, key: str, frames: int) -> Segment | None:
        """The segment, marked as used now; ``None`` if it is not there, or damaged."""
        path = self.path(key)
        try:
            segment = Segment.from_bytes(path.read_bytes())
        except DamagedError:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return segment if segment.frames == frames else None

    def put(self, key: str, segment: Segment) -> None:
        """Write it whole under a temporary name, then in its place."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_file(path) as part:
            part.write_bytes(segment.to_bytes())

    def prune(self, limit_bytes: int) -> None:
        """Remove the segments that were not used for the longest until the rest is in the limit."""
        files = sorted(self._files(), key=lambda file: file[1])
        total = sum(size for _, _, size in files)
        for path, _, size in files:
            if total <= limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size

    def sizes(self, *, remove: bool = False) -> list[int]:
        """Bytes of each segment. No link is followed: the folder may be a scene's own."""
        all_sizes = []
        with contextlib.suppress(OSError):  # it is not there, or the scene has just removed it
            for _, _, names, folder in os.fwalk(self.folder, follow_symlinks=False):
                for name in names:
                    with contextlib.suppress(OSError):
                        size = os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
                        if remove:
                            os.unlink(name, dir_fd=folder)
                        all_sizes.append(size)
        return all_sizes

    def clear(self) -> int:
        """Remove all of them; the bytes they had."""
        return sum(self.sizes(remove=True))

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        with contextlib.suppress(OSError):
            for path in self.folder.glob("??/*"):
                with contextlib.suppress(OSError):
                    status = path.stat()
                    yield path, status.st_mtime, status.st_size


def join(segments: Iterable[Segment], settings: EncoderSettings, target: Path) -> None:
    """One MP4 file of these segments, in their order; nothing is encoded again."""
    import av
    import manim

    target.parent.mkdir(parents=True, exist_ok=True)
    time_base = 1 / settings.rate
    with av.open(str(target), mode="w", format="mp4") as container:
        container.metadata["comment"] = f"Rendered with Manim Community v{manim.__version__}"
        stream = settings.new_stream(container)
        container.start_encoding()
        header = bytes(stream.codec_context.extradata or b"")
        begun = 0
        for segment in segments:
            if segment.header != header:
                raise DamagedError("its encoder was another one")
            for pts, dts, is_key, data in segment.packets:
                packet = av.Packet(data)
                packet.time_base = time_base
                packet.pts, packet.dts = begun + pts, begun + dts
                packet.duration = 1
                packet.is_keyframe = is_key
                packet.stream = stream
                container.mux(packet)
            begun += segment.frames


def pictures(segment: Segment) -> Iterator[Any]:
    """The segment's frames, decoded to RGB."""
    import av

    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.extradata = segment.header
    decoder.thread_count = 1
    for *_, data in segment.packets:
        for frame in decoder.decode(av.Packet(data)):
            yield frame.to_ndarray(format="rgb24")
    for frame in decoder.decode(None):
        yield frame.to_ndarray(format="rgb24")
