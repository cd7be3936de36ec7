"""Files that are there whole or not at all: written beside their place, then moved into it.

Every room may import this module, and it imports none of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PARTS: Final = ".*.part*"
"""What :func:`part_of` gives, as a pattern: a process that was killed leaves such a file."""


def part_of(target: Path) -> Path:
    """A free name beside ``target``, hidden and with the same ending, to be moved there."""
    return target.with_name(f".kodisc-{os.urandom(4).hex()}.part{target.suffix.lower()}")


@contextlib.contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """A path to write to; at the end the file takes its place, after an error it is removed.

    Raises:
        OSError: it cannot be moved there; what was there before still is.
    """
    part = part_of(target)
    try:
        yield part
        part.replace(target)
    finally:
        with contextlib.suppress(OSError):  # it is in its place, or its folder is gone
            part.unlink()
