"""A connection to the render server that another thread can end while an answer is waited for."""

from __future__ import annotations

import contextlib
from http.client import HTTPConnection
from socket import SHUT_RDWR
from threading import Lock


class InterruptibleConnection:
    """One connection: opened in one thread, ended in another."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._connection: HTTPConnection | None = None
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
            self._connection = connection
        return connection

    def end(self) -> None:
        """Nobody waits for an answer any more: the server sees the connection close."""
        with self._lock:
            self._ended = True
            connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):  # it has been closed already
                connection.sock.shutdown(SHUT_RDWR)
