"""What a server decides about keeping its users apart, and what it says, before it starts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kodisc_jupyter.local.isolation import (
    DASK_TRUSTS_EVERYONE,
    NOT_LOCKED_IN,
    IsolationError,
    decide,
)
from kodisc_jupyter.local.options import parse
from kodisc_jupyter.local.processes import dask_worker
from kodisc_jupyter.stage.task import RenderTask

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


def test_a_worker_that_joins_later_and_cannot_lock_in_renders_nothing(monkeypatch, tmp_path):
    distributed = pytest.importorskip("distributed")
    worker = SimpleNamespace(local_directory=str(tmp_path), security=distributed.Security())
    monkeypatch.setattr(distributed, "get_worker", lambda: worker)
    monkeypatch.setattr(dask_worker, "find_sandbox", lambda _: (None, "there is no bubblewrap"))
    task = RenderTask("j", "x = 1", "A", 1, 1, 1)
    error, duration_ms, files = dask_worker.render_here(task.to_json(), hidden=[])
    assert error == (
        "The render was not begun: the cluster's worker cannot lock scenes in: there is no "
        "bubblewrap."
    )
    assert (duration_ms, files) == (0, {})
    assert list(tmp_path.iterdir()) == []
