"""The limits on open connections, with sockets that these tests open themselves."""

import asyncio
import socket

import pytest
from tornado.iostream import IOStream
from tornado.web import Application

from kodisc_jupyter.local.web import listening
from tests.support.event_loop import run_apart

UNIX = ""
"""What the address of a client of a Unix socket is."""


def connect(limit, addresses, *, known=()):
    """Whether each connection is still open once all have come; the ``known`` sent a request."""

    async def come():
        server = listening._Server(Application())
        server.limit = limit
        pairs = [socket.socketpair() for _ in addresses]
        streams = [IOStream(ours) for ours, _ in pairs]
        # the loop does not run in between: no close is noticed
        for at, (stream, address) in enumerate(zip(streams, addresses, strict=True)):
            server.handle_stream(stream, address)
            if at in known:
                server._known(stream)
        still_open = [not stream.closed() for stream in streams]
        await server.close_all_connections()
        said = []
        for (_, theirs), alive in zip(pairs, still_open, strict=True):
            said.append(b"" if alive else theirs.recv(1000))
            theirs.close()
        return still_open, said

    return run_apart(come())


def test_a_dropped_connection_no_longer_counts_before_its_close_is_noticed():
    still_open, _ = connect(3, [("127.0.0.1", 1)] * 12)
    assert still_open == [False] * 9 + [True] * 3


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7", "fe80::1%eth0"])
def test_one_other_machine_gets_a_quarter_and_is_told_when_that_is_used_up(host):
    still_open, said = connect(20, [(host, 1)] * 8, known=range(8))
    assert still_open == [True] * 5 + [False] * 3
    assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in said[5:])
    assert all(b"Retry-After: " in answer and b'"overloaded"' in answer for answer in said[5:])


def test_a_machine_that_uses_its_share_up_keeps_no_other_out():
    addresses = [("192.0.2.7", 1)] * 9 + [("192.0.2.8", 1), ("127.0.0.1", 1)]
    still_open, _ = connect(8, addresses, known=range(11))
    assert still_open == [True, True] + [False] * 7 + [True, True]


@pytest.mark.parametrize("address", [("127.0.0.1", 1), ("::1", 1, 0, 0), UNIX])
def test_everybody_on_this_machine_has_one_address_and_all_the_connections(address):
    still_open, _ = connect(8, [address] * 9, known=range(9))
    assert still_open == [True] * 8 + [False]


def test_a_connection_that_sends_no_headers_is_closed_in_time(monkeypatch):
    async def come():
        server = listening._Server(Application())
        server.limit = 3
        silent, served = socket.socketpair(), socket.socketpair()
        for (ours, _), limit in ((silent, 0.01), (served, 60.0)):
            monkeypatch.setattr(listening, "HEADER_LIMIT_S", limit)
            server.handle_stream(IOStream(ours), ("127.0.0.1", 1))
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        loop = asyncio.get_running_loop()
        for _, theirs in (silent, served):
            theirs.setblocking(False)
        await loop.sock_sendall(served[1], request)
        answer = await loop.sock_recv(served[1], 1000)
        nothing = await loop.sock_recv(silent[1], 1000)  # returns at its end only
        still_open = len(server._open)
        await server.close_all_connections()
        for _, theirs in (silent, served):
            theirs.close()
        return answer, nothing, still_open

    answer, nothing, still_open = run_apart(come())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert (nothing, still_open) == (b"", 1)
