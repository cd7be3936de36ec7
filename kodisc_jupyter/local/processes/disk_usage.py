"""How much of the disk a folder takes, however a scene has filled it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEPTH_LIMIT: Final = 64
"""Folders within folders that are looked into; deeper ones count as too many files."""


@dataclass(frozen=True)
class Usage:
    """Bytes on the disk, and files and folders."""

    size: int
    files: int


def usage(folder: Path, *, enough_bytes: int, enough_files: int) -> Usage:
    """What ``folder`` takes; counting ends when there is more than enough. Follows no link."""
    size = files = 0
    try:
        opened = [_open(folder, None)]
    except OSError:
        return Usage(0, 0)
    listings = [os.scandir(opened[0])]
    try:
        while listings and size <= enough_bytes and files <= enough_files:
            entry = next(listings[-1], None)
            if entry is None:
                listings.pop().close()
                os.close(opened.pop())
                continue
            files += 1
            try:
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    if len(opened) >= DEPTH_LIMIT:
                        return Usage(size, enough_files + 1)
                    opened.append(_open(entry.name, opened[-1]))
                    listings.append(os.scandir(opened[-1]))
            except OSError:  # it went away, or nobody may look into it
                continue
    finally:
        for listing in listings:
            listing.close()
        for descriptor in opened:
            os.close(descriptor)
    return Usage(size, files)


def _open(name: str | Path, parent: int | None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=parent)
