"""The notebook's own file, where the front end tells which one it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def notebook_name(shell: Any) -> str | None:
    """The notebook's file name."""
    return Path(_told(shell)).name or None


def notebook_path(shell: Any) -> Path | None:
    """The notebook's file, if it is there."""
    told = _told(shell)
    if not told.endswith(".ipynb"):
        return None
    for path in (Path(told), Path.cwd() / Path(told).name):
        if path.is_file():
            return path.absolute()
    return None


def _told(shell: Any) -> str:
    """What VS Code or a Jupyter server says; empty where nobody does."""
    told = os.environ.get("JPY_SESSION_NAME") or ""
    if shell is not None:
        told = shell.user_ns.get("__vsc_ipynb_file__") or told
    return str(told)
