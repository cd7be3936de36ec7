"""How a server says where it is: its first line on standard output, and its state file."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from kodisc_jupyter.local.store import write_private


def write_state(path: Path, address: dict[str, str], version: str) -> None:
    """Write the state file: the address, the process and the version."""
    write_private(path, json.dumps({**address, "pid": os.getpid(), "version": version}))


def print_first_line(address: dict[str, str]) -> None:
    """Say where we are, once; nothing is ever written to standard output after it."""
    print(json.dumps(address), flush=True)  # noqa: T201  the server's contract
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def remove_state(path: Path) -> None:
    """Remove the state file, unless another server has written its own there since."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads(path.read_text(encoding="utf-8"))["pid"] == os.getpid():
            path.unlink()
