"""Real kernels: unattended through nbclient, and interactive through jupyter_client."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from kodisc_jupyter.renders import local_server
from tests.support.render_server import Starter, share_server

LIMIT_S = 240
CLOUD_USERS = 100

LOAD = """\
%load_ext kodisc_jupyter
from kodisc_jupyter.renders.watch import pacing as _pacing
_pacing.FIRST_POLL_S["cloud"], _pacing.NEXT_POLL_S["cloud"] = 0.2, 0.1
del _pacing
"""
"""The server in the vendor's place is on this machine, and is asked accordingly soon."""

WIDGET = "application/vnd.jupyter.widget-view+json"

KERNEL = "kodisc-test"
OTHER_PYTHON = os.environ.get("KODISC_TEST_PYTHON")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items) -> None:
    """With another Python (``make test`` has one with Colab's versions): what runs in it."""
    if OTHER_PYTHON is None:
        return
    here = [item for item in items if "kernel_python" in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in here])
    items[:] = here


@pytest.fixture(scope="session")
def kernel_python() -> str:
    """The Python of kernels and terminals: this one, or the one that ``make test`` names."""
    return OTHER_PYTHON or sys.executable


@pytest.fixture(scope="session")
def kernel_spec(kernel_python, tmp_path_factory) -> Iterator[None]:
    """A kernel of that Python, known to Jupyter under a name of its own."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = folder / "kernels" / KERNEL
    spec.mkdir(parents=True)
    command = [kernel_python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": KERNEL}))
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(folder), before]))
    yield
    os.environ.pop("JUPYTER_PATH")
    if before is not None:
        os.environ["JUPYTER_PATH"] = before


START_SERVER = """\
import sys
from pathlib import Path
from kodisc_jupyter.renders import local_server
local_server.ensure(Path(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def render_home(render_home) -> Path:
    """The worker's, whose server is the kernels' Python's, whichever test comes first."""
    subprocess.run(
        [OTHER_PYTHON or sys.executable, "-c", START_SERVER, render_home],
        check=True,
        env=environment(render_home),
    )
    return render_home


@pytest.fixture(scope="session")
def kodisc_home(render_home, tmp_path_factory) -> Iterator[Path]:
    """One KODISC_HOME for the tests of a worker that do not ask what was rendered before."""
    home = share_server(render_home, tmp_path_factory.mktemp("kernels") / "home")
    yield home
    local_server.stop(home)  # also one of its own: the worker's ends when it is idle for long


@pytest.fixture
def fresh_home(tmp_path) -> Iterator[Path]:
    """A KODISC_HOME of the test's own: an empty journal, and its own render server if it needs one."""
    home = tmp_path / "home"
    yield home
    local_server.stop(home)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The kernel's environment: no key of the surrounding shell."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KODISC_")}
    kept["KODISC_WARM_START"] = "0"  # each home would get a server, wanted or not
    return {**kept, "KODISC_HOME": str(home), **more}


@dataclass
class Executed:
    """An executed notebook: the outputs of each code cell."""

    notebook: nbformat.NotebookNode

    def outputs(self, cell: int) -> list[nbformat.NotebookNode]:
        return self.notebook.cells[cell].outputs

    def html(self, cell: int) -> str:
        return "".join(o.data.get("text/html", "") for o in self.outputs(cell) if "data" in o)

    def text(self, cell: int) -> str:
        return "\n".join(
            o.get("text", "") if o.output_type == "stream" else o.data.get("text/plain", "")
            for o in self.outputs(cell)
            if o.output_type != "error"
        )

    def error(self, cell: int) -> str:
        return "\n".join(
            "\n".join(o.traceback) for o in self.outputs(cell) if o.output_type == "error"
        )

    def mime_types(self) -> set[str]:
        return {
            kind
            for cell in self.notebook.cells
            for output in cell.get("outputs", ())
            for kind in output.get("data", {})
        }


@pytest.fixture(scope="session")
def listen() -> Iterator[Callable[[], dict[str, str]]]:
    """Where a new kernel listens: at no port, which another process could take before it does."""
    folders: list[str] = []

    def new() -> dict[str, str]:
        folders.append(tempfile.mkdtemp(prefix="kodisc-"))  # short: a socket's path is
        return {"transport": "ipc", "ip": f"{folders[-1]}/kernel"}

    yield new
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run_notebook(kernel_spec, listen, tmp_path) -> Callable[..., Executed]:
    """Execute cells as nbconvert does: a new kernel, nobody there to answer."""

    def run(*cells: str, home: Path, allow_errors: bool = False, **env: str) -> Executed:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in (LOAD, *cells)]
        )
        client = NotebookClient(
            notebook,
            timeout=LIMIT_S,
            allow_errors=allow_errors,
            kernel_name=KERNEL,
            config=Config(KernelManager=listen()),
            resources={"metadata": {"path": str(tmp_path)}},
        )
        client.execute(env=environment(home, **env))
        return Executed(notebook)

    return run


@dataclass
class Interactive:
    """A kernel with somebody there: displays are followed as a notebook's page does."""

    client: object
    manager: object
    displays: dict[str, dict] = field(default_factory=dict)
    messages: list[dict] = field(default_factory=list)
    comms: dict[str, dict] = field(default_factory=dict)

    def ask(self, code: str) -> str:
        """Send a cell, of which each is a person's own; returns the request's ID.

        After an error ipykernel sends back, for a moment, whatever comes in to a "Run All".
        """
        request: str = self.client.execute(code, allow_stdin=True, stop_on_error=False)
        return request

    def run(self, code: str, *, wait: bool = True) -> str:
        """Execute a cell; returns the request's ID (when ``wait``, after the reply)."""
        request = self.ask(code)
        if wait:
            self.until(lambda: self.status(request) == "idle")
        return request

    def status(self, request: str) -> str:
        states = [
            m["content"]["execution_state"]
            for m in self.messages
            if m["msg_type"] == "status" and m["parent_header"].get("msg_id") == request
        ]
        return states[-1] if states else ""

    def of(self, request: str, *kinds: str) -> list[dict]:
        return [
            m
            for m in self.messages
            if m["parent_header"].get("msg_id") == request and m["msg_type"] in kinds
        ]

    def error(self, request: str) -> str:
        """What a cell says of its error: the card, and the error output."""
        shown = [m["content"]["data"] for m in self.of(request, "display_data")]
        errors = self.of(request, "error")
        cards = [one["text/plain"] for one in shown if "kodisc-error" in one.get("text/html", "")]
        said = ["\n".join(m["content"]["traceback"]) for m in errors]
        return "\n".join([*cards, *said] if errors else said)

    def stdout(self, request: str) -> str:
        return "".join(m["content"]["text"] for m in self.of(request, "stream"))

    def displayed(self, request: str) -> list[str]:
        """The display IDs of a cell, in order."""
        return [
            m["content"].get("transient", {}).get("display_id", "")
            for m in self.of(request, "display_data")
        ]

    def until(self, done: Callable[[], object], limit_s: float = LIMIT_S):
        """Take in messages until something is true; returns it."""
        import time

        deadline = time.monotonic() + limit_s
        while True:
            value = done()
            if value:
                return value
            assert time.monotonic() < deadline, f"waited {limit_s} s; last: {self.messages[-3:]}"
            try:
                self._take(self.client.get_iopub_msg(timeout=1))
            except Empty:
                continue

    def _take(self, message: dict) -> None:
        self.messages.append(message)
        kind, content = message["msg_type"], message["content"]
        if kind in {"display_data", "update_display_data"}:
            display_id = content.get("transient", {}).get("display_id")
            if display_id:
                self.displays[display_id] = content["data"]
        elif kind == "comm_open":
            self.comms[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif kind == "comm_msg" and content["data"].get("method") in {"update", "echo_update"}:
            self.comms.setdefault(content["comm_id"], {}).update(content["data"]["state"])

    def final(self, request: str, index: int = 0) -> dict:
        """Wait until a cell's display no longer holds the widget; its MIME bundle."""
        display_id = self.until(lambda: self.displayed(request)[index:])[0]
        self.until(lambda: "text/html" in self.displays[display_id])
        return self.displays[display_id]


@pytest.fixture
def start_kernel(kernel_spec, listen, tmp_path) -> Iterator[Callable[..., Interactive]]:
    """Start kernels; they end with the test."""
    from jupyter_client.manager import KernelManager

    started: list[Interactive] = []

    def start(home: Path, *, load: bool = True, **env: str) -> Interactive:
        manager = KernelManager(kernel_name=KERNEL, **listen())
        manager.start_kernel(env=environment(home, **env), cwd=str(tmp_path))
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=LIMIT_S)
        kernel = Interactive(client, manager)
        started.append(kernel)
        if load:
            kernel.run(LOAD)
        return kernel

    yield start
    for kernel in started:
        kernel.client.stop_channels()
        kernel.manager.shutdown_kernel(now=True)


@dataclass
class Cloud:
    """The project's own server in the vendor's place, seen through a recording proxy."""

    url: str
    key: str
    requests: list[tuple[str, str, dict, bytes]]

    @property
    def posts(self) -> list[dict]:
        return [json.loads(body) for method, _, _, body in self.requests if method == "POST"]

    def env(self) -> dict[str, str]:
        """No rehearsals: they need a second server, and have tests of their own."""
        return {
            "KODISC_KEY": self.key,
            "KODISC_BASE_URL": self.url,
            "KODISC_REHEARSE": "never",
        }


@pytest.fixture(scope="session")
def cloud_users(tmp_path_factory) -> Iterator[Iterator[tuple[str, str]]]:
    """One server in the vendor's place for a worker's tests: its address, and a key for each."""
    folder = tmp_path_factory.mktemp("cloud")
    keys = ["kdsc_live_" + hashlib.sha256(b"%d" % n).hexdigest()[:48] for n in range(CLOUD_USERS)]
    tables = [f'[users.user{n}]\nkey = "{key}"\ncredits = 1000\n' for n, key in enumerate(keys)]
    users = folder / "users.toml"
    users.touch(0o600)
    users.write_text("".join(tables))
    start = Starter(lambda: folder)
    server = start(
        *("--users", users, "--data-dir", folder / "data", "--workers", 2, "--sandbox", "off")
    )
    yield zip(itertools.repeat(server.url), keys, strict=False)
    start.close()


@pytest.fixture
def cloud(cloud_users) -> Iterator[Cloud]:
    """A server that takes credits, with a key, as the vendor's does: a user who has 1,000."""
    url, key = next(cloud_users)
    proxy = _proxy(url)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    port = proxy.server_address[1]
    yield Cloud(f"http://127.0.0.1:{port}/api/v2", key, proxy.seen)
    proxy.shutdown()
    proxy.server_close()


def _proxy(target: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.server.seen.append((self.command, self.path, dict(self.headers), body))
            headers = {
                k: v
                for k, v in self.headers.items()
                if k.lower() not in {"host", "connection", "accept-encoding"}
            }
            url = target.removesuffix("/api/v2") + self.path
            request = Request(url, data=body or None, headers=headers, method=self.command)
            try:
                with urlopen(request) as answer:
                    status, kind, content = (
                        answer.status,
                        answer.headers["Content-Type"],
                        answer.read(),
                    )
            except HTTPError as refusal:
                status, kind, content = (
                    refusal.code,
                    refusal.headers["Content-Type"],
                    refusal.read(),
                )
            self.send_response(status)
            self.send_header("Content-Type", kind or "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen = []
    return server
