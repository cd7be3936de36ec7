"""Files that travel inside the code: packed into a string, and written again by the code itself.

What is written stands where Manim and ``open`` look: in the folder in which the scene is run. Where
that cannot be written, or holds another file of that name, it is a new folder, and the scene is
run in there; Manim's own folder stays where it was.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple


class SentFile(NamedTuple):
    """A file by the relative path that the scene knows it by, with forward slashes."""

    path: str
    content: bytes


LINE_CHARS: Final = 120
"""Length of the packed lines: an error's traceback shows a few lines around its own."""

_UNPACKER: Final = """\
def _kodisc_unpack(packed, sizes):
    import base64, os, pathlib, sys, tempfile, zlib

    rest = zlib.decompress(base64.b85decode("".join(packed.split())))
    files = {}
    for name, size in sizes:
        files[name], rest = rest[:size], rest[size:]

    def write():
        for name, content in files.items():
            path = pathlib.Path(name)
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as new:
                    new.write(content)

    try:
        write()
    except OSError:
        from manim import config

        config.media_dir = os.path.abspath(config.media_dir)
        os.chdir(tempfile.mkdtemp(prefix="kodisc-"))
        write()
    sys.path.insert(0, os.getcwd())


_kodisc_unpack(_kodisc_packed, {sizes})
del _kodisc_packed, _kodisc_unpack"""


def unpacking(files: Sequence[SentFile]) -> list[str]:
    """The lines of Python that write ``files`` where they are run; the same for the same files."""
    content = b"".join(file.content for file in files)
    packed = base64.b85encode(zlib.compress(content, 9)).decode("ascii")
    sizes = [(file.path, len(file.content)) for file in files]
    lines = [packed[at : at + LINE_CHARS] for at in range(0, len(packed), LINE_CHARS)]
    return [
        '_kodisc_packed = """',
        *lines,
        '"""',
        *_UNPACKER.replace("{sizes}", repr(sizes)).split("\n"),
    ]


def is_sent(path: str, sent: Sequence[str]) -> bool:
    """Whether a path as a scene writes it is one of ``sent``; Manim adds a missing suffix."""
    wanted = PurePosixPath(path.replace("\\", "/"))
    paths = [PurePosixPath(each) for each in sent]
    return wanted in paths or (
        not wanted.suffix and any(wanted == each.with_suffix("") for each in paths)
    )


def sent_modules(sent: Sequence[str]) -> set[str]:
    """The modules that can be imported from the files that are sent."""
    paths = [PurePosixPath(each) for each in sent]
    return {
        path.stem if len(path.parts) == 1 else path.parts[0]
        for path in paths
        if path.suffix == ".py" and len(path.parts) <= 2
    }
