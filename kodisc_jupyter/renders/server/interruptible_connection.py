"""A connection to the render server that another thread can end while an answer is waited for."""

from __future__ import annotations

import contextlib
from http.client import HTTPConnection
from socket import SHUT_RDWR, socket
from threading import Lock


class InterruptibleConnection:
    """One connection: opened in one thread, ended in another."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._socket: socket | None = None
        self._ended = False

    def open(self, host: str, port: int | None) -> HTTPConnection:
        """Connect to the server; whoever opens it closes it.

        Raises:
            OSError: the server cannot be reached, or nobody waits for an answer any more.
        """
        connection = HTTPConnection(host, port, timeout=self._timeout_s)
        connection.set_debuglevel(0)  # else http.client's debugging prints the key
        connection.connect()
        with self._lock:
            if self._ended:
                connection.close()
                raise ConnectionAbortedError("nobody waits for an answer any more")
            self._socket = connection.sock  # the connection lets go of it before the answer is read
        return connection

    def end(self) -> None:
        """Nobody waits for an answer any more: the server sees the connection close."""
        with self._lock:
            self._ended = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it has been closed already
                self._socket.shutdown(SHUT_RDWR)
