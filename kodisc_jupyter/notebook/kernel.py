"""What one kernel has going on: its settings, its session of renders, its prelude.

It stays when the extension is loaded anew: a budget and a prelude belong to the kernel.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kodisc_jupyter.api.errors import JobNotFoundError
from kodisc_jupyter.notebook.backends import BackendChooser
from kodisc_jupyter.notebook.front_end import FrontEnd, of_shell
from kodisc_jupyter.notebook.settings import KodiscSettings, current_settings
from kodisc_jupyter.renders.paths import journal_path, kodisc_home

if TYPE_CHECKING:
    from kodisc_jupyter.renders.backend import Backend
    from kodisc_jupyter.renders.render import Render
    from kodisc_jupyter.renders.session import RenderSession


class KernelState:
    """The state behind the magics, ``render()`` and Studio. There is one per process."""

    def __init__(self, settings: KodiscSettings) -> None:
        self.home = kodisc_home()
        self.prelude = ""
        self.unwaited: list[Render] = []
        """Renders that no cell waited for: ``%kodisc wait`` does."""
        self._session: RenderSession | None = None
        self.use(settings)

    def use(self, settings: KodiscSettings) -> None:
        """Follow these settings from now on, and watch again what :meth:`close` has left."""
        self.settings = settings
        settings.observe(self._set_budget, "max_credits")
        home = kodisc_home()
        if home != self.home and self._session is not None:  # what was spent stays spent
            from kodisc_jupyter.renders.session import RenderSession

            self._session = RenderSession(home=home, budget=self._session.budget)
        self.home = home
        self.places = BackendChooser(settings, home)
        if self._session is not None:
            self._session.max_credits = settings.max_credits
            self._session.resume()

    def _set_budget(self, _change: object) -> None:
        """``%config KodiscMagics.max_credits`` was set."""
        if self._session is not None:
            self._session.max_credits = self.settings.max_credits

    @property
    def session(self) -> RenderSession:
        """This kernel's renders, opened on first use: the journal is not touched before."""
        if self._session is None:
            from kodisc_jupyter.renders.session import RenderSession

            self._session = RenderSession(home=self.home, max_credits=self.settings.max_credits)
        return self._session

    @property
    def has_session(self) -> bool:
        """Whether anything was rendered or looked up in this kernel."""
        return self._session is not None

    @property
    def has_journal(self) -> bool:
        """Whether this user rendered anything yet: only then is the journal worth opening."""
        return journal_path(self.home).exists()

    def close(self) -> None:
        """Stop watching; jobs go on."""
        if self._session is not None:
            self._session.close()
        self.places.close()

    def front_end(self) -> FrontEnd:
        """Who is looking, for the request that is being executed."""
        return of_shell(self.settings.shell, os.environ, sys.modules)

    def open_renders(self) -> list[Render]:
        """The renders this kernel is watching."""
        return self._session.open_renders() if self._session is not None else []

    def cancel(self, job_id: str) -> str:
        """End a job of this machine for good, and say what it cost.

        No later ``%kodisc wait`` fails because of it.

        Raises:
            KodiscError: it cannot be cancelled, and the message says why.
        """
        cost = self.session.cancel(job_id)
        self.unwaited = [render for render in self.unwaited if render.state.job_id != job_id]
        return cost

    def known_job_ids(self) -> list[str]:
        """Recent jobs, for Tab; empty where nothing was rendered yet."""
        if not self.has_journal:
            return []
        return [row.job_id for row in self.session.jobs(20) if row.job_id]

    def full_job_id(self, typed: str) -> str:
        """The job whose ID begins with ``typed``; ``typed`` itself where none is known here.

        Raises:
            JobNotFoundError: several begin with it.
        """
        if not self.has_journal or self.session.find(typed) is not None:
            return typed
        job_ids = sorted(self.session.job_ids_from(typed))
        if len(job_ids) > 1:
            raise JobNotFoundError(
                f"{len(job_ids)} jobs begin with {typed!r}.",
                hint=f"Type a few letters more: {', '.join(job_ids[:4])}.",
            )
        return job_ids[0] if job_ids else typed

    def backend_of(self, job_id: str) -> Backend:
        """The backend that a journalled job is on, else where renders go now."""
        record = self.session.find(job_id)
        return self.places.backend(record.backend if record else None)


def visible_variables(shell: Any) -> Mapping[str, Any]:
    """The notebook's variables, without IPython's own."""
    if shell is None:
        return {}
    hidden = getattr(shell, "user_ns_hidden", {})
    return {name: value for name, value in shell.user_ns.items() if name not in hidden}


class _Current:
    """This process's state, once something has asked for it."""

    kernel: KernelState | None = None


def current_kernel() -> KernelState:
    """The state of this kernel; plain Python and a kernel without ``%load_ext`` have one too."""
    settings = current_settings()
    kernel = _Current.kernel
    if kernel is None or kernel.settings.shell is not settings.shell:
        kernel = _Current.kernel = KernelState(settings)
    elif kernel.settings is not settings:
        kernel.use(settings)
    return kernel


def resume_watching() -> None:
    """Watch what :func:`stop_watching` has left, if anything was; under the settings in force."""
    if _Current.kernel is not None:
        current_kernel()


def stop_watching() -> None:
    """Stop watching, if anything was ever watched; jobs go on."""
    if _Current.kernel is not None:
        _Current.kernel.close()
