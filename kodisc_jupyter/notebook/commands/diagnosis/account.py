"""Where renders go, with which key, and what it may spend."""

from __future__ import annotations

from collections.abc import Iterator

from kodisc_jupyter.api.auth import LOOKED_IN, find_key
from kodisc_jupyter.api.credits import credits_of, parts
from kodisc_jupyter.api.errors import AuthenticationError, KodiscError
from kodisc_jupyter.api.models import Account
from kodisc_jupyter.notebook.backends import BackendChooser
from kodisc_jupyter.notebook.commands.diagnosis.finding import Finding, Verdict


def destination(places: BackendChooser) -> Finding:
    """Where a render would go now."""
    try:
        kind = places.kind()
    except KodiscError as problem:
        return Finding(Verdict.BAD, "renders", problem.message, problem.hint)
    where = "to this machine, no credits" if kind == "local" else "to Kodisc, for credits"
    return Finding(Verdict.GOOD, "renders", f"go {where}")


def key_and_credits(places: BackendChooser) -> Iterator[Finding]:
    """Whether there is a key, whether the API takes it, and what it may spend."""
    try:
        key = find_key()
    except KodiscError as problem:
        yield Finding(Verdict.BAD, "key", problem.message, problem.hint)
        return
    if key is None:
        yield Finding(
            Verdict.NOTE,
            "key",
            f"none; looked in {LOOKED_IN}",
            "%kodisc login, to render on Kodisc",
        )
        return
    client = places.cloud(key).client
    try:
        answer = client.get_me(attempts=1)
    except AuthenticationError as problem:
        yield Finding(Verdict.BAD, "key", f"from {key.source}: {problem.message}", problem.hint)
        yield Finding(Verdict.GOOD, "API", f"{client.base_url} answers")
        return
    except KodiscError as problem:
        yield Finding(Verdict.NOTE, "key", f"from {key.source}, not checked")
        yield Finding(Verdict.BAD, "API", problem.message, problem.hint)
        return
    yield Finding(Verdict.GOOD, "key", f"{answer.key_prefix}… from {key.source}, accepted")
    yield Finding(Verdict.GOOD, "API", f"{client.base_url} answers")
    yield from examine_account(answer)


def examine_account(account: Account) -> Iterator[Finding]:
    """What the account says: credits, and whether its server keeps its users apart."""
    yield balance(account)
    if account.exposed:
        yield Finding(
            Verdict.NOTE,
            "class server",
            "runs scenes without a sandbox: the scene of any user can read every key, change "
            "every credit and replace everybody's videos",
            "whoever runs it: install bubblewrap, and start it without --sandbox off",
        )


def balance(account: Account) -> Finding:
    """What is left."""
    if account.unlimited:
        return Finding(Verdict.GOOD, "credits", "this server takes none")
    left = account.credits
    known = f"{credits_of(left.total)} ({parts(left)})"
    if left.total > 0:
        return Finding(Verdict.GOOD, "credits", known)
    return Finding(
        Verdict.BAD,
        "credits",
        known,
        "buy credits or wait for the next monthly free ones; --backend local costs none",
    )
