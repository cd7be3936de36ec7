"""Start the render server in the background, so that the first cell finds it warm."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.front_end import FrontEnd, of_shell
from kodisc_jupyter.notebook.settings import KodiscSettings

NICENESS: Final = 10
"""The server yields to whatever else this machine does: nobody has asked for it yet."""


def is_wanted(
    settings: KodiscSettings, front_end: FrontEnd, *, has_key: bool, possible: bool
) -> bool:
    """Whether a cell of this notebook will probably need the render server of this machine."""
    if not settings.warm_start or front_end is not FrontEnd.NOTEBOOK or not possible:
        return False
    cloud = settings.backend == "cloud" or (settings.backend == "auto" and has_key)
    return not cloud or settings.rehearse != "never"


def warm_start(settings: KodiscSettings) -> None:
    """Start the server, if it is wanted; whatever goes wrong is for the first render to say."""
    front_end = of_shell(settings.shell, os.environ, sys.modules)
    has_key = bool(os.environ.get("KODISC_KEY"))
    if not is_wanted(settings, front_end, has_key=has_key, possible=True):
        return  # before anything is looked for on disk
    from kodisc_jupyter.notebook.backends import has_manim
    from kodisc_jupyter.renders import local_server
    from kodisc_jupyter.renders.paths import kodisc_home
    from kodisc_jupyter.renders.rehearsal_request import can_rehearse

    if can_rehearse() and has_manim():
        with contextlib.suppress(KodiscError, OSError):
            local_server.ensure(kodisc_home(), niceness=NICENESS)
