"""``%kodisc`` alone: where renders go, the key's prefix, the balance, open renders."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from kodisc_jupyter.api.credits import amount, balance_text, credits_of
from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.notices import say
from kodisc_jupyter.renders import local_server

if TYPE_CHECKING:
    from kodisc_jupyter.api.auth import Key
    from kodisc_jupyter.notebook.kernel import KernelState
    from kodisc_jupyter.renders.state import RenderState


def run(kernel: KernelState, _asked: argparse.Namespace) -> None:
    """Say it line by line; a key that is refused is the error at the end."""
    problem = None
    try:
        kind, key = kernel.places.kind_and_key()
        lines = _cloud_lines(kernel, key) if kind == "cloud" else _local_lines(kernel)
    except KodiscError as refused:
        lines, problem = [], refused
    for line in [*lines, *_spent(kernel), *_open_lines(kernel)]:
        say(line)
    if problem is not None:
        raise problem


def _local_lines(kernel: KernelState) -> list[str]:
    server = local_server.find(kernel.home)
    return [
        "Renders go to: this machine (Manim), no credits.",
        f"Render server: {server.url if server else 'starts with the first render'}",
    ]


def _cloud_lines(kernel: KernelState, key: Key | None) -> list[str]:
    """Where the fleet is, the key as the server names it, and the balance."""
    client = kernel.places.cloud(key).client
    account = client.get_me(attempts=2)
    balance = account.credits
    money = "Credits: this server takes none." if account.unlimited else balance_text(balance)
    return [
        f"Renders go to: {client.base_url}",
        f"Key: {account.key_prefix}…{f' (from {key.source})' if key else ''}",
        money,
    ]


def _open_lines(kernel: KernelState) -> list[str]:
    """What this kernel is watching, and how much earlier kernels left open."""
    still = kernel.session.open_renders() if kernel.has_session else []
    left = len(kernel.session.left_open()) if kernel.has_journal else 0
    lines = [f"Open renders in this kernel: {len(still) or 'none'}"]
    lines += [f"  {_open_line(render.state)}" for render in still]
    if left:
        lines.append(f"Left open by earlier kernels: {left}. %kodisc jobs lists them.")
    return lines


def _spent(kernel: KernelState) -> list[str]:
    """The budget, when one is set."""
    if kernel.settings.max_credits is None:
        return []
    budget = kernel.session.budget.snapshot()
    assert budget is not None
    left, limit = amount(budget.left), credits_of(budget.limit)
    return [f"Budget of this session: {left} of {limit} left ({amount(budget.spent)} spent)"]


def _open_line(state: RenderState) -> str:
    now = time.time()
    parts = [
        words.name(state.scene),
        words.settings(state),
        words.headline(state),
        words.clock(now - state.began_at),
        words.time_left(state, now),
        words.name(state.job_id or "no job ID yet"),
    ]
    return " · ".join(filter(None, parts))
