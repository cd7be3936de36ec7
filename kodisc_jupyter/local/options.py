"""The command line of the render server."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.rules import KEY, KEY_FORM

USER_QUEUE_LIMIT: Final = 40
"""Jobs of one user that may wait: a notebook's "Run All", and not everybody else's turn."""

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Options:
    """What the server was told. ``credits`` and ``data_dir``: ``None`` = unlimited, temporary."""

    host: str
    port: int
    socket: Path | None
    workers: int
    credits: int | None
    free_credits: int
    key: str | None
    users: Path | None
    data_dir: Path | None
    state_file: Path | None
    idle_timeout: float | None
    render_timeout: float
    memory_limit_mb: int
    disk_limit_mb: int
    sandbox: str
    user_queue_limit: int | None
    user_workers: int | None
    queue_limit: int
    storage_limit_mb: int
    segments_limit_mb: int
    connections: int
    dask: str | None
    dask_without_tls: bool
    webhook_url: str | None
    webhook_secret: str | None
    webhook_ca: str | None
    private_webhooks: bool

    def private_files(self) -> list[Path]:
        """The server's files outside its folder, which no scene may see."""
        return [path for path in (self.users, self.state_file) if path is not None]


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; exits with status 2 and a short message when it makes no sense."""
    options = Options(**vars(_parser().parse_args(arguments)))
    if options.users is None:
        return options
    return replace(
        options,
        user_queue_limit=options.user_queue_limit or USER_QUEUE_LIMIT,
        user_workers=options.user_workers or max(1, options.workers - 1),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kodisc_jupyter.local",
        description="A render server on this machine that speaks the Kodisc v2 API, with real "
        "Manim behind it. The first line on standard output is JSON with its url and key.",
        epilog="The code of everyone who has a key is run on this machine, and webhooks are sent "
        "to whatever https:// address a request names: give keys only to people you trust.",
    )
    _add_address(parser.add_argument)
    _add_users(parser.add_argument)
    _add_files(parser.add_argument)
    _add_limits(parser.add_argument)
    _add_isolation(parser.add_argument)
    _add_webhooks(parser.add_argument)
    return parser


def _add_address(add: Callable[..., object]) -> None:
    add("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    add("--port", type=_port, default=0, help="0 takes a free one (default)")
    add("--socket", type=Path, metavar="PATH", help="listen on this Unix socket, not on a port")
    add("--connections", type=_positive, default=500, metavar="N", help="open connections")
    add("--idle-timeout", type=_seconds, metavar="S", help="end after S seconds without work")


def _add_users(add: Callable[..., object]) -> None:
    add("--key", type=_key, help="the API key (default: a random one, kept in --data-dir)")
    add("--credits", type=_credits, default=None, help="a number, or unlimited (default)")
    add("--free-credits", type=_count, default=0, help="free credits a month, spent first")
    add("--users", type=Path, metavar="FILE", help="TOML file of users, keys and credits")
    add(
        "--user-queue-limit",
        type=_positive,
        metavar="N",
        help=f"jobs of one user that may wait (default with --users: {USER_QUEUE_LIMIT})",
    )
    add(
        "--user-workers",
        type=_positive,
        metavar="N",
        help="renders of one user at a time (default with --users: one fewer than --workers)",
    )


def _add_files(add: Callable[..., object]) -> None:
    add("--data-dir", type=Path, metavar="DIR", help="keeps jobs, credits and files over restarts")
    add("--state-file", type=Path, metavar="PATH", help="url, key and pid, while it runs")
    storage = _megabytes("storage_limit_mb", 10_240, "finished files kept, the oldest go first")
    add("--storage-limit", **storage)
    add(
        "--segments-limit",
        dest="segments_limit_mb",
        type=_count,
        default=os.environ.get("KODISC_SEGMENTS_MB", "2048"),
        metavar="MB",
        help="drawn pieces of videos kept of each user, to be used again: in MB "
        "(default: KODISC_SEGMENTS_MB, or 2048)",
    )


def _add_limits(add: Callable[..., object]) -> None:
    add("--workers", type=_positive, default=cores(), help="renders at a time (default: cores)")
    add("--queue-limit", type=_positive, default=1000, metavar="N", help="jobs that may wait")
    add("--render-timeout", type=_seconds, default=600.0, metavar="S", help="default 600")
    add("--memory-limit", **_megabytes("memory_limit_mb", 4096, "memory of one render"))
    add(
        "--disk-limit",
        **_megabytes("disk_limit_mb", 4096, "what one render may write to the disk"),
    )


def _add_isolation(add: Callable[..., object]) -> None:
    add(
        "--sandbox",
        choices=("auto", "on", "off"),
        default="auto",
        help="lock every user's scenes in, with bubblewrap (Linux). auto: with --users, which "
        "refuses to start without it; off: a scene can read every key and change every credit",
    )
    add(
        "--dask",
        metavar="ADDRESS",
        help="render on the Dask cluster of this scheduler; tls://… with Dask's own settings",
    )
    add(
        "--dask-without-tls",
        action="store_true",
        help="with --users: nobody but this server can reach the scheduler and its workers, which "
        "run whatever they are sent",
    )


def _add_webhooks(add: Callable[..., object]) -> None:
    add("--webhook-url", type=_https, metavar="URL", help="the key's default webhook")
    add("--webhook-secret", metavar="whsec_…", help="signs webhooks (default: random, kept)")
    add("--webhook-ca", metavar="FILE", help="certificates that webhook receivers are held to")
    add(
        "--private-webhooks",
        action="store_true",
        help="with --users: webhooks may also go to this machine and its own network",
    )


def _megabytes(dest: str, default: int, words: str) -> dict[str, Any]:
    """What an option of so many MB is added with."""
    help_text = f"{words}, in MB (default {default})"
    return {"dest": dest, "type": _positive, "default": default, "metavar": "MB", "help": help_text}


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _number(text: str, lowest: int, what: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = lowest - 1
    if number < lowest:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number


def _positive(text: str) -> int:
    return _number(text, 1, "a positive whole number")


def _count(text: str) -> int:
    return _number(text, 0, "a whole number from 0 on")


def _port(text: str) -> int:
    number = _count(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return number


def _credits(text: str) -> int | None:
    if text == "unlimited":
        return None
    return _number(text, 0, 'a whole number, or "unlimited"')


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _key(text: str) -> str:
    if not KEY.match(text):
        raise argparse.ArgumentTypeError(f"a key is {KEY_FORM}")
    return text


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise argparse.ArgumentTypeError("must be an https:// URL")
    return text
