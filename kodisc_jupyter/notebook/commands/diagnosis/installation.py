"""What is installed: Python, packages, programs, and what they can do."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from kodisc_jupyter.notebook.backends import has_manim
from kodisc_jupyter.notebook.commands.diagnosis.finding import Finding, Verdict
from kodisc_jupyter.notebook.front_end import BEHAVIOUR, FrontEnd
from kodisc_jupyter.renders import local_server

_VERSIONS: Final = (
    "kodisc-jupyter", "ipython", "ipykernel", "ipywidgets", "anywidget", "jupyterlab", "notebook",
)  # fmt: skip

_WIDGET_EXTENSIONS: Final = {
    "jupyterlab_widgets": "@jupyter-widgets/jupyterlab-manager",
    "anywidget": "anywidget",
}


def versions() -> Finding:
    """Python, the system, and the packages that count."""
    packages = [f"{name} {number}" for name in _VERSIONS if (number := version(name))]
    python = f"Python {platform.python_version()} on {platform.system()}"
    advice = ""
    if version("ipykernel").startswith("7.0."):
        advice = (
            "ipykernel 7.0 loses updates that come from threads, so panels stand still: "
            "pip install -U ipykernel (ipykernel issue 1450)"
        )
    return Finding(
        Verdict.BAD if advice else Verdict.GOOD,
        "versions",
        f"{python}; {', '.join(packages)}",
        advice,
    )


def version(package: str) -> str:
    """A package's version; empty when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def front_end(kind: FrontEnd) -> Finding:
    """Where the notebook is shown, and whether it can show panels."""
    if kind is FrontEnd.NOTEBOOK:
        return _panels(_labextensions())
    return Finding(Verdict.GOOD, "front end", kind.value, BEHAVIOUR[kind].why)


def _labextensions() -> list[Path]:
    """Where a JupyterLab in this environment looks for extensions."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return []
    return [Path(folder) for folder in jupyter_path("labextensions")]


def _panels(extensions: list[Path]) -> Finding:
    """Whether a JupyterLab in this environment can show live panels."""
    shown_in = FrontEnd.NOTEBOOK.value
    if not version("jupyterlab"):
        advice = (
            "if panels stay a line of text: pip install anywidget, in the environment that "
            "JupyterLab itself runs in, and reload the page"
        )
        return Finding(Verdict.GOOD, "front end", shown_in, advice)
    missing = [
        package
        for package, folder in _WIDGET_EXTENSIONS.items()
        if not any((place / folder).is_dir() for place in extensions)
    ]
    if missing:
        return Finding(
            Verdict.BAD,
            "front end",
            f"{shown_in}; JupyterLab cannot show panels without {' and '.join(missing)}",
            f"pip install --force-reinstall {' '.join(missing)}, and reload the page",
        )
    return Finding(Verdict.GOOD, "front end", shown_in)


def manim(home: Path) -> Finding:
    """Whether scenes can be rendered on this machine."""
    number = version("manim")
    if not has_manim():
        return Finding(
            Verdict.NOTE,
            "Manim",
            "not installed: no renders on this machine",
            'pip install "kodisc-jupyter[local]"',
        )
    if release(number) < (0, 18):
        return Finding(Verdict.BAD, "Manim", f"{number} is too old", 'pip install "manim>=0.18"')
    running = local_server.find(home)
    server = f"server running at {running.url}" if running else "server starts when needed"
    return Finding(Verdict.GOOD, "Manim", f"{number}; {server}")


def sandbox() -> Finding:
    """Whether a class server on this machine could lock scenes in."""
    asked = subprocess.run(
        [sys.executable, "-m", "kodisc_jupyter.local", "sandbox"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    answer = (asked.stdout if asked.returncode == 0 else asked.stderr).strip().splitlines()
    return locked_in(
        works=asked.returncode == 0, reason=answer[-1] if answer else "it did not say why"
    )


def locked_in(*, works: bool, reason: str) -> Finding:
    """What the server's ``sandbox`` command means: ``reason`` is the program, or why none works."""
    yours = "your own scenes run as you, like any cell"
    if works:
        sentence = f"{yours}; a class server here (--users) locks each user's in, with {reason}"
        return Finding(Verdict.GOOD, "sandbox", sentence)
    sentence = f"{yours}; a class server here (--users) could not lock each user's in"
    return Finding(Verdict.NOTE, "sandbox", sentence, reason)


def release(version: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def tool(subject: str, programs: tuple[str, ...], advice: str) -> Finding:
    """Whether programs are on the path."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        return Finding(Verdict.NOTE, subject, f"not found: {', '.join(missing)}", advice)
    return Finding(Verdict.GOOD, subject, ", ".join(programs))


def codec() -> Finding:
    """Whether a video can be encoded here."""
    if release(version("manim") or "0.19") < (0, 19) and shutil.which("ffmpeg") is None:
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
