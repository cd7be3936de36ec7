"""Real JupyterLab and Notebook 7 in headless Chromium."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

import kodisc_jupyter

LIMIT_MS = 180_000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """The system's browser: Playwright's own builds are not downloaded."""
    found = [path for name in CHROMIUM if (path := shutil.which(name))]
    found += [path for path in MAC if Path(path).exists()]
    assert found, "no Chromium or Chrome: run make test, which installs it"
    return found[0]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright, chromium_program) -> Iterator[Browser]:
    """A browser whose pages know nothing of each other."""
    browser = playwright.chromium.launch(executable_path=chromium_program, args=FLAGS)
    yield browser
    browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    """Wait for a server to answer; show its own words when it ends first."""
    deadline = time.monotonic() + 120
    while True:
        assert process.poll() is None, f"the server ended:\n{log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"no answer at {url}:\n{log.read_text()[-3000:]}"
        try:
            with urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.05)  # between two questions, until it answers


def end(server: subprocess.Popen) -> None:
    """End a Jupyter server at once: its kernels see that it is gone, and end, too."""
    server.kill()
    server.wait()


EXTENSION = Path(kodisc_jupyter.__file__).parent / "static" / "labextension"


def extension_path(folder: Path) -> Path:
    """A data folder in which Jupyter finds our extension, as an installed wheel brings it."""
    share = folder / "share"
    # Not a link: Voilà serves nothing that lies elsewhere.
    shutil.copytree(EXTENSION, share / "labextensions" / "kodisc-jupyter", dirs_exist_ok=True)
    return share


def clean_environment(folder: Path, home: Path) -> dict[str, str]:
    """No key, no settings and no history of the person who runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KODISC_", "JUPYTER"))}
    return {
        **kept,
        "KODISC_HOME": str(home),
        "KODISC_WARM_START": "0",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_PATH": str(extension_path(folder)),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }


def wait_until_listening(port: int, process: subprocess.Popen, log: Path) -> None:
    """Wait for a port to be open, without asking the server for a page."""
    deadline = time.monotonic() + 120
    while True:
        assert process.poll() is None, f"the server ended:\n{log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"nothing listens:\n{log.read_text()[-3000:]}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)  # between two looks, until it listens
        else:
            return


@pytest.fixture
def voila_tools():
    """What a test needs to run a server of its own."""
    return SimpleNamespace(
        end=end,
        free_port=free_port,
        clean_environment=clean_environment,
        wait_until_listening=wait_until_listening,
    )


@dataclass
class Lab:
    """A running Jupyter server, with JupyterLab and Notebook 7 on it."""

    url: str
    root: Path
    home: Path
    cells_run_in_the_page: bool = True

    def write(self, name: str, *cells: str, **metadata) -> Path:
        """Write a notebook that names its kernel, so that nothing is asked."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                **metadata,
            },
        )
        path = self.root / name
        nbformat.write(notebook, path)
        return path

    def read(self, name: str) -> nbformat.NotebookNode:
        return nbformat.read(self.root / name, as_version=4)


@contextmanager
def jupyter_server(folder: Path, home: Path, *, packages: Path | None = None) -> Iterator[Lab]:
    """A Jupyter server in ``folder``; ``packages`` holds server extensions that only it has."""
    root = folder / "notebooks"
    root.mkdir()
    port, log = free_port(), folder / "server.log"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.token="),
        *("--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
        *(f"--ServerApp.root_dir={root}", "--LabApp.news_url=", "--expose-app-in-browser"),
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    environment = clean_environment(folder, home)
    if packages:
        environment["JUPYTER_CONFIG_PATH"] = str(packages / "etc" / "jupyter")
        environment["JUPYTER_PATH"] += f"{os.pathsep}{packages / 'share' / 'jupyter'}"
        environment["PYTHONPATH"] = str(packages)
    with log.open("w") as log_file:
        server = subprocess.Popen(
            command, stdout=log_file, stderr=log_file, env=environment, cwd=folder
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(f"{url}/api/status", server, log)
        yield Lab(url, root, home)
    finally:
        end(server)


@pytest.fixture(scope="session")
def lab(tmp_path_factory, render_home) -> Iterator[Lab]:
    """One Jupyter server for the tests of a worker."""
    with jupyter_server(tmp_path_factory.mktemp("lab"), render_home) as lab:
        yield lab


SHARED_DOCUMENTS = Path(__file__).parents[2] / "build" / "shared-documents"


@pytest.fixture(scope="module", params=["collaboration", "server-documents"])
def shared_lab(request, tmp_path_factory, render_home) -> Iterator[Lab]:
    """JupyterLab where the server has part in the document; ``make test`` installs what it needs."""
    packages = SHARED_DOCUMENTS / request.param
    if not packages.is_dir():
        pytest.skip(f"{packages} is not there: run make build/.setup-shared-documents")
    folder = tmp_path_factory.mktemp(request.param)
    with jupyter_server(folder, render_home, packages=packages) as lab:
        lab.cells_run_in_the_page = request.param != "server-documents"
        yield lab


class NotebookPage:
    """A notebook open in a front end."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        self.complaints: list[str] = []
        self._in_jupyterlab = page.url.startswith(f"{lab.url}/lab")
        page.on("pageerror", self._complain)

    def _complain(self, error) -> None:
        self.complaints.append(f"{error}\n{error.stack}")

    def open(self, name: str, *, app: str = "lab", dark: bool = False) -> None:
        """Open a notebook: in the JupyterLab that the page shows from a test before, or anew."""
        if self._in_jupyterlab and app == "lab":
            self.page.evaluate("window.kodiscPhases = []")
            self.command("docmanager:open", {"path": name, "factory": "Notebook"})
        else:
            where = {"lab": f"/lab/tree/{name}?reset", "notebook": f"/notebooks/{name}"}[app]
            self.page.goto(f"{self.lab.url}{where}", wait_until="domcontentloaded")
            self.page.add_init_script(PHASES)
        self._in_jupyterlab = False  # a second time it is loaded anew
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=LIMIT_MS)
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=LIMIT_MS)
        # The theme is a setting of the server's: an earlier test may have left the other one.
        self.page.wait_for_selector("body[data-jp-theme-light]", state="attached")
        self.show(dark=dark)
        if app == "lab":
            self.command("application:toggle-left-area") if self.page.locator(
                "#jp-left-stack:visible"
            ).count() else None
        self.page.evaluate(PHASES)

    def show(self, *, dark: bool) -> None:
        """Take the light or the dark theme."""
        light = "false" if dark else "true"
        if self.page.locator("body").get_attribute("data-jp-theme-light") != light:
            self.command(
                "apputils:change-theme", {"theme": f"JupyterLab {'Dark' if dark else 'Light'}"}
            )
            self.page.wait_for_selector(
                f"body[data-jp-theme-light='{light}']", state="attached", timeout=LIMIT_MS
            )

    def command(self, name: str, arguments: dict | None = None, *, wait: bool = True) -> None:
        """Run a command of the front end; some of them end only when the kernel is done."""
        self.page.evaluate(
            """([name, args, wait]) => {
                 const done = window.jupyterapp.commands.execute(name, args);
                 return wait ? done.then(() => null) : null; }""",
            [name, arguments or {}, wait],
        )

    def kernel_ready(self) -> None:
        """Wait until the kernel's status, as the page shows it, is idle."""
        self.page.wait_for_function(
            """() => { const panel = window.jupyterapp.shell.currentWidget;
                 return panel?.sessionContext?.session?.kernel?.status === 'idle'; }""",
            timeout=LIMIT_MS,
        )
        self.complaints.clear()  # the front end's own, from while it started

    def run(self, cell: int) -> None:
        """Run one cell, as Ctrl-Enter does."""
        self.page.evaluate(
            """index => { const panel = window.jupyterapp.shell.currentWidget;
                 panel.content.deselectAll(); panel.content.activeCellIndex = index; }""",
            cell,
        )
        self.command("notebook:run-cell", wait=False)

    def run_all(self) -> None:
        self.command("notebook:run-all-cells", wait=False)

    def output(self, cell: int):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(cell).locator(".jp-OutputArea")

    def video(self, cell: int):
        """Wait for a cell's finished figure; the video is loaded enough to show a frame."""
        video = self.output(cell).locator("figure.kodisc-video video").first
        video.wait_for(state="attached", timeout=LIMIT_MS)
        self.page.wait_for_function(
            "video => video.readyState >= 2 && video.duration > 0",
            arg=video.element_handle(),
            timeout=LIMIT_MS,
        )
        return video

    def phases(self) -> list[str]:
        """Every phase that a panel of this page has shown, in order."""
        return self.page.evaluate("window.kodiscPhases")

    def save(self) -> None:
        self.command("docmanager:save")
        self.page.wait_for_function(
            "!window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=LIMIT_MS
        )

    def leave(self) -> bool:
        """Close every document; whether JupyterLab can be used for another one."""
        if self.page.is_closed():
            return False
        self.page.remove_listener("pageerror", self._complain)
        return self.page.evaluate(LEAVE)

    def end_kernel(self) -> None:
        self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.shutdown()",
        )


PHASES = """() => {
  if (window.kodiscPhases) return;
  window.kodiscPhases = [];
  const look = () => document.querySelectorAll('.kodisc-panel').forEach(panel => {
    const phase = panel.dataset.phase, seen = window.kodiscPhases;
    if (phase && seen[seen.length - 1] !== phase) seen.push(phase);
  });
  new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true,
    attributeFilter: ['data-phase']});
}"""


LEAVE = """() => {
  const shell = window.jupyterapp?.shell;
  if (!shell?.widgets || !location.pathname.startsWith('/lab')) return false;
  for (const widget of [...shell.widgets('main')]) widget.dispose();
  return !document.querySelector('.jp-Dialog');
}"""


@pytest.fixture(scope="session")
def browsing(playwright, chromium_program, tmp_path_factory) -> Iterator[BrowserContext]:
    """One profile for a worker's pages: JupyterLab's code is loaded and compiled once, as at home.

    It is on the disk: without one Chromium keeps no compiled code.
    """
    profile = tmp_path_factory.mktemp("profile")
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_program, args=FLAGS
    )
    context.set_default_timeout(LIMIT_MS)
    yield context
    context.close()


@pytest.fixture(scope="session")
def kept_pages() -> list[Page]:
    """At most one page, in which JupyterLab is loaded: the next test's notebook opens there."""
    return []


@pytest.fixture
def notebook_page(browsing, kept_pages, request) -> Iterator[Callable[..., NotebookPage]]:
    """Open pages on the server ``at``, or else the worker's; what they show ends with the test.

    ``own``: the page is new, and closed at the end; for what JupyterLab is not to have seen before,
    and for what changes it for good. ``motion``: its person did not ask for less of it; else nothing
    turns and plays by itself, for without a graphics card that takes half a core.
    """
    own_pages, shared = [], []

    def make(
        width: int = 1200,
        height: int = 900,
        at: Lab | None = None,
        *,
        own: bool = False,
        motion: bool = False,
    ) -> NotebookPage:
        own = own or at is not None
        page = browsing.new_page() if own or not kept_pages else kept_pages.pop()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(reduced_motion="no-preference" if motion else "reduce")
        notebook = NotebookPage(page, at or request.getfixturevalue("lab"))
        (own_pages if own else shared).append(notebook)
        return notebook

    failed = request.session.testsfailed
    yield make
    for notebook in shared:
        if request.session.testsfailed == failed and not kept_pages and notebook.leave():
            kept_pages.append(notebook.page)
        else:
            notebook.page.close()
    for notebook in own_pages:
        notebook.page.close()


def untrusted_copy(path: Path, name: str) -> Path:
    """The same notebook with a content that nobody has signed."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"]["note"] = f"copied to {name}"
    copy = path.with_name(name)
    copy.write_text(json.dumps(content), encoding="utf-8")
    return copy


@pytest.fixture
def make_untrusted() -> Callable[[Path, str], Path]:
    return untrusted_copy
