"""Where a render goes, and how to talk to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kodisc_jupyter.api.address import server_name

if TYPE_CHECKING:
    from kodisc_jupyter.api.client import Client


@dataclass(frozen=True)
class Backend:
    """A place that renders: Kodisc's fleet (``cloud``) or this machine (``local``).

    ``identity`` is what reuse goes by: ``local``, or ``cloud:<base URL>``. ``unlimited`` says that
    it takes no credits. ``refresh`` finds it again when it was restarted at another address.
    """

    kind: Literal["cloud", "local"]
    client: Client
    identity: str
    unlimited: bool = False
    refresh: Callable[[], Backend] | None = None

    @property
    def address(self) -> str:
        """What a person calls the server; empty on this machine."""
        return server_name(self.identity.partition(":")[2]) if self.kind == "cloud" else ""
