"""Finished files pass from a render, which is not trusted, to the server's own folder.

A render may leave anything where its video is expected: a link to a file of somebody else's, a
pipe that never ends, a folder that leads elsewhere. What is taken is opened step by step without
following links, has to be a plain file with no other name, and is copied: nobody who still holds
it open can change what the server serves.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kodisc_jupyter.stage.task import RESULT_FILES

RESULTS: Final = "results"
"""The folder inside a job's own one where its render leaves the files."""

_CHUNK: Final = 1 << 20


class ResultRefusedError(Exception):
    """What lies there cannot be a result; the message says why, in the job's words."""


def take(
    parent: Path,
    steps: Sequence[str],
    target: Path,
    limit_bytes: int,
    names: Sequence[str] = RESULT_FILES,
) -> None:
    """Copy the files called ``names`` of ``parent/*steps`` to ``target``, which is made.

    ``parent`` is the server's own, and nobody else can replace it; what is below is not trusted.

    Raises:
        ResultRefusedError: a file is missing, no plain file, or too large; ``target`` is not there.
    """
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    try:
        with opened(parent, steps) as folder:
            left = limit_bytes
            for name in names:
                left -= _copy(folder, name, part / name, left)
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)
    except FileNotFoundError:
        raise ResultRefusedError("The render ended without a video.") from None
    except OSError as problem:
        why = "The render left something else than a video in the place of its files"
        raise ResultRefusedError(f"{why} ({problem.strerror}).") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def open_plain(name: str | Path, folder: int | None = None) -> int:
    """A descriptor of a plain file that has one name only; links are not followed.

    Raises:
        OSError: it is anything else, or cannot be opened.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(name, flags, dir_fd=folder)
    seen = os.fstat(file)
    if stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1:
        return file
    os.close(file)
    raise OSError(None, "not a plain file")


@contextlib.contextmanager
def opened(parent: Path, steps: Sequence[str]) -> Iterator[int]:
    """The folder at the end of ``steps``, none of which is a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(parent, flags)
    try:
        for step in steps:
            deeper = os.open(step, flags, dir_fd=folder)
            os.close(folder)
            folder = deeper
        yield folder
    finally:
        os.close(folder)


def _copy(folder: int, name: str, target: Path, limit_bytes: int) -> int:
    """Copy one file; its bytes."""
    file = open_plain(name, folder)
    copied = 0
    with os.fdopen(file, "rb", buffering=0) as source, target.open("xb", buffering=0) as out:
        while chunk := source.read(_CHUNK):
            copied += len(chunk)
            if copied > limit_bytes:
                raise ResultRefusedError(
                    f"The files of the render are larger than {limit_bytes >> 20} MB."
                )
            out.write(chunk)
    return copied
