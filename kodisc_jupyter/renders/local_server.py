"""One render server per user on this machine: found, started on demand, stopped.

It is shared by all kernels of the user, survives a kernel restart and ends by itself after
:data:`IDLE_TIMEOUT_S` without work. It is found through a file that only the user can read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urlsplit

from kodisc_jupyter.api.errors import JobNotFoundError, KodiscError

IDLE_TIMEOUT_S: Final = 600
START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 15.0
LAST_NEWS_S: Final = 0.8
"""Every kernel has asked once more by then, and has heard that its jobs were cancelled."""
_ANSWER_LIMIT_S: Final = 5.0
_ANSWER_BYTES: Final = 1_000_000
_POLL_S: Final = 0.02


@dataclass(frozen=True)
class Address:
    """Where the server listens, and the random key it wants; the key stays out of the repr."""

    url: str
    key: str = field(repr=False)
    pid: int


class LocalServerError(KodiscError):
    """The render server on this machine could not be started; nothing was rendered or charged."""


def folder(home: Path) -> Path:
    """The server's folder below ``KODISC_HOME``: state file, log, data."""
    return home / "local"


def find(home: Path) -> Address | None:
    """The running server of this user, or ``None``."""
    try:
        said = json.loads((folder(home) / "server.json").read_text(encoding="utf-8"))
        address = Address(str(said["url"]), str(said["key"]), int(said["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return address if _answers(address) else None


def ensure(home: Path, *, niceness: int = 0) -> Address:
    """The running server of this user, started if there is none.

    Two kernels that start at once make one server: the second waits for the first's lock.
    ``niceness`` is how far a server that is started yields to other programs.

    Raises:
        LocalServerError: it did not start; the message holds its own last words.
    """
    running = find(home)
    if running is not None:
        return running
    place = folder(home)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _lock(place / "start.lock"):
            return find(home) or _start(place, niceness)
    except OSError as error:
        raise LocalServerError(
            f"{place} cannot be used ({error.strerror or error}), so the render server on this "
            "machine was not started. Nothing was sent and nothing was charged.",
            hint="Set KODISC_HOME to a folder that can be written.",
        ) from None


def cancel(address: Address, job_id: str) -> None:
    """End a job of the server on this machine, for nothing: it fails as ``CANCELLED``.

    Raises:
        JobNotFoundError: the server does not know the job.
        KodiscError: the job had ended already; or the server did not answer.
    """
    status, body = _ask(address, "POST", f"/local/jobs/{quote(job_id, safe='')}/cancel")
    if status == 404:
        raise JobNotFoundError(
            f"The render server on this machine does not know job {job_id!r:.100}.", job_id=job_id
        )
    if status == 409:
        raise KodiscError(f"{body.get('message', 'The job has ended already.')}", job_id=job_id)
    if status != 200:
        raise LocalServerError("The render server on this machine did not answer.", job_id=job_id)


def keeps_bytes(address: Address) -> int | None:
    """Bytes of drawn pieces of videos that the server keeps; ``None`` when it does not say."""
    _, said = _ask(address, "GET", "/local/segments")
    found = said.get("bytes")
    return found if isinstance(found, int) else None


def clear_kept(address: Address) -> int:
    """Remove them; how many bytes they were.

    Raises:
        LocalServerError: the server did not answer.
    """
    status, said = _ask(address, "POST", "/local/segments")
    removed = said.get("removed")
    if status != 200 or not isinstance(removed, int):
        raise LocalServerError("The render server on this machine did not answer.")
    return removed


def stop(home: Path) -> tuple[str, ...] | None:
    """End the server, for good what it has open: the IDs of those jobs; ``None``: none was running.

    It has given its folder free when this returns, so another can start.

    Raises:
        LocalServerError: it did not end within :data:`STOP_LIMIT_S`.
    """
    place = folder(home)
    if not place.is_dir():
        return None
    with _lock(place / "start.lock"):  # nobody starts one meanwhile
        running = find(home)
        if running is None:
            return None
        _, said = _ask(running, "POST", "/local/cancel")
        dropped = tuple(str(job_id) for job_id in said.get("cancelled", ()))
        if dropped:
            time.sleep(LAST_NEWS_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_S
        while _answers(running) or _is_locked(place / "data" / "lock"):
            if time.monotonic() > deadline:
                raise LocalServerError(
                    f"The render server on this machine (process {running.pid}) did not stop.",
                    hint="Try again, or end that process.",
                )
            time.sleep(_POLL_S)
    return dropped


def _start(place: Path, niceness: int) -> Address:
    free_by = time.monotonic() + STOP_LIMIT_S
    while _is_locked(place / "data" / "lock") and time.monotonic() < free_by:
        time.sleep(_POLL_S)  # an earlier one is just ending by itself
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
        said = json.loads(line)
        address = Address(str(said["url"]), str(said["key"]), process.pid)
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


def _answers(address: Address) -> bool:
    """Whether our server is there: the port may have gone to another program since."""
    return _ask(address, "GET", f"{urlsplit(address.url).path}/me")[0] == 200


def _ask(address: Address, method: str, path: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of an answer; status 0 when there was none."""
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(address.url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=_ANSWER_LIMIT_S)
    connection.set_debuglevel(0)  # else http.client's debugging prints the key
    try:
        headers = {"Authorization": f"Bearer {address.key}"}
        connection.request(method, path, body=b"" if method == "POST" else None, headers=headers)
        answer = connection.getresponse()
        said = json.loads(answer.read(_ANSWER_BYTES))
        return answer.status, said if isinstance(said, dict) else {}
    except (OSError, HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()


def _is_locked(path: Path) -> bool:
    """Whether a server still has its folder; it lets go when everything of it has ended."""
    if sys.platform == "win32" or not path.exists():
        return False
    import fcntl

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("a+b") as lock_file:
        lock, unlock = _locking()
        lock(lock_file)
        try:
            yield
        finally:
            unlock(lock_file)


def _locking() -> tuple[Callable[[IO[Any]], None], Callable[[IO[Any]], None]]:
    if sys.platform == "win32":
        import msvcrt

        return (
            lambda f: msvcrt.locking(f.fileno(), msvcrt.LK_LOCK, 1),
            lambda f: msvcrt.locking(f.fileno(), msvcrt.LK_UNLCK, 1),
        )
    import fcntl

    return (
        lambda f: fcntl.flock(f.fileno(), fcntl.LOCK_EX),
        lambda f: fcntl.flock(f.fileno(), fcntl.LOCK_UN),
    )
