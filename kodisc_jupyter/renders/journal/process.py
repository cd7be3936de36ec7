"""Which process wrote a journal row, and whether it is still there."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """A process: its ID, when it started, and the machine (and boot) it runs on.

    The start tells a process from a later one with the same ID; empty where it is not known.
    """

    pid: int
    started: str
    place: str


def this_process() -> Owner:
    """The owner of what this process writes."""
    pid = os.getpid()
    return Owner(pid, _started(pid) or "", _place())


def is_alive(owner: Owner) -> bool | None:
    """Whether that process still runs; ``None`` where this machine cannot know."""
    here = _place()
    if owner.place != here:
        # The same machine after a reboot: everything from before is gone. Another machine that
        # shares the home folder cannot be asked.
        return False if _host(owner.place) == _host(here) else None
    if owner.started:
        return _started(owner.pid) == owner.started
    if sys.platform == "win32":  # os.kill would end it
        return None
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # A zombie has no threads left that could send anything.
        return None if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        pass
    try:
        import psutil  # comes with ipykernel; where it is missing the process ID must do
    except ImportError:
        return None
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


@lru_cache(maxsize=1)
def _place() -> str:
    """Host, process namespace (containers) and boot, apart by spaces."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        namespace, boot = "-", "-"
    return f"{platform.node() or '-'} {namespace} {boot}".replace("\n", "")


def _host(place: str) -> str:
    return place.rpartition(" ")[0]
