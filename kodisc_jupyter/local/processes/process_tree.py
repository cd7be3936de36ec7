"""The processes of a render and what they use, as the operating system tells it.

Linux is read through ``/proc``; elsewhere ``ps`` answers the same questions.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ASKED_FOR_S: Final = 1.0

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Process:
    """One process: its parent, its process group and its resident memory in bytes."""

    pid: int
    parent: int
    group: int
    memory_bytes: int


def everyone() -> dict[int, Process]:
    """All processes of this machine, by pid; ended ones that nobody has waited for left out."""
    if Path("/proc/self/stat").exists():
        names = os.listdir("/proc")  # noqa: PTH208  done ten times a second
        return {seen.pid: seen for name in names if (seen := _from_proc(name))}
    return _from_ps()


@dataclass(frozen=True)
class Nameless:
    """Bytes of files that are open and have no name: in memory (memfd, shm) and on disks."""

    memory_bytes: int = 0
    disk_bytes: int = 0


def nameless(pids: Iterable[int]) -> Nameless:
    """What these processes hold open without a name, each file once (Linux)."""
    memory: dict[tuple[int, int], int] = {}
    disk: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    seen = os.stat(entry.path)  # noqa: PTH116  done for each open file
                    if stat.S_ISREG(seen.st_mode) and seen.st_nlink == 0:
                        in_memory = os.major(seen.st_dev) == 0 and _is_in_memory(entry.path)
                        kept = memory if in_memory else disk
                        kept[seen.st_dev, seen.st_ino] = seen.st_blocks * 512
    return Nameless(sum(memory.values()), sum(disk.values()))


def _is_in_memory(link: str) -> bool:
    target = os.readlink(link)  # noqa: PTH115  done for each open file
    return target.startswith(("/memfd:", "/dev/shm/", "/dev/zero", "/SYSV"))  # noqa: S108


def of(root: int, seen: Mapping[int, Process]) -> list[Process]:
    """``root``, everything below it, and whatever shares its process group."""
    below = {root}
    grown = True
    while grown:
        members = {
            pid for pid, process in seen.items() if process.parent in below or process.group == root
        }
        grown = not members <= below
        below |= members
    return [seen[pid] for pid in below if pid in seen]


def memory_together(members: Iterable[Process], *, enough: float = float("inf")) -> int:
    """Bytes that these processes use together: what they share is counted once (Linux).

    Asking ends when there is more than ``enough``, or after :data:`ASKED_FOR_S`: the system
    answers slowly for processes that are just being copied.
    """
    total, until = 0, time.monotonic() + ASKED_FOR_S
    for process in members:
        total += _share_of(process)
        if total > enough or time.monotonic() > until:
            break
    return total


def _share_of(process: Process) -> int:
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return process.memory_bytes
    shares = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return int(shares[0]) * 1024 if shares else process.memory_bytes


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` dies (Linux)."""
    if _prctl(1, signal.SIGKILL) and os.getppid() != parent:
        os._exit(70)


def adopt_orphans() -> None:
    """Become the parent of whatever renders leave behind (Linux), so that it can be ended."""
    _prctl(36, 1)


def be_readable(*, readable: bool) -> None:
    """Whether other processes of this user may read our memory and descriptors (Linux)."""
    _prctl(4, readable)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0) == 0)


def end_strays(known: set[int]) -> None:
    """Kill the children of this process but ``known``: renders left them behind (Linux)."""
    if sys.platform != "linux":
        return
    for _ in range(100):  # ending one can hand us its own children
        me = os.getpid()
        seen = everyone()
        strays = [
            process
            for process in seen.values()
            if process.parent == me and process.pid not in known
        ]
        if not strays:
            return
        for stray in strays:
            for process in of(stray.pid, seen):
                kill(process.pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray.pid, 0)


def kill_group(pid: int) -> None:
    """Kill a process and its process group; nothing happens if they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    kill(pid)


def kill(pid: int) -> None:
    """Kill a process; nothing happens if it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _from_proc(name: str) -> Process | None:
    if not name.isdigit():
        return None
    try:
        with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123  read thousands of times
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return Process(int(name), int(fields[1]), int(fields[2]), int(fields[21]) * _PAGE)


def _from_ps() -> dict[int, Process]:
    command = ["ps", "-axo", "pid=,ppid=,pgid=,rss=,state="]
    table = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    seen = {}
    for line in table.splitlines():
        pid, parent, group, kilobytes, state = line.split()[:5]
        if not state.startswith("Z"):
            seen[int(pid)] = Process(int(pid), int(parent), int(group), int(kilobytes) * 1024)
    return seen
