"""A real HTTP server on loopback that misbehaves on purpose, byte by byte."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEY = "kdsc_live_" + "ab" * 24
JOB_ID = "clx9f0a1b0000abcd1234efgh"
PATIENCE_S = 30.0
"""How long anything may take before the test gives up; never what a test waits for."""


@dataclass(frozen=True)
class Request:
    """One request, as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


Fault = Callable[["Server", socket.socket, Request], None]
"""What the server does with a connection once it has read a request from it."""


@dataclass
class Server:
    """Answers each method by its list of faults; the last one of a list repeats."""

    listener: socket.socket
    post: list[Fault] = field(default_factory=list)
    get: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    before_request: list[Callable[[socket.socket], bool]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        """The base URL of the API there."""
        return f"{self.origin}/api/v2"

    @property
    def name(self) -> str:
        """What a person reads: a server that is not the vendor's is called by its address."""
        return self.origin.removeprefix("http://")

    @property
    def posts(self) -> list[Request]:
        """The submissions that came."""
        return [request for request in self.requests if request.method == "POST"]

    @property
    def gets(self) -> list[Request]:
        """The polls that came."""
        return [request for request in self.requests if request.method == "GET"]

    def serve(self) -> None:
        """Answer until it is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE_S)
            with self._lock:
                self.connections += 1
                self._open.append(connection)
                early = self.before_request.pop(0) if self.before_request else None
            if early is not None:
                early(connection)
                return
            try:
                while (request := read_request(connection)) is not None:
                    with self._lock:
                        self.requests.append(request)
                        faults = self.post if request.method == "POST" else self.get
                        fault = faults[0] if len(faults) == 1 else faults.pop(0)
                    self.arrived.set()
                    fault(self, connection, request)
            except OSError:
                return  # the client hung up, or a fault closed the connection

    def close(self) -> None:
        """End every connection, and its threads."""
        self.released.set()
        if self.listener.fileno() != -1:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):  # closed already, by either side
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(PATIENCE_S)


def read_request(connection: socket.socket) -> Request | None:
    """The next request of a connection; ``None`` when the client hung up."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return None
        head += byte
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = b""
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    return Request(method, path, headers, body)


def answer(status: int, body: object = b"", **headers: str) -> Fault:
    """A whole answer; ``retry_after="3"`` becomes the header ``retry-after: 3``."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def fault(server: Server, connection: socket.socket, request: Request) -> None:
        connection.sendall(head(status, len(raw), **headers) + raw)

    return fault


def head(status: int, length: int, **headers: str) -> bytes:
    """The status line and the headers of an answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def accepted(server: Server, connection: socket.socket, request: Request) -> None:
    """Take a submission."""
    answer(202, {"jobId": JOB_ID, "status": "queued", "endpoint": "render"})(
        server, connection, request
    )


def job(status: str, **fields: object) -> Fault:
    """A job in this status."""
    body = {
        "jobId": JOB_ID,
        "endpoint": "render",
        "status": status,
        "creditsCost": 0,
        "durationMs": None,
        "result": None,
        "error": None,
        "metadata": None,
        "createdAt": "2025-01-01T00:00:00.000Z",
        "completedAt": None,
        **fields,
    }
    return answer(200, body)


running = job("running")
completed = job(
    "completed",
    creditsCost=51,
    durationMs=8000,
    result={"video": "https://cdn.example/r/1/video.mp4", "thumbnail": None, "captions": None},
)


def account(paid: int = 1840, free: int = 200) -> Fault:
    """An account with so many credits."""
    balance = {"paid": paid, "free": free, "total": paid + free}
    return answer(
        200,
        {"userId": "usr_1", "keyId": "key_1", "keyPrefix": "kdsc_live_abab", "credits": balance},
    )


def cut(server: Server, connection: socket.socket, request: Request) -> None:
    """Hang up after the request was read, with no answer."""
    hang_up(connection)


def cut_in_body(status: int, raw: bytes, sent: int) -> Fault:
    """Announce all of ``raw``, send some of it, hang up."""

    def fault(server: Server, connection: socket.socket, request: Request) -> None:
        connection.sendall(head(status, len(raw)) + raw[:sent])
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError

    return fault


def stall(server: Server, connection: socket.socket, request: Request) -> None:
    """Say nothing until the test is over or the client has hung up."""
    wait_for_hang_up(server, connection)
    raise ConnectionAbortedError


def dribble(before: bytes, drop: bytes, seconds: float) -> Fault:
    """After ``before``, send ``drop`` again and again, each well within a read timeout."""

    def fault(server: Server, connection: socket.socket, request: Request) -> None:
        connection.sendall(before)
        while not server.released.wait(seconds):
            connection.sendall(drop)
        raise ConnectionAbortedError

    return fault


def hang_up(connection: socket.socket) -> None:
    """Reset the connection: nothing that is still on its way arrives."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    raise ConnectionAbortedError


def wait_for_hang_up(server: Server, connection: socket.socket) -> None:
    """Wait until the client has hung up, or the test is over."""
    while not server.released.is_set():
        readable, _, _ = select.select([connection], [], [], 0.1)
        if readable and not connection.recv(1, socket.MSG_PEEK):
            return


@dataclass
class Seen:
    """What a client waited for, instead of waiting."""

    sleeps: list[float] = field(default_factory=list)
    clock: float = 0.0

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.sleeps.append(seconds)
        self.clock += seconds
