"""What a server decides about keeping its users apart, and what it says, before it starts."""

from __future__ import annotations

import pytest

from kodisc_jupyter.local.isolation import (
    DASK_TRUSTS_EVERYONE,
    NOT_LOCKED_IN,
    IsolationError,
    decide,
)
from kodisc_jupyter.local.options import parse

USERS = ("--users", "class.toml")
TCP, TLS = ("--dask", "tcp://10.0.0.1:8786"), ("--dask", "tls://10.0.0.1:8786")
OFF = ("--sandbox", "off")


@pytest.mark.parametrize(
    ("line", "locked_in", "exposed", "warnings"),
    [
        ((), False, False, ()),
        (OFF, False, False, ()),
        (("--sandbox", "on"), True, False, ()),
        (USERS, True, False, ()),
        ((*USERS, *OFF), False, True, (NOT_LOCKED_IN,)),
        (TCP, False, False, (DASK_TRUSTS_EVERYONE,)),
        (TLS, False, False, ()),
        ((*USERS, *TLS), True, False, ()),
        ((*USERS, *TLS, *OFF), False, True, (NOT_LOCKED_IN,)),
        ((*USERS, *TCP, "--dask-without-tls"), True, False, (DASK_TRUSTS_EVERYONE,)),
        ((*USERS, *TCP, *OFF), False, True, (DASK_TRUSTS_EVERYONE, NOT_LOCKED_IN)),
    ],
)
def test_who_is_locked_in_and_what_is_said(line, locked_in, exposed, warnings):
    decided = decide(parse(line))
    assert (decided.locked_in, decided.exposed) == (locked_in, exposed)
    assert decided.warnings == warnings


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "10.0.0.1:8786", "ws://10.0.0.1:1"])
def test_several_users_on_an_open_cluster_are_refused_until_it_is_said(address):
    with pytest.raises(IsolationError, match="--dask-without-tls"):
        decide(parse([*USERS, "--dask", address]))
