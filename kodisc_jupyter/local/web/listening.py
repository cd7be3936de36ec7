"""The application behind the server's socket, with a limit on open connections."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate
from tornado.ioloop import IOLoop
from tornado.web import Application

from kodisc_jupyter.local.web.address import Bound

IDLE_CONNECTION_S: Final = 300.0
BODY_LIMIT_S: Final = 30.0

HEADER_LIMIT_S: Final = 15.0
"""Seconds for the headers of a connection's first request."""

SHARE_OF_AN_ADDRESS: Final = 4
"""One other machine gets a quarter of the connections; on this one everybody has one address."""

_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 67\r\n\r\n"
)
_FULL_BODY: Final = b'{"error":"overloaded","message":"Too many connections are open"}'


class _InTime(HTTPMessageDelegate):  # type: ignore[misc]
    """A request whose headers have arrived: from then on its connection is no stranger's."""

    def __init__(self, delegate: Any, known: Callable[[], None]) -> None:
        self._delegate = delegate
        self._known = known

    def headers_received(self, start_line: Any, headers: Any) -> Any:
        self._known()
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


class _Server(HTTPServer):  # type: ignore[misc]
    """Answers 503 to connections over the limit; half-open ones never keep others out."""

    limit = 0

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        self._open: dict[Any, str] = {}
        self._half_open: dict[Any, object] = {}

    def handle_stream(self, stream: Any, address: Any) -> None:
        host = _host(address)
        if len(self._open) >= self.limit and self._half_open:
            self._drop(next(iter(self._half_open)))
        most = self.limit if _is_here(host) else max(1, self.limit // SHARE_OF_AN_ADDRESS)
        of_this_host = sum(other == host for other in self._open.values())
        if len(self._open) >= self.limit or of_this_host >= most:
            head = _FULL.replace(b"67", str(len(_FULL_BODY)).encode())
            stream.write(head + _FULL_BODY)
            stream.close()
            return
        self._open[stream] = host
        loop = IOLoop.current()
        self._half_open[stream] = loop.call_later(HEADER_LIMIT_S, self._drop, stream)
        super().handle_stream(stream, address)

    def start_request(self, server_conn: Any, request_conn: Any) -> Any:
        delegate = super().start_request(server_conn, request_conn)
        return _InTime(delegate, lambda: self._known(server_conn.stream))

    def on_close(self, server_conn: Any) -> None:
        super().on_close(server_conn)
        self._forget(server_conn.stream)

    def _known(self, stream: Any) -> None:
        timer = self._half_open.pop(stream, None)
        if timer is not None:
            IOLoop.current().remove_timeout(timer)

    def _forget(self, stream: Any) -> None:
        self._known(stream)
        self._open.pop(stream, None)

    def _drop(self, stream: Any) -> None:
        """Close a connection; it no longer counts, though `on_close` comes only later."""
        self._forget(stream)
        stream.close()


def _is_here(host: str) -> bool:
    return host == "localhost" or ip_address(host.split("%", maxsplit=1)[0]).is_loopback


def _host(address: Any) -> str:
    """Whose connections are counted together; those of a Unix socket have no address."""
    return str(address[0]) if isinstance(address, tuple) else "localhost"


class Listener:
    """Serves an application at one address."""

    def __init__(self, app: Application, connections: int) -> None:
        self._server = _Server(
            app,
            idle_connection_timeout=IDLE_CONNECTION_S,
            body_timeout=BODY_LIMIT_S,
            max_header_size=32 << 10,
        )
        self._server.limit = connections

    def listen(self, bound: Bound) -> None:
        """Begin to accept."""
        self._server.add_sockets(bound.sockets)

    async def close(self) -> None:
        """Stop accepting and close what is open."""
        self._server.stop()
        await self._server.close_all_connections()
