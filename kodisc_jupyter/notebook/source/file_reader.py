"""What ``--file`` names, read from the notebook's folder, and refused where it cannot be sent."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kodisc_jupyter.api.rules import KEY_PREFIX
from kodisc_jupyter.notebook.line.values import closest
from kodisc_jupyter.scene.sent_files import SentFile

FILES_LIMIT: Final = 200
"""The most files of one request."""

BYTES_LIMIT: Final = 4_000_000
"""The most bytes before they are compressed: no picture, sound or table of more fits a request."""

_SCALED: Final = re.compile(r"(?P<path>.+):(?P<pixels>[1-9][0-9]{0,4})")
_PICTURES: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".gif": "GIF", ".webp": "WEBP"}
_HIDDEN: Final = (".", "__pycache__")
_TAKEN: Final = frozenset({"scene.py"})
"""What the render server itself writes into the folder of a scene."""


class FileRefusedError(Exception):
    """A file cannot be sent: ``message``, ``hint``, and the ``word`` of the line it is about."""

    def __init__(self, message: str, hint: str, word: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.word = word


def read_files(words: Sequence[str], folder: Path) -> tuple[SentFile, ...]:
    """The files that the words of ``--file`` name, in the order of their paths.

    ``word`` is a file or a folder below ``folder``; with ``:512`` behind it, pictures are scaled
    down to at most so many pixels on their longer side.

    Raises:
        FileRefusedError: one is missing, lies elsewhere, or is too much.
    """
    files: dict[str, SentFile] = {}
    for word in words:
        path, pixels = _split(word, folder)
        for name in _names(path, word, folder):
            before = sum(len(file.content) for file in files.values())
            files[name] = SentFile(name, _content(folder / name, name, pixels, word, before))
            if len(files) > FILES_LIMIT:
                raise FileRefusedError(
                    f"--file {word}: there are more than {FILES_LIMIT} files in it.",
                    "Name the files that the scene opens, each with its own --file.",
                    word,
                )
    return tuple(files[name] for name in sorted(files))


def _content(file: Path, name: str, pixels: int | None, word: str, before: int) -> bytes:
    """What is sent of a file; ``before`` is the size of what is sent already."""
    try:
        size = file.stat().st_size
        scaled = pixels is not None and file.suffix.lower() in _PICTURES
        if not scaled and before + size > BYTES_LIMIT:
            raise FileRefusedError(
                f"--file {word}: {name} is {size:,} bytes, {before + size:,} with the files before "
                f"it; at most {BYTES_LIMIT:,} are packed, and far less fits into a request.",
                "Send a smaller file, or only the part that the scene needs.",
                word,
            )
        content = file.read_bytes()
    except OSError as problem:
        raise FileRefusedError(
            f"--file {word}: {name} cannot be read ({problem.strerror}).", "", word
        ) from None
    if KEY_PREFIX.encode() in content:
        raise FileRefusedError(
            f"--file {word}: there is an API key in {name}.",
            "Take it out: a scene needs no key, and what it is sent with is not kept secret.",
            word,
        )
    return _scale(content, name, pixels, word) if scaled and pixels else content


def _split(word: str, folder: Path) -> tuple[str, int | None]:
    """The path of a word, and the pixels to which pictures are scaled."""
    scaled = _SCALED.fullmatch(word)
    if scaled is None or (folder / word).exists():
        return word, None
    path = scaled["path"]
    if (folder / path).is_file() and Path(path).suffix.lower() not in _PICTURES:
        raise FileRefusedError(
            f"--file {word}: only PNG, JPEG, GIF and WebP pictures can be scaled down.",
            f"Send it as it is: --file {path}",
            word,
        )
    return path, int(scaled["pixels"])


def _names(path: str, word: str, folder: Path) -> Iterator[str]:
    """The files below a path, as the scene names them; hidden ones in a folder are left out."""
    root = folder.resolve()
    wanted = Path(path)
    start = root / wanted
    if wanted.is_absolute() or path.startswith("~") or not _is_inside(start, root):
        raise FileRefusedError(
            f"--file {word}: that is outside of the notebook's folder, and its path would lead "
            "nowhere where the scene is rendered.",
            "Copy it beside the notebook, and open it in the scene by its name.",
            word,
        )
    if not start.exists():
        near = closest(path, _beside(start, root))
        raise FileRefusedError(
            f"--file {word}: there is no such file in {folder.absolute()}.",
            f"Did you mean {near}?" if near else "Paths start at the notebook's folder.",
            word,
        )
    for file in _files_below(start) if start.is_dir() else [start]:
        name = file.relative_to(root).as_posix()
        if not file.is_file():
            continue
        if not _is_inside(file, root):
            raise FileRefusedError(
                f"--file {word}: {name} is a link that leads out of the notebook's folder.",
                "Put the file itself there.",
                word,
            )
        if name in _TAKEN:
            raise FileRefusedError(
                f"--file {word}: {name} is what the scene's own code is called there.",
                "Give the file another name.",
                word,
            )
        yield name


def _files_below(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, one by one: nobody may want all of a home folder.

    What is hidden is left out; a link to a folder is not followed.
    """
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(_HIDDEN))
        yield from (Path(path, name) for name in sorted(files) if not name.startswith(_HIDDEN))


def _is_inside(path: Path, root: Path) -> bool:
    return ".." not in path.parts and path.resolve().is_relative_to(root)


def _beside(path: Path, root: Path) -> list[str]:
    """The paths of what lies where a missing file was looked for."""
    try:
        return [each.relative_to(root).as_posix() for each in path.parent.iterdir()]
    except OSError:
        return []


def _scale(content: bytes, name: str, pixels: int, word: str) -> bytes:
    """A picture in its own format, at most ``pixels`` on its longer side."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise FileRefusedError(
            f"--file {word}: Pillow is not installed here, so no picture can be scaled down.",
            "Install it with: pip install pillow",
            word,
        ) from None
    try:
        with Image.open(io.BytesIO(content)) as opened:
            picture = ImageOps.exif_transpose(opened)
            if max(picture.size) <= pixels:
                return content
            picture.thumbnail((pixels, pixels), Image.Resampling.LANCZOS)
            target = io.BytesIO()
            kind = _PICTURES[Path(name).suffix.lower()]
            picture.save(target, kind, optimize=True)
    except (OSError, ValueError, Image.DecompressionBombError) as problem:
        raise FileRefusedError(
            f"--file {word}: {name} cannot be read as a picture ({problem}).",
            f"Send it as it is: --file {name}",
            word,
        ) from None
    return target.getvalue()
