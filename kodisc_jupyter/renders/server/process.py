"""The process of the render server on this machine: started, and left to itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from kodisc_jupyter.renders.server.address import Address, LocalServerError
from kodisc_jupyter.renders.server.lock import is_locked

IDLE_TIMEOUT_S: Final = 600
START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 15.0
POLL_S: Final = 0.02


def start(place: Path, niceness: int) -> Address:
    """Start a server in its folder; see :func:`kodisc_jupyter.renders.local_server.ensure`.

    Raises:
        LocalServerError: it did not start.
    """
    free_by = time.monotonic() + STOP_LIMIT_S
    while is_locked(place / "data" / "lock") and time.monotonic() < free_by:
        time.sleep(POLL_S)  # an earlier one is just ending by itself
    log = place / "server.log"
    command = [
        *(sys.executable, "-m", "kodisc_jupyter.local"),
        *("--port", "0", "--data-dir", str(place / "data")),
        *("--state-file", str(place / "server.json")),
        *("--idle-timeout", str(IDLE_TIMEOUT_S)),
    ]
    if niceness and shutil.which("nice"):
        command = ["nice", "-n", str(niceness), *command]
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log_file,
            cwd=place,  # -m puts the working folder on sys.path: a user's manim.py must not win
            env={name: value for name, value in os.environ.items() if name != "KODISC_KEY"},
            start_new_session=True,  # Ctrl-C in a terminal and a kernel's end must not reach it
        )
        _load_what_comes_next()
        line = _first_line(process)
    try:
        first = json.loads(line)
        address = Address(str(first["url"]), str(first["key"]), process.pid)
    except (ValueError, KeyError, TypeError):
        process.kill()
        process.wait()
        raise LocalServerError(
            "The render server on this machine did not start; nothing was rendered. "
            + _last_words(log),
            hint="Type %kodisc doctor, or set KODISC_KEY to render on Kodisc instead.",
        ) from None
    _reap_quietly(process)
    return address


def _load_what_comes_next() -> None:
    """Import, while the server starts, what its first request needs."""
    from importlib import import_module

    for name in ("api.client", "renders.session"):
        import_module(f"kodisc_jupyter.{name}")


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The server's first line; empty when it ended, or said nothing in time, without one."""
    from threading import Timer

    timer = Timer(START_LIMIT_S, process.kill)
    timer.daemon = True
    timer.start()
    try:
        assert process.stdout is not None
        with process.stdout:
            return process.stdout.readline()
    finally:
        timer.cancel()


def _reap_quietly(process: subprocess.Popen[bytes]) -> None:
    """The server outlives this kernel on purpose: no ResourceWarning, and no zombie if it ends."""
    from threading import Thread

    Thread(target=process.wait, name="kodisc-local-server", daemon=True).start()


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return f"It said: {lines[-1][:300]}" if lines else ""
