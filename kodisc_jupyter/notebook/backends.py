"""Where renders go: Kodisc's fleet, or this machine. Never a silent switch between the two.

The first panel is there before any of this is needed, so keys and servers are imported late.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kodisc_jupyter.api.errors import AuthenticationError, KodiscError
from kodisc_jupyter.notebook.settings import KodiscSettings

if TYPE_CHECKING:
    from kodisc_jupyter.api.auth import Key
    from kodisc_jupyter.api.client import Client
    from kodisc_jupyter.renders.backend import Backend

Kind = Literal["cloud", "local"]

NOT_SENT = "Nothing was sent and nothing was charged."


class NowhereToRenderError(KodiscError):
    """Neither a key nor Manim is here; nothing was sent."""


def decide(backend: str, *, has_key: bool, has_manim: bool) -> Kind:
    """Where a render goes, from the setting and two facts.

    Raises:
        AuthenticationError: ``cloud`` was asked for, but there is no key.
        NowhereToRenderError: ``local`` was asked for without Manim, or neither is possible.
    """
    if backend == "cloud" or (backend == "auto" and has_key):
        if not has_key:
            from kodisc_jupyter.api.auth import LOOKED_IN

            raise AuthenticationError(
                f"There is no Kodisc key. Looked in: {LOOKED_IN}. {NOT_SENT}",
                hint="Type %kodisc login, or render on this machine with --backend local.",
            )
        return "cloud"
    if has_manim:
        return "local"
    if backend == "local":
        raise NowhereToRenderError(
            f"Manim is not installed, so nothing can be rendered on this machine. {NOT_SENT}",
            hint='Install it with: pip install "kodisc-jupyter[local]"',
        )
    raise NowhereToRenderError(
        f"There is no Kodisc key and Manim is not installed. {NOT_SENT}",
        hint="Two ways out: type %kodisc login to render on Kodisc (costs credits), or "
        'pip install "kodisc-jupyter[local]" to render on this machine (no credits).',
    )


def has_manim() -> bool:
    """Whether Manim and what the local server needs are installed; nothing is imported."""
    return all(_is_installed(name) for name in ("manim", "tornado"))


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a module put there by hand, or barred with sys.modules[name] = None
        return sys.modules.get(name) is not None


class BackendChooser:
    """Where renders go, worked out when a cell needs it; one client per key and address is kept."""

    def __init__(self, settings: KodiscSettings, home: Path) -> None:
        self._settings = settings
        self._home = home
        self._clients: dict[tuple[str, str, bool], Client] = {}

    def kind(self, option: str | None = None) -> Kind:
        """Where a render would go; quick, and nothing is started.

        Raises:
            KodiscError: as :func:`decide`; or the key found cannot be sent.
        """
        return self.kind_and_key(option)[0]

    def kind_and_key(self, option: str | None = None) -> tuple[Kind, Key | None]:
        """Where a render would go, and the key that was found on the way.

        Raises:
            KodiscError: as :meth:`kind`.
        """
        from kodisc_jupyter.api.auth import find_key

        backend = option or self._settings.backend
        key = None if backend == "local" else find_key()
        has_key, can_render = key is not None, backend == "cloud" or has_manim()
        return decide(backend, has_key=has_key, has_manim=can_render), key

    def likely(self, option: str | None = None) -> Kind:
        """Where a render probably goes, at once: a panel does not wait for the keyring to open."""
        backend = option or self._settings.backend
        if backend == "auto":
            return "cloud" if os.environ.get("KODISC_KEY") else "local"
        return "local" if backend == "local" else "cloud"

    def backend(self, option: str | None = None) -> Backend:
        """The place a render goes to; the server on this machine is started if need be.

        Raises:
            KodiscError: as :meth:`kind`; or the local server did not start.
        """
        kind, key = self.kind_and_key(option)
        return self.cloud(key) if kind == "cloud" else self.local()

    def cloud(self, key: Key | None = None) -> Backend:
        """Kodisc's fleet, with the key that was found."""
        from kodisc_jupyter.api.auth import find_key
        from kodisc_jupyter.renders.backend import Backend

        key = key or find_key()
        if key is None:
            decide("cloud", has_key=False, has_manim=False)
        assert key is not None
        client = self._client(key, self._settings.base_url)
        return Backend("cloud", client, f"cloud:{client.base_url}")

    def local(self) -> Backend:
        """The server on this machine, started if there is none."""
        from kodisc_jupyter.renders import local_server
        from kodisc_jupyter.renders.backend import Backend

        address = local_server.ensure(self._home)
        client = self._client(address.key, address.url)
        return Backend("local", client, "local", unlimited=True, refresh=self.local)

    def _client(self, key: Key | str, base_url: str) -> Client:
        from kodisc_jupyter.api.client import Client

        resubmit = bool(self._settings.resubmit_uncertain)
        wanted = (str(getattr(key, "value", key)), base_url, resubmit)
        if wanted not in self._clients:
            self._clients[wanted] = Client(
                key, base_url=base_url or None, resubmit_uncertain=resubmit
            )
        return self._clients[wanted]

    def close(self) -> None:
        """Drop the kept connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
