"""Which files of this machine a scene reads: they are not where Kodisc renders it."""

from __future__ import annotations

import contextlib
import os
import site
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

FILES_KEPT: Final = 20

_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys", "/dev", "/run")
_SYSTEM_TOO: Final = ("/var/lib/texmf", "/var/cache", "/opt", "/System", "/Library", "/private/var")
_CODE: Final = (".py", ".pyc", ".pyi", ".so")


class OpenedFiles:
    """Hears of every file that is opened, and keeps the user's own that were read.

    Left out is what belongs to the system, to Python, to fonts and to TeX, what lies in the
    current folder or in a temporary one, hidden files (a library's own), and what the scene wrote.
    ``line_of`` gives the line of the scene's code that is running, or None.
    """

    def __init__(self, line_of: Callable[[], int | None]) -> None:
        self.read: dict[str, int] = {}
        self._line_of = line_of
        self._written: set[str] = set()
        self._others = tuple(_roots())
        self._asking = False

    def listen(self) -> None:
        """Begin to hear; this cannot be taken back (an audit hook stays)."""
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or self._asking or len(self.read) >= FILES_KEPT:
            return
        self._asking = True
        try:
            self._note(*arguments)
        except Exception:  # what a scene opens is the scene's business
            return
        finally:
            self._asking = False

    def _note(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str):
            return
        place = os.path.realpath(path)
        if place in self._written or place in self.read or place.startswith(self._others):
            return
        if _writes(mode, flags):
            self._written.add(place)
            return
        line = self._line_of()
        if place.endswith(_CODE):
            return
        hidden = any(part.startswith(".") for part in Path(place).parts)
        if line is not None and not hidden and os.path.isfile(place):  # noqa: PTH113
            self.read[place] = line


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _roots() -> Iterator[str]:
    """Folders whose files are nobody's own, each ending in a separator."""
    paths = sysconfig.get_paths().values()
    # a project that is installed in place has the user's own folder on the path
    installed = [folder for folder in sys.path if folder.endswith("-packages")]
    packages = [*installed, sys.prefix, sys.base_prefix, *paths, str(Path(__file__).parent.parent)]
    with contextlib.suppress(Exception):  # no home, no site packages of a user's own
        packages.append(site.getusersitepackages())
    for folder in (*_SYSTEM, *_SYSTEM_TOO, *packages, tempfile.gettempdir(), str(Path.cwd())):
        if folder and Path(folder).is_absolute():
            yield os.path.realpath(folder).rstrip(os.sep) + os.sep
