"""The media store: a copy of every finished video on this machine, below ``KODISC_HOME/media``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.exchange.download import CAPTIONS, PICTURE, VIDEO
from kodisc_jupyter.api.models import RenderResult
from kodisc_jupyter.atomic_file import PARTS
from kodisc_jupyter.renders.state import Media

if TYPE_CHECKING:
    from kodisc_jupyter.api.client import Client

LIMIT_VARIABLE: Final = "KODISC_MEDIA_LIMIT_MB"
LIMIT_MB: Final = 5000
PROTECTED_S: Final = 24 * 3600.0
"""A video this young is never thrown out: somebody may still be looking at it."""

ABANDONED_S: Final = 3600.0
"""A half-fetched file this old belongs to nobody any more."""

_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9_-]{3,79}\Z")


@dataclass(frozen=True)
class Fetched:
    """What came of fetching a job's files. ``problem`` says why there is no video, if so."""

    media: Media
    problem: KodiscError | None = None


@dataclass(frozen=True)
class Stored:
    """One job's folder in the store: bytes in all, and when the video came (epoch seconds)."""

    folder: Path
    size: int
    at: float


def media_limit_bytes() -> int:
    """``KODISC_MEDIA_LIMIT_MB`` in bytes, or the default; nonsense counts as the default."""
    try:
        megabytes = float(os.environ.get(LIMIT_VARIABLE, ""))
    except ValueError:
        megabytes = LIMIT_MB
    return int(megabytes * 1e6) if megabytes > 0 else int(LIMIT_MB * 1e6)


def folder_name(job_id: str) -> str:
    """A job ID as the name of a folder: IDs are opaque, and file systems are particular."""
    if _PLAIN.match(job_id):
        return job_id
    digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"job-{digest[:40]}"


def to_evict(
    stored: Collection[Stored], *, limit: int, protected: Collection[Path], now: float
) -> list[Path]:
    """The folders to remove so that the store fits ``limit`` bytes: the oldest go first."""
    over = sum(video.size for video in stored) - limit
    going = []
    for video in sorted(stored, key=lambda video: video.at):
        if over <= 0:
            break
        if video.folder not in protected and now - video.at > PROTECTED_S:
            going.append(video.folder)
            over -= video.size
    return going


class MediaStore:
    """The folder with one folder per job in it: ``video.mp4``, ``thumb.jpg``, ``captions.vtt``."""

    def __init__(
        self, root: Path, *, limit_bytes: int, wall: Callable[[], float] = time.time
    ) -> None:
        self.root = root
        self._limit = limit_bytes
        self._wall = wall

    def folder(self, job_id: str) -> Path:
        """Where a job's files are, or would be."""
        return self.root / folder_name(job_id)

    def find(
        self, video: Path, size: int | None, digest: str | None, result: RenderResult | None
    ) -> Media | None:
        """The stored files of a render; ``None`` when the video is gone or is another one.

        ``size`` (bytes) and ``digest`` are as they were when it was fetched, where that is known.
        """
        try:
            if video.is_symlink() or video.parent.is_symlink():
                return None
            actual_size = video.stat().st_size
            if not actual_size or (size is not None and actual_size != size):
                return None
            if digest is not None and digest_of(video) != digest:
                return None
        except OSError:
            return None
        return _media(video.parent, video, result)

    def fetch(self, job_id: str, result: RenderResult, client: Client) -> Fetched:
        """Fetch a completed job's files; each appears under its name only when it is whole.

        Never raises for what the network or the disk does: the URLs are in the answer anyway.
        """
        folder = self.folder(job_id)
        try:
            self._make_ready(folder)
            video = client.download(result.video, folder / "video.mp4", kind=VIDEO)
        except KodiscError as error:
            return Fetched(_media(folder, None, result), error)
        except OSError as error:
            why = error.strerror or str(error)
            return Fetched(
                _media(folder, None, result),
                KodiscError(f"{folder} could not be written: {why}."),
            )
        for url, name, kind in (
            (result.thumbnail, "thumb.jpg", PICTURE),
            (result.captions, "captions.vtt", CAPTIONS),
        ):
            if url:
                try:
                    client.download(url, folder / name, kind=kind)
                except (KodiscError, OSError):
                    continue  # the video is what was paid for; its URL stays beside it
        return Fetched(_media(folder, video, result))

    def make_room(self, protected: Collection[str]) -> None:
        """Throw out the oldest videos above the limit, but none of the ``protected`` job IDs."""
        keep = {self.folder(job_id) for job_id in protected}
        for folder in to_evict(self._stored(), limit=self._limit, protected=keep, now=self._wall()):
            shutil.rmtree(folder, ignore_errors=True)

    def _make_ready(self, folder: Path) -> None:
        if folder.is_symlink():
            raise KodiscError(f"{folder} is a link to somewhere else, so nothing is put there.")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep(folder)

    def _sweep(self, folder: Path) -> None:
        """Remove what a kernel that was killed while it fetched has left."""
        for part in folder.glob(PARTS):
            with contextlib.suppress(OSError):  # another kernel sweeps too
                if self._wall() - part.stat().st_mtime > ABANDONED_S:
                    part.unlink()

    def _stored(self) -> list[Stored]:
        stored = []
        try:
            folders = [entry for entry in os.scandir(self.root) if entry.is_dir()]
        except OSError:
            return []
        for folder in folders:
            try:
                with os.scandir(folder.path) as entries:
                    files = [entry.stat() for entry in entries]
            except OSError:  # another kernel is at work there
                continue
            if files:
                at = max(status.st_mtime for status in files)
                stored.append(
                    Stored(Path(folder.path), sum(status.st_size for status in files), at)
                )
        return stored


def digest_of(video: Path) -> str:
    """The SHA-256 of a file, in hexadecimal: another file of the same size has another one."""
    digest = hashlib.sha256()
    with video.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _media(folder: Path, video: Path | None, result: RenderResult | None) -> Media:
    poster, captions = folder / "thumb.jpg", folder / "captions.vtt"
    return Media(
        video=video,
        poster=poster if _is_plain_file(poster) else None,
        captions=captions if _is_plain_file(captions) else None,
        video_url=result.video if result else None,
        poster_url=result.thumbnail if result else None,
        captions_url=result.captions if result else None,
    )


def _is_plain_file(path: Path) -> bool:
    """Whether it is a file of our own: a link could lead to any file of this user."""
    return path.is_file() and not path.is_symlink()
