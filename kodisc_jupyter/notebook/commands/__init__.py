"""What the words after ``%kodisc`` do."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kodisc_jupyter.api.errors import AuthenticationError, KodiscError
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.notices import frame, say
from kodisc_jupyter.notebook.front_end import FrontEnd
from kodisc_jupyter.renders import local_server

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.cell import Runner
    from kodisc_jupyter.renders.state import RenderState


def run(runner: Runner, asked: argparse.Namespace) -> None:
    """Do what a parsed ``%kodisc`` line asks.

    Raises:
        KodiscError: it could not be done; the message says why and what to do.
    """
    try:
        _COMMANDS[asked.command or "status"](runner, asked)
    except KodiscError as problem:
        if not problem.frames:
            problem.frames = [frame(problem, None)]
        raise


def _status(runner: Runner, _asked: argparse.Namespace) -> None:
    problem = None
    try:
        lines = _cloud_lines(runner) if runner.places.kind() == "cloud" else _local_lines(runner)
    except KodiscError as refused:
        lines, problem = [], refused
    for line in [*lines, *_spent(runner), *_open_lines(runner)]:
        say(line)
    if problem is not None:
        raise problem


def _local_lines(runner: Runner) -> list[str]:
    server = local_server.find(runner.home)
    return [
        "Renders go to: this machine (Manim), no credits.",
        f"Render server: {server.url if server else 'starts with the first render'}",
    ]


def _cloud_lines(runner: Runner) -> list[str]:
    """Where the fleet is, the key as the server names it, and the balance."""
    from kodisc_jupyter.api.auth import find_key

    client = runner.places.cloud().client
    account = client.get_me(attempts=2)
    key, balance = find_key(), account.credits
    money = (
        "Credits: this server takes none."
        if account.unlimited
        else f"Balance: {words.credits_of(balance.total)} ({words.split(balance)})"
    )
    return [
        f"Renders go to: {client.base_url}",
        f"Key: {account.key_prefix}…{f' (from {key.source})' if key else ''}",
        money,
    ]


def _open_lines(runner: Runner) -> list[str]:
    """What this kernel is watching, and how much earlier kernels left open."""
    still = runner.session.open_renders() if runner.has_session else []
    left = len(runner.session.left_open()) if runner.has_journal else 0
    lines = [f"Open renders in this kernel: {len(still) or 'none'}"]
    lines += [f"  {_open_line(render.state)}" for render in still]
    if left:
        lines.append(f"Left open by earlier kernels: {left}. %kodisc jobs lists them.")
    return lines


def _spent(runner: Runner) -> list[str]:
    """The budget, when one is set."""
    if runner.settings.max_credits is None:
        return []
    budget = runner.session.purse.budget()
    assert budget is not None
    left, limit = words.amount(budget.left), words.credits_of(budget.limit)
    return [f"Budget of this session: {left} of {limit} left ({words.amount(budget.spent)} spent)"]


def _open_line(state: RenderState) -> str:
    elapsed = words.clock(time.time() - state.began_at)
    return (
        f"{words.name(state.scene)} · {words.settings(state)} · {words.headline(state)} · "
        f"{elapsed} · {words.name(state.job_id or 'no job ID yet')}"
    )


def _login(runner: Runner, asked: argparse.Namespace) -> None:
    from getpass import getpass

    from kodisc_jupyter.api import auth

    if runner.front_end() is FrontEnd.HEADLESS:
        raise AuthenticationError(
            "Nobody is there to type a key: this notebook runs unattended.",
            hint="Set the environment variable KODISC_KEY instead.",
        )
    login = auth.login(getpass, base_url=runner.settings.base_url or None)
    balance = login.account.credits
    say(f"Logged in with key {login.account.key_prefix}…")
    say(f"Balance: {words.credits_of(balance.total)} ({words.split(balance)})")
    if login.shadowed_by:
        say(f"Note: another key, from {login.shadowed_by}, is looked up first and stays in use.")
    keep = asked.keep
    if keep is None and find_spec("keyring") is not None:
        keep = input("Keep the key in the system keyring? [y/N] ").strip().lower() in {"y", "yes"}
    if keep:
        auth.keep_key(login.key)
        say("Kept in the system keyring; %kodisc logout removes it.")
    else:
        say("Kept for this kernel only; it is written nowhere.")


def _logout(_runner: Runner, _asked: argparse.Namespace) -> None:
    from kodisc_jupyter.api import auth

    places = auth.forget_key()
    say(f"Forgotten: the key from {' and from '.join(places)}." if places else "No key was kept.")
    left = auth.find_key()
    if left is not None:
        say(f"A key is still found in {left.source}, which %kodisc logout cannot change.")


def _jobs(runner: Runner, asked: argparse.Namespace) -> None:
    from kodisc_jupyter.api.auth import find_key
    from kodisc_jupyter.renders.report import jobs_table

    # With the backend at hand, the balance after an uncertain submission can be asked.
    backend = runner.places.cloud() if find_key() is not None else None
    say(jobs_table(runner.session.jobs(asked.number, backend), now=time.time()))


def _show(runner: Runner, asked: argparse.Namespace) -> None:
    runner.show(runner.session.show(asked.job_id, runner.backend_of(asked.job_id)))


def _save(runner: Runner, asked: argparse.Namespace) -> None:
    path = Path(asked.path).expanduser().absolute()
    if path.is_dir():
        path /= f"{asked.job_id}.mp4"
    record = runner.session.find(asked.job_id)
    is_gone = record is not None and not (record.video and record.video.is_file())
    backend = runner.backend_of(asked.job_id) if is_gone else None
    saved = runner.session.save(asked.job_id, path, backend)
    say(f"Saved as {saved}")


def _wait(runner: Runner, asked: argparse.Namespace) -> None:
    say(runner.wait_for_all(asked.timeout))


def _report(runner: Runner, asked: argparse.Namespace) -> None:
    report = runner.session.report(everything=asked.all)
    say(str(report))
    if asked.csv:
        path = Path(asked.csv).expanduser().absolute()
        report.write_csv(path)
        say(f"Written to {path}")


def _export(runner: Runner, asked: argparse.Namespace) -> None:
    from kodisc_jupyter.notebook.commands.export import export, page_path, this_notebook

    notebook = Path(asked.notebook) if asked.notebook else this_notebook(runner.settings.shell)
    notebook = notebook.expanduser().absolute()
    exported = export(
        notebook,
        page_path(notebook, asked.to, folder=asked.folder),
        folder=asked.folder,
        session=runner.session if runner.has_journal else None,
    )
    for line in exported.lines():
        say(line)


def _doctor(runner: Runner, _asked: argparse.Namespace) -> None:
    from kodisc_jupyter.notebook.commands.doctor import examine

    for finding in examine(runner.places, runner.home, runner.front_end()):
        say(str(finding))


def _studio(_runner: Runner, _asked: argparse.Namespace) -> None:
    from kodisc_jupyter.notebook.commands.studio import studio

    studio()


def _prelude(runner: Runner, asked: argparse.Namespace) -> None:
    if asked.clear:
        runner.prelude = ""
        say("The prelude is forgotten: cells are sent as they are.")
    else:
        say(runner.prelude or "No prelude is kept. A %%kodisc_prelude cell keeps one.")


def _local(runner: Runner, asked: argparse.Namespace) -> None:
    if asked.action == "stop":
        stopped = local_server.stop(runner.home)
        say("The render server on this machine has stopped." if stopped else "None was running.")
        return
    server = local_server.find(runner.home)
    if server is None:
        say("No render server is running on this machine; the first render starts one.")
    else:
        idle = local_server.IDLE_TIMEOUT_S // 60
        say(f"Render server: {server.url}, process {server.pid}.")
        say(f"It ends by itself after {idle} idle minutes; %kodisc local stop ends it now.")


_COMMANDS: dict[str, Callable[[Any, argparse.Namespace], None]] = {
    "status": _status,
    "login": _login,
    "logout": _logout,
    "jobs": _jobs,
    "show": _show,
    "save": _save,
    "wait": _wait,
    "report": _report,
    "export": _export,
    "doctor": _doctor,
    "studio": _studio,
    "prelude": _prelude,
    "local": _local,
}
