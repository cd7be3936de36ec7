"""How one HTTP exchange ended, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """A status came back. ``broken`` says why the body could not be read whole, if so."""

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after_s: float | None = None
    location: str = ""
    broken: str = ""
    too_large: bool = False


@dataclass(frozen=True)
class NoAnswer:
    """No status came back. ``sent`` is whether any of the request's body had left.

    ``misconfigured`` says that something on this machine is set wrongly, so that trying again is
    no use; ``variable`` is the environment variable that sets it, if one does.
    """

    sent: bool
    reason: str
    misconfigured: bool = False
    variable: str = ""


@dataclass(frozen=True)
class Interrupted:
    """Ctrl-C during the exchange. ``sent`` is whether any of the request's body had left."""

    sent: bool


Outcome = Answer | NoAnswer | Interrupted
