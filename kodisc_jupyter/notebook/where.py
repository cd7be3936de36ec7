"""Where renders go: Kodisc's fleet, or this machine. Never a silent switch between the two."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from kodisc_jupyter.api.errors import AuthenticationError, KodiscError

Kind = Literal["cloud", "local"]

PLACES = "KODISC_KEY, Colab's secrets, the system keyring and %kodisc login"

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
            raise AuthenticationError(
                f"There is no Kodisc key. Looked in: {PLACES}. {NOT_SENT}",
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
    return all(find_spec(name) is not None for name in ("manim", "tornado"))
