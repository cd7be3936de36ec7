"""Who is looking at this notebook, and so: does a cell wait, and can it show a live panel?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple


class FrontEnd(Enum):
    """The kinds of front end that need different treatment."""

    TERMINAL = "terminal IPython"
    NOTEBOOK = "an interactive notebook"
    HEADLESS = "an unattended run (nbclient, nbconvert, papermill)"
    SERVER_RUN = "a notebook whose cells the server runs (jupyter-server-documents)"
    COLAB = "Google Colab"
    VOILA = "Voilà"
    MARIMO = "marimo"
    SCRIPT = "plain Python"

    @property
    def is_text(self) -> bool:
        """Whether text is all that can be shown there."""
        return self in {FrontEnd.TERMINAL, FrontEnd.SCRIPT}


class FrontEndBehaviour(NamedTuple):
    """How to behave there: ``waits`` (under ``wait="auto"``) and ``live`` (a widget panel).

    ``why`` is what ``%kodisc doctor`` says of it, and ``embed_limit_mb`` the largest video that can
    be embedded there.
    """

    waits: bool
    live: bool
    why: str = ""
    embed_limit_mb: float = math.inf


BEHAVIOUR: dict[FrontEnd, FrontEndBehaviour] = {
    # A terminal shows what is printed while the cell runs, and nothing afterwards.
    FrontEnd.TERMINAL: FrontEndBehaviour(
        waits=True, live=False, why="progress is text here, and cells wait for their videos"
    ),
    FrontEnd.NOTEBOOK: FrontEndBehaviour(waits=False, live=True),
    # nbclient saves the state of every widget it hears of into the notebook, so none is made.
    FrontEnd.HEADLESS: FrontEndBehaviour(
        waits=True, live=False, why="nobody is there to watch, so cells wait for their videos"
    ),
    # The server writes what a cell shows while it runs; an update it adds as one more output.
    FrontEnd.SERVER_RUN: FrontEndBehaviour(
        waits=True,
        live=False,
        why="the server keeps what a cell shows while it runs, so cells wait here",
    ),
    # Colab's page drops updates that arrive after a cell has ended.
    FrontEnd.COLAB: FrontEndBehaviour(
        waits=True,
        live=True,
        why="Colab drops what arrives after a cell has ended, so cells wait here",
    ),
    # Voilà also runs without stdin, but its page is live and keeps the kernel.
    FrontEnd.VOILA: FrontEndBehaviour(waits=False, live=True),
    # A cell's output is made by the cell: what comes later is not in the page that marimo exports.
    # And it shows no output of more than 8 MB (``output_max_bytes``); base64 adds a third.
    FrontEnd.MARIMO: FrontEndBehaviour(waits=True, live=True, embed_limit_mb=5.5),
    FrontEnd.SCRIPT: FrontEndBehaviour(waits=True, live=False),
}


def front_end(
    *, has_kernel: bool, allow_stdin: bool, environment: Mapping[str, str], colab: bool
) -> FrontEnd:
    """Decide from facts only; :func:`of_shell` gathers them."""
    if not has_kernel:
        return FrontEnd.TERMINAL
    if colab:
        return FrontEnd.COLAB
    if environment.get("SERVER_SOFTWARE", "").startswith("voila"):
        return FrontEnd.VOILA
    if allow_stdin:
        return FrontEnd.NOTEBOOK
    # A Jupyter server tells its kernels the notebook; nbclient and papermill start their own.
    return FrontEnd.SERVER_RUN if "JPY_SESSION_NAME" in environment else FrontEnd.HEADLESS


def of_shell(shell: Any, environment: Mapping[str, str], modules: Mapping[str, Any]) -> FrontEnd:
    """The front end of the request that this shell is executing; ``None`` is plain Python."""
    if shell is None:
        return FrontEnd.MARIMO if _in_marimo(modules) else FrontEnd.SCRIPT
    kernel = getattr(shell, "kernel", None)
    return front_end(
        has_kernel=kernel is not None,
        allow_stdin=_allows_stdin(shell, kernel),
        environment=environment,
        colab="google.colab" in modules,
    )


def _in_marimo(modules: Mapping[str, Any]) -> bool:
    """A marimo notebook that is run as a plain script is not one to marimo either."""
    running = getattr(modules.get("marimo"), "running_in_notebook", None)
    return bool(running is not None and running())


def _allows_stdin(shell: Any, kernel: Any) -> bool:
    """nbclient, nbconvert and papermill send ``allow_stdin: false`` with each request."""
    return bool(request_content(shell, kernel).get("allow_stdin", True))


def request_content(shell: Any, kernel: Any) -> Mapping[str, Any]:
    """The content of the front end's message that is being answered; empty without a kernel."""
    get_parent = getattr(shell, "get_parent", None) or getattr(kernel, "get_parent", None)
    parent = get_parent() if get_parent is not None else None
    content: Mapping[str, Any] = (parent or {}).get("content") or {}
    return content
