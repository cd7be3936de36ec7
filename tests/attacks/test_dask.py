"""A class whose scenes run on a Dask cluster with TLS: workers lock them in, and trust nobody else.

The cluster is set up as docs/class-server.md says, with its certificate and its settings.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from tests.attacks.conftest import ADA, attacked, make_class
from tests.attacks.test_attacks import MEMORY, refused
from tests.renders_local.dask_cluster import Cluster, tls_of_the_page
from tests.support.render_server import Starter, children

pytestmark = pytest.mark.render


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"), workers=1, threads=3, tls=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def on_dask(sandbox, cluster, tmp_path_factory):
    starter = Starter(lambda: tmp_path_factory.mktemp("server"))
    try:
        made = make_class(
            tmp_path_factory.mktemp("class"),
            starter,
            *("--dask", cluster.address),
            rooms=cluster.folder_of(0),
            renderer=cluster.workers[0].pid,
            environment=cluster.environment,
        )
        yield made
        made.end_beside()
    finally:
        starter.close()


@pytest.fixture
def class_(on_dask, cluster):
    yield from attacked(on_dask)
    assert cluster.workers[0].poll() is None


def call_the_cluster(address, environment):
    """What a stranger's program gets who runs code on every worker: its last line."""
    program = (
        "import sys, os\nfrom distributed import Client\n"
        "client = Client(sys.argv[1], timeout=5)\nclient.wait_for_workers(1)\n"
        "print(client.run(os.getpid))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, address],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    return (run.stdout + run.stderr).strip().splitlines()[-1]


def test_only_who_has_the_certificate_can_use_the_cluster(cluster, tmp_path):
    pid = cluster.workers[0].pid
    assert str(pid) in call_the_cluster(cluster.address, cluster.environment)
    for stranger in ({}, tls_of_the_page(tmp_path)):
        answer = call_the_cluster(cluster.address, stranger)
        assert str(pid) not in answer
        assert "Error" in answer
    plain = call_the_cluster(cluster.address.replace("tls://", "tcp://"), {})
    assert str(pid) not in plain


def test_code_cannot_be_sent_to_the_scheduler_from_a_scene(class_, cluster):
    host, port = cluster.address.removeprefix("tls://").split(":")
    refused(class_, f"socket.create_connection(({host!r}, {port}), 2)")


def test_a_worker_hides_the_key_of_the_cluster_and_the_servers_files(class_, cluster):
    for path in (
        cluster.environment["DASK_CONFIG"],
        cluster.folder.joinpath("dask.key"),
        class_.users,
        class_.data / "ledger.sqlite3",
        class_.data / "webhook-secret",
    ):
        refused(class_, f"open({str(path)!r}).read()")
    assert ADA not in class_.tells("dict(os.environ)")
    assert "DASK" not in class_.tells("sorted(os.environ)")


def test_a_workers_process_is_out_of_reach(class_, cluster):
    seen = class_.tells(
        "[open(f'/proc/{n}/cmdline').read()[:300] for n in os.listdir('/proc') if n.isdigit()]"
    )
    assert "dask" not in seen
    class_.attack("os.kill(1, signal.SIGKILL); os.kill(-1, signal.SIGSTOP); signal.pause()")


def test_the_key_of_the_cluster_is_not_in_a_scenes_memory(class_, cluster):
    """Looked for by its beginning, which the scene knows, and by the hash of what follows."""
    line = cluster.folder.joinpath("dask.key").read_bytes().splitlines()[5]
    begin, rest = line[:16], hashlib.sha256(line[16:32]).hexdigest()
    found = class_.tells(
        f"{{hashlib.sha256(m).hexdigest() == {rest!r}"
        " for chunk in chunks()"
        f" for m in re.findall(re.escape({begin!r}) + b'(.{{16}})', chunk, re.DOTALL)}}",
        head="import re, hashlib\n" + MEMORY,
    )
    assert found == "{False}"


def test_each_user_has_a_process_of_their_own_on_the_worker(class_, cluster):
    class_.attack("pass")
    forkers = children(cluster.workers[0].pid)
    assert class_.neighbour.forker in forkers
    assert len(forkers) >= 2
