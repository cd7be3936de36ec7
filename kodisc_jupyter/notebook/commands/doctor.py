"""``%kodisc doctor``: what is in order, what is not, and what to do about each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kodisc_jupyter.notebook.backends import BackendChooser, has_manim
from kodisc_jupyter.notebook.commands.diagnosis import account, installation, storage
from kodisc_jupyter.notebook.commands.diagnosis.finding import Finding
from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.notebook.front_end import FrontEnd

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.kernel import KernelState


def run(kernel: KernelState, _asked: argparse.Namespace) -> None:
    """Look at everything, and say what to do about each."""
    for finding in examine(kernel.places, kernel.home, kernel.front_end()):
        say(str(finding))


def examine(places: BackendChooser, home: Path, front_end: FrontEnd) -> Iterator[Finding]:
    """Look at everything a render needs, in the order in which a render needs it."""
    yield installation.versions()
    yield installation.front_end(front_end)
    yield account.destination(places)
    yield from account.key_and_credits(places)
    yield installation.manim(home)
    if has_manim() and sys.platform != "win32":
        yield installation.sandbox()
    yield installation.tool(
        "LaTeX",
        ("latex", "dvisvgm"),
        "needed here for Tex and MathTex only: on Debian, apt-get install texlive-latex-extra "
        "texlive-fonts-recommended cm-super dvisvgm; on macOS, MacTeX",
    )
    yield installation.codec()
    yield storage.journal(home)
    yield storage.disk(home)
