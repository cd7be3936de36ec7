"""Whether the scenes of one user are kept from everybody else: decided once, before the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kodisc_jupyter.local.options import Options

NOT_LOCKED_IN: Final = (
    "--sandbox off: the scene of any user can read every key, change every credit and replace "
    "everybody's videos. Give keys only to people you trust with that."
)
WITHOUT_SANDBOX: Final = (
    "--sandbox off starts without: then the scene of any user can read every key, change every "
    "credit and replace everybody's videos."
)
DASK_TRUSTS_EVERYONE: Final = (
    "Dask without TLS: scheduler and workers trust everyone who can reach them, and run whatever "
    "they are sent"
)
_HOW_TO_DASK: Final = (
    "Use TLS (docs/class-server.md, tls://…), or say with --dask-without-tls that nobody else can "
    "reach them."
)


class IsolationError(RuntimeError):
    """The server must not start like this; the message says why, in one line."""


@dataclass(frozen=True)
class Isolation:
    """What was decided. ``exposed``: several users, and a scene of any can harm all others."""

    locked_in: bool
    exposed: bool
    warnings: tuple[str, ...] = ()


def decide(options: Options) -> Isolation:
    """What the options ask for, and what has to be said about it.

    Raises:
        IsolationError: several users would share an open Dask cluster, and nobody has said that
            this is meant.
    """
    several, off = options.users is not None, options.sandbox == "off"
    open_dask = options.dask is not None and not options.dask.startswith("tls://")
    if several and open_dask and not off and not options.dask_without_tls:
        raise IsolationError(f"--users with {DASK_TRUSTS_EVERYONE}. {_HOW_TO_DASK}")
    exposed = several and off
    warnings = ((open_dask, DASK_TRUSTS_EVERYONE), (exposed, NOT_LOCKED_IN))
    return Isolation(
        locked_in=options.sandbox == "on" or (several and not off),
        exposed=exposed,
        warnings=tuple(words for applies, words in warnings if applies),
    )


def no_sandbox(where: str, why: str) -> IsolationError:
    """The error where scenes have to be locked in and cannot be."""
    return IsolationError(f"Scenes cannot be locked in{where}: {why}. {WITHOUT_SANDBOX}")
