"""The server's socket, with a limit on open connections."""

from __future__ import annotations

from typing import Any, Final

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

IDLE_CONNECTION_S: Final = 300.0
BODY_LIMIT_S: Final = 30.0

_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 67\r\n\r\n"
)
_FULL_BODY: Final = b'{"error":"overloaded","message":"Too many connections are open"}'


class _Server(HTTPServer):  # type: ignore[misc]
    """Answers 503 to connections over the limit."""

    limit = 0

    def handle_stream(self, stream: Any, address: Any) -> None:
        if len(self._connections) < self.limit:
            super().handle_stream(stream, address)
            return
        head = _FULL.replace(b"67", str(len(_FULL_BODY)).encode())
        stream.write(head + _FULL_BODY)
        stream.close()


class Listener:
    """Serves an application on one port."""

    def __init__(self, app: Application, connections: int) -> None:
        self._server = _Server(
            app,
            idle_connection_timeout=IDLE_CONNECTION_S,
            body_timeout=BODY_LIMIT_S,
            max_header_size=32 << 10,
        )
        self._server.limit = connections

    def listen(self, host: str, port: int) -> int:
        """Begin to accept; the port, which is a free one where 0 was asked for.

        Raises:
            OSError: the address or port cannot be had.
        """
        sockets = bind_sockets(port, host, reuse_port=False)
        self._server.add_sockets(sockets)
        return int(sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop accepting and close what is open."""
        self._server.stop()
        await self._server.close_all_connections()
