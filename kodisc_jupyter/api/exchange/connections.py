"""The connections under requests: they never retry, never print, and do not wait for ever.

``http.client`` prints every header, the key among them, to standard output when its
``debuglevel`` is set, as recipes for debugging requests do; and its timeout holds for one arrival
of bytes only, so a server that sends its headers one byte at a time could hold a thread for days.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from kodisc_jupyter.api.address import socket_path

PATIENCE: Final = 4
"""An answer has to be complete within so many read timeouts."""


class _Arriving(io.RawIOBase):
    """What arrives on a socket; not after ``deadline`` (monotonic seconds), if there is one."""

    def __init__(self, raw: io.RawIOBase, deadline: float | None) -> None:
        super().__init__()
        self._raw = raw
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeoutError("the headers took too long")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response whose status line and headers have to arrive in time."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        timeout = sock.gettimeout()
        self._arriving = _Arriving(
            self.fp.detach(), None if timeout is None else time.monotonic() + PATIENCE * timeout
        )
        self.fp = io.BufferedReader(self._arriving)

    def begin(self) -> None:
        super().begin()
        self._arriving.deadline = None


class _Connection(HTTPConnection):
    debuglevel = 0
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    debuglevel = 0
    response_class = _Response


class _UnixConnection(_Connection):
    def __init__(self, *args: Any, socket_path: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._socket_path = socket_path

    def _new_conn(self) -> socket.socket:
        """Called by urllib3 for the socket of a connection."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(self.timeout)
            sock.connect(self._socket_path)
        except OSError as problem:
            sock.close()
            raise NewConnectionError(self, f"no connection could be made: {problem}") from problem
        return sock


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _Pool, "https": _SecurePool}


class Adapter(HTTPAdapter):
    """The adapter of all our sessions: ``max_retries=0``, so that two layers never multiply."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Called by requests when the adapter is made."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Called by requests for each proxy of the environment."""
        manager = super().proxy_manager_for(*args, **kwargs)
        if type(manager) is ProxyManager:  # a SOCKS manager brings pools of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _UnixPool(HTTPConnectionPool):
    ConnectionCls = _UnixConnection


class UnixAdapter(Adapter):
    """The adapter of servers behind a Unix socket; there is no proxy on the way."""

    def __init__(self) -> None:
        super().__init__()
        self._pools: dict[str, _UnixPool] = {}

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> Any:
        """Called by requests from 2.32 on."""
        return self.get_connection(request.url)

    def get_connection(self, url: Any, *_: Any, **__: Any) -> Any:
        """Called by requests before 2.32."""
        path = socket_path(url)
        if path is None:
            raise ValueError("the URL does not hold the path of a Unix socket")
        if path not in self._pools:
            self._pools[path] = _UnixPool("localhost", maxsize=10, socket_path=path)
        return self._pools[path]

    def close(self) -> None:
        """Close the kept connections."""
        super().close()
        for pool in self._pools.values():
            pool.close()
