"""Encoding takes seconds of a core: it happens in a process of its own, behind all others."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path


def run_behind(module: str, *arguments: str | Path | int, folder: Path, limit_s: float) -> None:
    """Run ``python -m module`` to its end.

    It runs in ``folder``, which must be one of ours: Python looks for modules there first.

    Raises:
        subprocess.SubprocessError: it failed, or took longer than ``limit_s``.
        OSError: it could not be started.
    """
    subprocess.run(
        [sys.executable, "-m", module, *map(_absolute, arguments)],
        cwd=folder,
        capture_output=True,
        check=True,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        timeout=limit_s,
    )


def _absolute(argument: str | Path | int) -> str:
    return str(argument.absolute() if isinstance(argument, Path) else argument)


def step_back() -> None:
    """Let everything else on this machine go first: said by the process that was started."""
    with contextlib.suppress(AttributeError, OSError):  # Windows has no nice
        os.nice(15)
