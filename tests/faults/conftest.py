"""Servers that misbehave, and clients of theirs that never really sleep."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.support.faulty_server import KEY, Seen, Server, accepted, running


@pytest.fixture(autouse=True)
def _own_world(tmp_path, monkeypatch):
    """No key, no proxy, no keyring and no data folder but the test's own."""
    for name in ("KODISC_KEY", "KODISC_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("KODISC_HOME", str(tmp_path / "kodisc-home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def start_server():
    """Start as many misbehaving servers as a test needs."""
    servers = []

    def start() -> Server:
        server = Server(socket.create_server(("127.0.0.1", 0)), [accepted], [running])
        threading.Thread(target=server.serve, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def server(start_server) -> Server:
    return start_server()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def make_client(server, seen):
    """A client of the misbehaving server that never really sleeps and is never lucky."""
    from kodisc_jupyter.api.client import Client

    clients = []

    def make(key: str = KEY, **options) -> Client:
        options = {
            "base_url": server.url,
            "connect_timeout_s": 30.0,
            "read_timeout_s": 30.0,
        } | options
        client = Client(
            key, sleep=seen.sleep, monotonic=lambda: seen.clock, luck=lambda: 0.0, **options
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()
