"""The limit on open connections, with sockets that this test opens itself."""

import asyncio
import socket

from tornado.iostream import IOStream
from tornado.web import Application

from kodisc_jupyter.local.web import listening


def test_a_dropped_connection_no_longer_counts_before_its_close_is_noticed():
    async def connect(times):
        server = listening._Server(Application())
        server.limit = 3
        pairs = [socket.socketpair() for _ in range(times)]
        streams = [IOStream(ours) for ours, _ in pairs]
        for stream in streams:  # the loop does not run in between: no close is noticed
            server.handle_stream(stream, ("127.0.0.1", 1))
        still_open = [not stream.closed() for stream in streams]
        await server.close_all_connections()
        for _, theirs in pairs:
            theirs.close()
        return still_open

    assert asyncio.run(connect(12)) == [False] * 9 + [True] * 3
