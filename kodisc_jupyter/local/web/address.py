"""Where the server listens: on a port, on a Unix socket, or on a socket that systemd hands over."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tornado.netutil import bind_sockets, bind_unix_socket

from kodisc_jupyter.local.options import LOOPBACK, Options

_FIRST_PASSED: Final = 3
"""systemd passes sockets from this descriptor on."""


class AddressError(RuntimeError):
    """The server cannot listen where it was told to; the message says why, in one line."""


@dataclass(frozen=True)
class Bound:
    """What the server listens on, and the beginning of every URL that leads to it.

    ``made`` is the Unix socket's file where the server made it itself.
    """

    sockets: list[socket.socket]
    origin: str
    host: str = ""
    made: Path | None = None
    inode: int = 0

    @property
    def unix(self) -> bool:
        """Whether it is a Unix socket."""
        return not self.host

    @property
    def open_to_others(self) -> bool:
        """Whether other machines can reach it."""
        return not self.unix and self.host not in LOOPBACK

    def remove(self) -> None:
        """Remove the file that was made, unless it is another server's by now."""
        if self.made is not None:
            with contextlib.suppress(OSError):
                if self.made.stat().st_ino == self.inode:
                    self.made.unlink()


def bind(options: Options, environment: MutableMapping[str, str]) -> Bound:
    """Take the socket that systemd passed, or else bind the one that was asked for.

    Raises:
        AddressError: it cannot be had.
    """
    passed = _passed(environment)
    if passed is not None:
        return _of(passed)
    if options.socket is not None:
        return _bind_unix(options.socket.absolute())
    try:
        sockets = bind_sockets(options.port, options.host, reuse_port=False)
    except OSError as problem:
        raise AddressError(
            f"cannot listen on {options.host} port {options.port}: {problem.strerror}"
        ) from None
    return Bound(sockets, _http(options.host, sockets[0].getsockname()[1]), options.host)


def _bind_unix(path: Path) -> Bound:
    try:
        if _is_in_use(path):
            raise AddressError(f"cannot listen on {path}: another server listens there")
        made = bind_unix_socket(str(path), mode=0o600)  # replaces a socket that nobody listens on
        return Bound([made], _unix(str(path)), made=path, inode=path.stat().st_ino)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise AddressError(f"cannot listen on {path}: {why}") from None


def _is_in_use(path: Path) -> bool:
    """Whether a server answers there; a file that is no socket is an error and stays."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.EEXIST, "there is a file of that name, which is no socket")
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(5)
        try:
            asked.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except TimeoutError:
            return True  # too busy to take one more
    return True


def _passed(environment: MutableMapping[str, str]) -> socket.socket | None:
    """The one socket that systemd passed to this process, if it did; its variables are taken out.

    Raises:
        AddressError: it passed several, or something else.
    """
    from_systemd = {name: environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS")}
    environment.pop("LISTEN_FDNAMES", None)
    if from_systemd["LISTEN_PID"] != str(os.getpid()):
        return None
    if from_systemd["LISTEN_FDS"] != "1":
        raise AddressError(
            f"systemd passed {from_systemd['LISTEN_FDS'] or 'no'} sockets, and 1 is served"
        )
    try:
        os.set_inheritable(_FIRST_PASSED, False)
        passed = socket.socket(fileno=_FIRST_PASSED)
        listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as problem:
        raise AddressError(f"the socket of systemd cannot be used: {problem.strerror}") from None
    if not listens:
        raise AddressError("the socket of systemd cannot be used: it does not listen")
    passed.setblocking(False)
    return passed


def _of(passed: socket.socket) -> Bound:
    name = passed.getsockname()
    if isinstance(name, tuple):
        return Bound([passed], _http(name[0], name[1]), name[0])
    return Bound([passed], _unix(os.fsdecode(name)))


def _unix(path: str) -> str:
    return f"http+unix://{quote(path, safe='')}"


def _http(host: str, port: int) -> str:
    """A wildcard address is this machine."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  compared, not bound
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
