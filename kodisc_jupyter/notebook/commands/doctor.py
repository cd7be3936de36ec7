"""``%kodisc doctor``: what is in order, what is not, and what to do about each."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kodisc_jupyter.api.auth import LOOKED_IN, find_key
from kodisc_jupyter.api.credits import credits_of, parts
from kodisc_jupyter.api.errors import AuthenticationError, KodiscError
from kodisc_jupyter.api.models import Account
from kodisc_jupyter.notebook.backends import BackendChooser, has_manim
from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.renders import local_server

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState

LOW_DISK_BYTES: Final = 1_000_000_000

_VERSIONS: Final = (
    "kodisc-jupyter", "ipython", "ipykernel", "ipywidgets", "anywidget", "jupyterlab", "notebook",
)  # fmt: skip


_WIDGET_EXTENSIONS: Final = {
    "jupyterlab_widgets": "@jupyter-widgets/jupyterlab-manager",
    "anywidget": "anywidget",
}


class Verdict(Enum):
    """How a line of the doctor's report begins."""

    GOOD = "ok  "
    NOTE = "note"
    BAD = "BAD "


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, what to do."""

    verdict: Verdict
    subject: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict.value}  {self.subject:<12} {self.found}"
        return f"{line}\n{'':<19}→ {self.advice}" if self.advice else line


def run(kernel: KernelState, _asked: argparse.Namespace) -> None:
    """Look at everything, and say what to do about each."""
    for finding in examine(kernel.places, kernel.home, kernel.front_end()):
        say(str(finding))


def examine(places: BackendChooser, home: Path, front_end: FrontEnd) -> Iterator[Finding]:
    """Look at everything a render needs, in the order in which a render needs it."""
    yield _versions()
    yield _front_end(front_end)
    yield _destination(places)
    yield from _key(places)
    yield _manim(home)
    if has_manim() and sys.platform != "win32":
        yield _sandbox()
    yield _tool(
        "LaTeX",
        ("latex", "dvisvgm"),
        "needed here for Tex and MathTex only: on Debian, apt-get install texlive-latex-extra "
        "texlive-fonts-recommended cm-super dvisvgm; on macOS, MacTeX",
    )
    yield _codec()
    yield _journal(home)
    yield _disk(home)


def _versions() -> Finding:
    found = [f"{name} {version}" for name in _VERSIONS if (version := _version(name))]
    python = f"Python {platform.python_version()} on {platform.system()}"
    advice = ""
    if _version("ipykernel").startswith("7.0."):
        advice = (
            "ipykernel 7.0 loses updates that come from threads, so panels stand still: "
            "pip install -U ipykernel (ipykernel issue 1450)"
        )
    return Finding(
        Verdict.BAD if advice else Verdict.GOOD, "versions", f"{python}; {', '.join(found)}", advice
    )


def _version(package: str) -> str:
    """A package's version; empty when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _front_end(front_end: FrontEnd) -> Finding:
    if front_end is FrontEnd.NOTEBOOK:
        return _panels(_labextensions())
    advice = {
        FrontEnd.COLAB: "Colab drops what arrives after a cell has ended, so cells wait here",
        FrontEnd.HEADLESS: "nobody is there to watch, so cells wait for their videos",
        FrontEnd.SERVER_RUN: "the server keeps what a cell shows while it runs, so cells wait here",
        FrontEnd.TERMINAL: "progress is text here, and cells wait for their videos",
    }.get(front_end, "")
    return Finding(Verdict.GOOD, "front end", front_end.value, advice)


def _labextensions() -> list[Path]:
    """Where a JupyterLab in this environment looks for extensions."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return []
    return [Path(folder) for folder in jupyter_path("labextensions")]


def _panels(extensions: list[Path]) -> Finding:
    """Whether a JupyterLab in this environment can show live panels."""
    found = FrontEnd.NOTEBOOK.value
    if not _version("jupyterlab"):
        advice = (
            "if panels stay a line of text: pip install anywidget, in the environment that "
            "JupyterLab itself runs in, and reload the page"
        )
        return Finding(Verdict.GOOD, "front end", found, advice)
    missing = [
        package
        for package, folder in _WIDGET_EXTENSIONS.items()
        if not any((place / folder).is_dir() for place in extensions)
    ]
    if missing:
        return Finding(
            Verdict.BAD,
            "front end",
            f"{found}; JupyterLab cannot show panels without {' and '.join(missing)}",
            f"pip install --force-reinstall {' '.join(missing)}, and reload the page",
        )
    return Finding(Verdict.GOOD, "front end", found)


def _destination(places: BackendChooser) -> Finding:
    try:
        kind = places.kind()
    except KodiscError as problem:
        return Finding(Verdict.BAD, "renders", problem.message, problem.hint)
    where = "to this machine, no credits" if kind == "local" else "to Kodisc, for credits"
    return Finding(Verdict.GOOD, "renders", f"go {where}")


def _key(places: BackendChooser) -> Iterator[Finding]:
    try:
        key = find_key()
    except KodiscError as problem:
        yield Finding(Verdict.BAD, "key", problem.message, problem.hint)
        return
    if key is None:
        yield Finding(
            Verdict.NOTE,
            "key",
            f"none; looked in {LOOKED_IN}",
            "%kodisc login, to render on Kodisc",
        )
        return
    client = places.cloud().client
    try:
        account = client.get_me(attempts=1)
    except AuthenticationError as problem:
        yield Finding(Verdict.BAD, "key", f"from {key.source}: {problem.message}", problem.hint)
        yield Finding(Verdict.GOOD, "API", f"{client.base_url} answers")
        return
    except KodiscError as problem:
        yield Finding(Verdict.NOTE, "key", f"from {key.source}, not checked")
        yield Finding(Verdict.BAD, "API", problem.message, problem.hint)
        return
    yield Finding(Verdict.GOOD, "key", f"{account.key_prefix}… from {key.source}, accepted")
    yield Finding(Verdict.GOOD, "API", f"{client.base_url} answers")
    yield _credits(account)


def _credits(account: Account) -> Finding:
    if account.unlimited:
        return Finding(Verdict.GOOD, "credits", "this server takes none")
    balance = account.credits
    found = f"{credits_of(balance.total)} ({parts(balance)})"
    if balance.total > 0:
        return Finding(Verdict.GOOD, "credits", found)
    return Finding(
        Verdict.BAD,
        "credits",
        found,
        "buy credits or wait for the next monthly free ones; --backend local costs none",
    )


def _manim(home: Path) -> Finding:
    version = _version("manim")
    if not has_manim():
        return Finding(
            Verdict.NOTE,
            "Manim",
            "not installed: no renders on this machine",
            'pip install "kodisc-jupyter[local]"',
        )
    if _release(version) < (0, 18):
        return Finding(Verdict.BAD, "Manim", f"{version} is too old", 'pip install "manim>=0.18"')
    running = local_server.find(home)
    server = f"server running at {running.url}" if running else "server starts when needed"
    return Finding(Verdict.GOOD, "Manim", f"{version}; {server}")


def _sandbox() -> Finding:
    """Whether a class server on this machine could lock scenes in."""
    asked = subprocess.run(
        [sys.executable, "-m", "kodisc_jupyter.local", "sandbox"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = (asked.stdout if asked.returncode == 0 else asked.stderr).strip().splitlines()
    return locked_in(works=asked.returncode == 0, said=said[-1] if said else "it did not say why")


def locked_in(*, works: bool, said: str) -> Finding:
    """What the server's ``sandbox`` command means: ``said`` is the program, or why none works."""
    yours = "your own scenes run as you, like any cell"
    if works:
        found = f"{yours}; a class server here (--users) locks each user's in, with {said}"
        return Finding(Verdict.GOOD, "sandbox", found)
    found = f"{yours}; a class server here (--users) could not lock each user's in"
    return Finding(Verdict.NOTE, "sandbox", found, said)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _tool(subject: str, programs: tuple[str, ...], advice: str) -> Finding:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        return Finding(Verdict.NOTE, subject, f"not found: {', '.join(missing)}", advice)
    return Finding(Verdict.GOOD, subject, ", ".join(programs))


def _codec() -> Finding:
    if _release(_version("manim") or "0.19") < (0, 19) and shutil.which("ffmpeg") is None:
        return Finding(
            Verdict.BAD,
            "codec",
            "this Manim needs the program ffmpeg, which was not found",
            'install ffmpeg, or pip install "manim>=0.19", which brings its own',
        )
    try:
        from av.codec import Codec

        Codec("libx264", "w")
    except ImportError:
        return Finding(Verdict.NOTE, "codec", "PyAV is not installed; only local renders need it")
    except Exception as problem:  # PyAV's own error type has changed its home over the years
        return Finding(
            Verdict.BAD, "codec", f"no H.264 encoder in PyAV ({problem})", "pip install -U av"
        )
    return Finding(Verdict.GOOD, "codec", "H.264 (PyAV)")


def _journal(home: Path) -> Finding:
    from kodisc_jupyter.renders.journal.journal import Journal

    journal = Journal(home / "journal.sqlite")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            known = len(journal.all_records())
    except (OSError, KodiscError) as problem:
        return Finding(
            Verdict.BAD,
            "journal",
            str(problem),
            f"look at {home}: is the disk full, or the folder read-only?",
        )
    finally:
        journal.close()
    return Finding(Verdict.GOOD, "journal", f"{known} renders in {journal.path}")


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:,.1f} GB free for the media store in {home}"
    if free < LOW_DISK_BYTES:
        return Finding(Verdict.BAD, "disk", found, "make room, or set KODISC_HOME elsewhere")
    return Finding(Verdict.GOOD, "disk", found)
