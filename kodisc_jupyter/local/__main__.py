"""``python -m kodisc_jupyter.local``: the render server on this machine."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from typing import NoReturn

from kodisc_jupyter.local.options import Options, parse

UNUSABLE = 2
"""Exit status when the server cannot start; the reason is the last line on standard error."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until it is told to stop, or has been idle for long enough."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["users"]:
        from kodisc_jupyter.local.classroom import users_command

        users_command.main(arguments[1:])
        return
    if arguments == ["sandbox"]:
        _show_sandbox()
        return
    options = parse(arguments)
    _need_manim(options)
    from kodisc_jupyter.local.server import StartError, serve

    try:
        serve(options)
    except StartError as problem:
        _give_up(str(problem))


def _show_sandbox() -> None:
    """``sandbox``: what would lock scenes in on this machine, or why nothing can."""
    from kodisc_jupyter.local.processes.sandbox import find

    sandbox, why = find()
    if sandbox is None:
        _give_up(why)
    print(sandbox.program)  # noqa: T201  the answer


def _need_manim(options: Options) -> None:
    if sys.platform == "win32":
        _give_up(
            "The local render server needs Linux or macOS. On Windows run Jupyter inside WSL, "
            "or set KODISC_KEY to render on Kodisc."
        )
    needed = {"tornado", "distributed"} if options.dask else {"tornado", "manim"}
    missing = sorted(name for name in needed if importlib.util.find_spec(name) is None)
    if missing:
        extra = "local,dask" if options.dask else "local"
        _give_up(
            f"{' and '.join(missing)} is not installed; install what the render server needs: "
            f'pip install "kodisc-jupyter[{extra}]"'
        )


def _give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)  # noqa: T201  a command's last word
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
