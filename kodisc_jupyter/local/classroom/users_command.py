"""``python -m kodisc_jupyter.local users add|remove|credits|key|list``: who may render here.

It edits the users file, which a running server reads again by itself. A key is shown once, when it
is made.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from kodisc_jupyter.api.rules import spreadsheet_text
from kodisc_jupyter.local.classroom import users_file
from kodisc_jupyter.local.classroom.users import UsersFileError, new_key, read_users, users_in
from kodisc_jupyter.local.store import write_private

_FILE: Final = Path("class.toml")
_FAILED: Final = 2


def main(arguments: Sequence[str]) -> None:
    """Run one of the commands; what is wrong is the last line on standard error."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except (UsersFileError, OSError) as problem:
        _give_up(str(problem))
    except users_file.NoSuchUserError as missing:
        _give_up(f"{asked.file}: there is no user {missing.args[0]!r}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kodisc_jupyter.local users",
        description="Who may render on the class server. A running server sees each change.",
    )
    commands = parser.add_subparsers(required=True, metavar="add|remove|credits|key|list")

    def command(name: str, run: object, words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words)
        made.set_defaults(run=run)
        made.add_argument("--file", type=Path, default=_FILE, help="default: class.toml")
        return made

    add = command("add", _add, "add users; prints each one's new key, which is shown only now")
    add.add_argument("names", nargs="*", metavar="NAME")
    add.add_argument("--from", dest="names_from", type=Path, metavar="FILE", help="a name a line")
    add.add_argument("--credits", type=_credits, default="unlimited", help="default: unlimited")
    add.add_argument("--free", type=int, default=0, help="free credits of each month")
    remove = command("remove", _remove, "remove users; what they rendered stays")
    remove.add_argument("names", nargs="+", metavar="NAME")
    more = command("credits", _give, "give a user more credits (+100), or so many in all (500)")
    more.add_argument("name", metavar="NAME")
    more.add_argument("amount", metavar="+N|N|unlimited")
    key = command("key", _replace_key, "replace a user's key: the old one stops working")
    key.add_argument("name", metavar="NAME")
    show = command("list", _list, "who there is, and with --data-dir who used what")
    show.add_argument("--data-dir", type=Path, metavar="DIR")
    return parser


def _add(asked: argparse.Namespace) -> None:
    names = [*asked.names]
    if asked.names_from is not None:
        lines = asked.names_from.read_text(encoding="utf-8").splitlines()
        names += [line.strip() for line in lines if line.strip()]
    if not names:
        _give_up("say who: NAME …, or --from FILE")
    text = asked.file.read_text(encoding="utf-8") if asked.file.exists() else ""
    known = {user.name for user in read_users(asked.file).users} if text.strip() else set()
    keys = {}
    for name in names:
        if not name.isprintable():
            _give_up(f"{name!r} is no name: it holds control characters")
        if name in known:
            _give_up(f"{asked.file}: {name} is there already; a new key: users key {name}")
        known.add(name)
        keys[name] = new_key()
        text = users_file.add(text, name, keys[name], asked.credits, asked.free)
    _write(asked.file, text)
    for name, key in keys.items():
        _say_row(name, key)


def _remove(asked: argparse.Namespace) -> None:
    text = asked.file.read_text(encoding="utf-8")
    for name in asked.names:
        text = users_file.remove(text, name)
    _write(asked.file, text)


def _give(asked: argparse.Namespace) -> None:
    user = read_users(asked.file).named(asked.name)
    if user is None:
        raise users_file.NoSuchUserError(asked.name)
    try:
        amount: int | str = _credits(asked.amount.removeprefix("+"))
    except argparse.ArgumentTypeError as problem:
        _give_up(str(problem))
    if asked.amount.startswith("+"):
        if user.credits is None or isinstance(amount, str):
            _give_up(f"{asked.name} has unlimited credits; say how many there are in all")
        amount += user.credits
    text = users_file.put(asked.file.read_text(encoding="utf-8"), asked.name, "credits", amount)
    _write(asked.file, text)
    _say(f"{asked.name}: {amount} credits given in all")


def _replace_key(asked: argparse.Namespace) -> None:
    key = new_key()
    _write(
        asked.file,
        users_file.put(asked.file.read_text(encoding="utf-8"), asked.name, "key", key),
    )
    _say_row(asked.name, key)


def _list(asked: argparse.Namespace) -> None:
    used = _used(asked.data_dir) if asked.data_dir is not None else {}
    _say_row("name", "key", "given", "left", "videos", "spent")
    for user in read_users(asked.file).users:
        given = "unlimited" if user.credits is None else str(user.credits)
        left, videos, spent = used.get(user.name, ("", "", ""))
        prefixes = " ".join(f"{key.prefix}…" for key in user.keys)
        _say_row(user.name, prefixes, given, left, videos, spent)


def _used(folder: Path) -> dict[str, tuple[str, str, str]]:
    """Credits left, videos and credits spent of each user, from the ledger, which is only read."""
    path = folder / "ledger.sqlite3"
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no ledger")
    videos: dict[str, int] = {}
    spent: dict[str, int] = {}
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        accounts = db.execute("SELECT user, paid + free FROM accounts").fetchall()
        for name, text in db.execute("SELECT user, record FROM jobs WHERE status = 'completed'"):
            videos[name] = videos.get(name, 0) + 1
            spent[name] = spent.get(name, 0) + int(json.loads(text)["cost"])
    left = {name: str(total) for name, total in accounts}
    return {
        name: (left.get(name, ""), str(videos.get(name, 0)), str(spent.get(name, 0)))
        for name in {*left, *videos}
    }


def _write(path: Path, text: str) -> None:
    """Write the file if it makes sense; else it stays as it is."""
    if text.strip():
        users_in(text, path)
    write_private(path, text)


def _credits(text: str) -> int | str:
    if text == "unlimited":
        return text
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number or "unlimited"')
    return int(text)


def _say_row(*cells: str) -> None:
    """A line of a table that may be pasted into a spreadsheet."""
    _say("\t".join(map(spreadsheet_text, cells)))


def _say(line: str) -> None:
    print(line)  # noqa: T201  a command's answer


def _give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)  # noqa: T201  a command's last word
    sys.exit(_FAILED)
