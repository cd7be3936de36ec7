"""Which addresses the server of a class talks to, and how long it waits for strangers."""

from __future__ import annotations

import pytest

from kodisc_jupyter.local.classroom.webhooks import PublicResolver
from tests.support.event_loop import run_apart


def resolve(host):
    return run_apart(PublicResolver().resolve(host, 443))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "::1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "0.0.0.0"],
)
def test_webhooks_of_a_class_reach_no_machine_of_the_own_network(host):
    with pytest.raises(PermissionError, match="own network"):
        resolve(host)


def test_a_public_address_is_found():
    assert resolve("8.8.8.8")[0][1][0] == "8.8.8.8"
