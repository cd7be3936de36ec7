"""Files of the user's that are written whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.atomic_file import atomic_file


@contextlib.contextmanager
def whole_file(target: Path, *, make_folder: bool = True) -> Iterator[Path]:
    """A path to write to; at the end the file takes the place of ``target``.

    Raises:
        KodiscError: it cannot be written; what was there before is still there.
    """
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(target) as part:
            yield part
    except OSError as error:
        raise KodiscError(f"{target} could not be written: {error.strerror or error}.") from error


def copy_file(source: Path, target: Path) -> Path:
    """Copy a file to ``target``.

    Raises:
        KodiscError: it cannot be written.
    """
    target = target.expanduser()
    with whole_file(target) as part:
        shutil.copyfile(source, part)
    return target
