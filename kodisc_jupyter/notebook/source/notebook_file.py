"""The notebook's own file, where the front end tells which one it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def notebook_name(shell: Any) -> str | None:
    """The notebook's file name."""
    return Path(_announced_path(shell)).name or None


def notebook_path(shell: Any) -> Path | None:
    """The notebook's file, if it is there."""
    announced = _announced_path(shell)
    if not announced.endswith(".ipynb"):
        return None
    for path in (Path(announced), Path.cwd() / Path(announced).name):
        if path.is_file():
            return path.absolute()
    return None


def _announced_path(shell: Any) -> str:
    """What VS Code or a Jupyter server says; empty where nobody does."""
    path = os.environ.get("JPY_SESSION_NAME") or ""
    if shell is not None:
        path = shell.user_ns.get("__vsc_ipynb_file__") or path
    return str(path)
