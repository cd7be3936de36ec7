"""``%kodisc doctor``: what is in order, what is not, and what to do about each."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Final

from kodisc_jupyter.api.auth import LOOKED_IN, find_key
from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.notebook.where import Places, has_manim
from kodisc_jupyter.notebook.words import amount, split
from kodisc_jupyter.renders import local_server

LOW_DISK_BYTES: Final = 1_000_000_000

_VERSIONS: Final = (
    "kodisc-jupyter", "ipython", "ipykernel", "ipywidgets", "anywidget", "jupyterlab", "notebook",
)  # fmt: skip


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


def examine(places: Places, home: Path, front_end: FrontEnd) -> Iterator[Finding]:
    """Look at everything a render needs, in the order in which a render needs it."""
    yield _versions()
    yield _front_end(front_end)
    yield from _key(places)
    yield _manim(home)
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
    found = []
    for name in _VERSIONS:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()} on {platform.system()}"
    advice = ""
    if any(entry.startswith("ipykernel 7.0.") for entry in found):
        advice = (
            "ipykernel 7.0 loses updates that come from threads, so panels stand still: "
            "pip install -U ipykernel (ipykernel issue 1450)"
        )
    return Finding(
        Verdict.BAD if advice else Verdict.GOOD, "versions", f"{python}; {', '.join(found)}", advice
    )


def _front_end(front_end: FrontEnd) -> Finding:
    advice = {
        FrontEnd.COLAB: "Colab drops what arrives after a cell has ended, so cells wait here",
        FrontEnd.HEADLESS: "nobody is there to watch, so cells wait for their videos",
        FrontEnd.TERMINAL: "progress is text here, and cells wait for their videos",
    }.get(front_end, "")
    return Finding(Verdict.GOOD, "front end", front_end.value, advice)


def _key(places: Places) -> Iterator[Finding]:
    try:
        key = find_key()
    except KodiscError as problem:
        yield Finding(Verdict.BAD, "key", problem.message, problem.hint)
        return
    if key is None:
        yield Finding(
            Verdict.NOTE if has_manim() else Verdict.BAD,
            "key",
            f"none; looked in {LOOKED_IN}",
            "%kodisc login, to render on Kodisc; without a key, renders happen on this machine",
        )
        return
    try:
        client = places.cloud().client
        account = client.get_me(attempts=1)
    except KodiscError as problem:
        yield Finding(Verdict.BAD, "key", f"from {key.source}: {problem.message}", problem.hint)
        return
    yield Finding(Verdict.GOOD, "key", f"{account.key_prefix}… from {key.source}, accepted")
    yield Finding(Verdict.GOOD, "API", client.base_url)
    balance = account.credits
    yield Finding(
        Verdict.GOOD if balance.total > 0 else Verdict.NOTE,
        "credits",
        f"{amount(balance.total)} ({split(balance)})",
        "" if balance.total > 0 else "buy credits, or wait for the next monthly free ones",
    )


def _manim(home: Path) -> Finding:
    if not has_manim():
        return Finding(
            Verdict.NOTE,
            "Manim",
            "not installed: no renders on this machine",
            'pip install "kodisc-jupyter[local]"',
        )
    running = local_server.find(home)
    server = f"server running at {running.url}" if running else "server starts when needed"
    return Finding(Verdict.GOOD, "Manim", f"{metadata.version('manim')}; {server}")


def _tool(subject: str, programs: tuple[str, ...], advice: str) -> Finding:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        return Finding(Verdict.NOTE, subject, f"not found: {', '.join(missing)}", advice)
    return Finding(Verdict.GOOD, subject, ", ".join(programs))


def _codec() -> Finding:
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
    from kodisc_jupyter.renders.journal import Journal

    def count() -> str:
        return f"{Journal(home).path} can be read and written"

    return _attempt("journal", count, f"look at {home}: is the disk full, or the folder read-only?")


def _attempt(subject: str, look: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(Verdict.GOOD, subject, look())
    except (OSError, sqlite3.Error, KodiscError) as problem:
        return Finding(Verdict.BAD, subject, str(problem), advice)


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:,.1f} GB free for the media store in {home}"
    if free < LOW_DISK_BYTES:
        return Finding(Verdict.BAD, "disk", found, "make room, or set KODISC_HOME elsewhere")
    return Finding(Verdict.GOOD, "disk", found)
