"""Where the contract is held against: our own server, or the vendor with somebody's real key."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field

import pytest
import requests

from kodisc_jupyter.api.auth import find_key
from kodisc_jupyter.api.client import BASE_URL, BASE_URL_VARIABLE, Client
from kodisc_jupyter.api.credits import balance_text
from kodisc_jupyter.api.errors import RenderFailedError
from kodisc_jupyter.api.models import Account, Job, RenderRequest
from tests.support.render_server import Starter

LIVE = os.environ.get("KODISC_CONTRACT_LIVE") == "1"
PATIENCE_S = 300.0

ANNOUNCEMENT = """
The contract tests are about to run against {url}, with the key {prefix}… from {source}.
They render two small scenes in low quality, one of which fails on purpose, and send some requests
that are refused. That will take credits for the first scene, and perhaps for the second; how many
is not published. {balance}
"""

GOOD = """from manim import *


class Contract(Scene):
    def construct(self):
        self.play(Create(Square()), run_time=0.2)
"""
BAD = """from manim import *


class Broken(Scene):
    def construct(self):
        self.play(Create(undefined_name))
"""
METADATA = {"list": [1, 2.5, None, True], "text": "é 𝄞 </script>", "empty": {}}


@dataclass(frozen=True)
class Target:
    """An API to be held to the page."""

    base_url: str
    key: str = field(repr=False)

    def call(self, method: str, path: str, *, key: str | None = "", **options) -> requests.Response:
        """One plain request, without our client. ``key=None`` leaves the header out."""
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.key}"
        return requests.request(
            method,
            self.base_url + path,
            headers=headers,
            timeout=60,
            allow_redirects=False,
            **options,
        )


@dataclass(frozen=True)
class Rendered:
    """One render and all the answers that were seen of it."""

    accepted: requests.Response
    answers: list[dict]
    before: Account
    after: Account

    @property
    def last(self) -> dict:
        return self.answers[-1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Against the vendor the suite is one of the live runs: `make contract-live`."""
    for item in items:
        if LIVE and item.path.name == "test_contract.py":
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def start_local(tmp_path_factory):
    """Start our own server with the given options; all of them end with the tests."""
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))

    def start(*options: str) -> Target:
        server = starter("--workers", 1, *options)
        return Target(server.url, server.key)

    yield start
    starter.close()


@pytest.fixture(scope="session")
def target(request) -> Target:
    """Our own server; the vendor, once somebody has agreed to what that costs."""
    if not LIVE:
        return request.getfixturevalue("start_local")("--credits", "1000")
    key = find_key()
    if key is None:
        pytest.exit("contract-live needs a key in KODISC_KEY.", returncode=2)
    base_url = os.environ.get(BASE_URL_VARIABLE) or BASE_URL
    with Client(key, base_url=base_url) as client:
        account = client.get_me()
    announce(base_url, key.source, account)
    return Target(base_url.rstrip("/"), key.value)


def announce(base_url: str, source: str, account: Account) -> None:
    balance = account.credits
    print(
        ANNOUNCEMENT.format(
            url=base_url,
            prefix=account.key_prefix,
            source=source,
            balance=balance_text(balance),
        )
    )
    if os.environ.get("KODISC_CONTRACT_YES") == "1":
        return
    if not sys.stdin.isatty():
        pytest.exit("Nobody is there to agree; KODISC_CONTRACT_YES=1 agrees.", returncode=2)
    if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        pytest.exit("Nothing was rendered.", returncode=2)


@pytest.fixture(scope="session")
def client(target):
    with Client(target.key, base_url=target.base_url) as client:
        yield client


def render(target: Target, client: Client, request: RenderRequest) -> Rendered:
    before = client.get_me()
    accepted = target.call("POST", "/render", json=request.to_json())
    assert accepted.status_code == 202, accepted.text
    job_id = accepted.json()["jobId"]
    answers = []

    def note(_: Job) -> None:
        answers.append(target.call("GET", f"/render/{job_id}").json())

    with contextlib.suppress(RenderFailedError):  # as one of the two is meant to
        client.wait(job_id, timeout=PATIENCE_S, on_poll=note)
    return Rendered(accepted, answers, before, client.get_me())


@pytest.fixture(scope="session")
def completed(target, client) -> Rendered:
    request = RenderRequest(GOOD, "Contract", quality="low", metadata=METADATA, webhook_url=None)
    return render(target, client, request)


@pytest.fixture(scope="session")
def failed(target, client) -> Rendered:
    return render(target, client, RenderRequest(BAD, "Broken", quality="low", webhook_url=None))
