"""``%%kodisc``, ``%%kodisc_prelude`` and ``%kodisc``: the thin edge where IPython calls us.

``%load_ext`` imports this module, so everything else is imported when a magic is called.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextvars import copy_context
from threading import Timer
from typing import TYPE_CHECKING, Any, Final, NoReturn

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import cell_magic, line_magic, magics_class, no_var_expand

from kodisc_jupyter.notebook import ipython_hooks
from kodisc_jupyter.notebook.settings import KodiscSettings, use_settings

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.line.values import OptionError


@magics_class
class KodiscMagics(KodiscSettings):
    """Render Manim scenes on Kodisc or on this machine; each setting below has its help."""

    # JSON on the line has braces, and what is sent must be what is written
    @no_var_expand
    @cell_magic("kodisc")  # type: ignore[arg-type, unused-ignore]
    def kodisc_cell(self, line: str, cell: str) -> None:
        """Render the scene in this cell; the options follow below."""
        from kodisc_jupyter.notebook.garbage_collection import collections_put_off

        with collections_put_off():
            self._run(line, cell)

    def _run(self, line: str, cell: str) -> None:
        from kodisc_jupyter.notebook.cell import run_cell
        from kodisc_jupyter.notebook.display.notices import say
        from kodisc_jupyter.notebook.kernel import current_kernel
        from kodisc_jupyter.notebook.line import cell_line
        from kodisc_jupyter.notebook.line.values import OptionError

        written = f"%%kodisc {line}".rstrip()
        try:
            wanted = cell_line.parse(line)
        except OptionError as problem:
            _refuse(problem, written)
        if wanted.help:
            say(cell_line.parser().format_help())
        else:
            run_cell(current_kernel(), cell, wanted, line=written)

    @no_var_expand
    @cell_magic("kodisc_prelude")  # type: ignore[arg-type, unused-ignore]
    def kodisc_prelude(self, line: str, cell: str) -> None:
        """Keep imports and helpers that later %%kodisc cells are sent with.

        They stand above the cell's own code and are part of what counts as the same render. A
        second %%kodisc_prelude cell replaces the first. %kodisc prelude shows what is kept,
        %kodisc prelude --clear forgets it.
        """
        from kodisc_jupyter.notebook.commands.prelude import keep
        from kodisc_jupyter.notebook.display.notices import say
        from kodisc_jupyter.notebook.kernel import current_kernel
        from kodisc_jupyter.notebook.line.option import HELP
        from kodisc_jupyter.notebook.line.values import OptionError

        if line.strip() in HELP.words:
            say(f"%%kodisc_prelude\n\n{inspect.getdoc(self.kodisc_prelude)}")
            return
        if line.strip():
            _refuse(
                OptionError("%%kodisc_prelude takes no options.", "", line.strip()),
                f"%%kodisc_prelude {line}",
            )
        keep(current_kernel(), cell)

    @no_var_expand
    @line_magic("kodisc")  # type: ignore[arg-type, unused-ignore]
    def kodisc_line(self, line: str) -> None:
        """Where renders go, the balance, open renders; and the commands below."""
        from kodisc_jupyter.notebook import commands
        from kodisc_jupyter.notebook.display.notices import say
        from kodisc_jupyter.notebook.kernel import current_kernel
        from kodisc_jupyter.notebook.line import command_line
        from kodisc_jupyter.notebook.line.values import OptionError

        try:
            asked = command_line.parse(line)
            if asked.help:
                say(command_line.help_of(asked.command))
            else:
                commands.run(current_kernel(), asked)
        except OptionError as problem:
            _refuse(problem, f"%kodisc {line}")


def _cell_help() -> str:
    from kodisc_jupyter.notebook.line.cell_line import parser

    return f"{KodiscMagics.kodisc_cell.__doc__}\n\n{parser().format_help()}"


def _line_help() -> str:
    from kodisc_jupyter.notebook.line import command_line

    return f"{KodiscMagics.kodisc_line.__doc__}\n\n{command_line.overview()}"


def _describe(magic: Any, text: Callable[[], str]) -> None:
    """What ``?`` shows is what ``--help`` prints: IPython asks for getdoc() before ``__doc__``."""
    magic.getdoc = text


_describe(KodiscMagics.kodisc_cell, _cell_help)
_describe(KodiscMagics.kodisc_line, _line_help)


def _refuse(problem: OptionError, written: str) -> NoReturn:
    from kodisc_jupyter.notebook.prepare import option_diagnostic, refused

    line = "" if problem.secret else written
    diagnostic = option_diagnostic(problem.message, problem.hint, line, *problem.words)
    raise refused([diagnostic]) from None


_KERNEL: Final = "kodisc_jupyter.notebook.kernel"
"""Not imported for loading and unloading: only what was used has something to stop."""


def register(shell: InteractiveShell) -> None:
    """Make the magics known to a shell; once more replaces them, and keeps what is going on."""
    unregister(shell)
    magics = KodiscMagics(shell=shell)
    use_settings(magics)
    kernel: Any = sys.modules.get(_KERNEL)
    if kernel is not None:  # open panels go on at once
        kernel.resume_watching()
    shell.register_magics(magics)
    ipython_hooks.attach(shell)
    if getattr(shell, "kernel", None) is not None and magics.warm_start:
        _later(magics)


_WARM_START_S: Final = 0.3
"""Seconds after loading: the cell that loads the extension is not to wait for anything."""


def _later(magics: KodiscMagics) -> None:
    """Start the render server a moment later, from a thread that knows which request this was."""
    timer = Timer(_WARM_START_S, copy_context().run, (_warm_start, magics))
    timer.daemon = True
    timer.start()


def _warm_start(magics: KodiscMagics) -> None:
    from kodisc_jupyter.notebook.rehearsal.warm_start import warm_start

    warm_start(magics)


def unregister(shell: InteractiveShell) -> None:
    """Take the magics away and stop watching; jobs go on, and what was spent stays counted."""
    use_settings(None)
    ipython_hooks.detach(shell)
    kernel: Any = sys.modules.get(_KERNEL)
    if kernel is not None:  # else nothing was ever asked of it
        kernel.stop_watching()
    configurables: list[Any] = shell.configurables
    configurables[:] = [each for each in configurables if not isinstance(each, KodiscMagics)]
    for kind, names in {"cell": ("kodisc", "kodisc_prelude"), "line": ("kodisc",)}.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
