"""The options of ``%%kodisc``: one table for parsing, for ``?`` and ``--help``, and for Tab."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable, Generator, Iterable
from enum import Enum
from typing import Any, Final, NamedTuple, NoReturn

from kodisc_jupyter.notebook.settings import ASPECT_RATIOS, QUALITIES

MANIM_QUALITIES: Final = {"l": "low", "m": "medium", "h": "high", "p": "twok", "k": "fourk"}
"""Manim's own letters: ``-ql -qm -qh -qp -qk``."""

HELP_WORDS: Final = ("-h", "--help")

_FROM_MANIM: Final = {
    "-v": "Manim's -v (verbosity) is not needed here: leave it out.",
    "-p": "Manim's -p (preview) is not needed here: the video appears under the cell.",
    "--disable_caching": "Manim's caching does not matter here: leave it out.",
    "--progress_bar": "The panel shows the progress: leave --progress_bar out.",
    "-s": "Kodisc renders videos, not a last frame: leave -s out.",
    "-r": "The size follows from -q and -a: -ql, -qm, -qh, -qp, -qk and 16:9 or 9:16.",
    "--resolution": "The size follows from -q and -a: -ql, -qm, -qh, -qp, -qk and 16:9 or 9:16.",
}


class LeftOut(Enum):
    """An option that was not on the line: the setting, or the API's own default, applies."""

    LEFT_OUT = "left out"


LEFT_OUT: Final = LeftOut.LEFT_OUT


class Options(NamedTuple):
    """A parsed ``%%kodisc`` line; ``None`` (or ``LEFT_OUT``) means "the setting, unless said"."""

    scenes: tuple[str, ...] = ()
    quality: str | None = None
    aspect: str | None = None
    fps: int | None = None
    names: tuple[str, ...] = ()
    metadata: Any = LEFT_OUT
    webhook: str | LeftOut | None = LEFT_OUT
    wait: bool | None = None
    timeout: float | None = None
    force: bool = False
    max_credits: float | None = None
    check: bool = False
    embed: bool | None = None
    save: str | None = None
    width: str | None = None
    loop: bool = False
    autoplay: bool = False
    alt: str | None = None
    bind: str | None = None
    backend: str | None = None
    help: bool = False


PYTHON_OPTIONS: Final = frozenset(
    {"quality", "aspect", "fps", "metadata", "webhook", "wait", "timeout", "force"}
    | {"max_credits", "embed", "save", "width", "loop", "autoplay", "alt", "backend"}
)
"""The options of ``render()``; names, values and scene are its own arguments."""


class OptionError(Exception):
    """A magic's line cannot be read: ``message``, ``hint``, and the word it is about.

    ``words`` are the spellings that this word may have on the line. ``secret`` says that the line
    must not be repeated.
    """

    def __init__(self, message: str, hint: str = "", *words: str, secret: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.words = words
        self.secret = secret


class OptionParser(argparse.ArgumentParser):
    """argparse that raises :class:`OptionError` and never exits."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with a line, with the option it is about."""
        option, colon, rest = message.partition(": ")
        if not (colon and option.startswith("argument ")):
            raise OptionError(f"{message[0].upper()}{message[1:]}", f"Try {self.prog} --help.")
        spellings = option.removeprefix("argument ").split("/")
        raise OptionError(f"{spellings[-1]}: {rest}", f"Try {self.prog} --help.", *spellings)


class HelpText(argparse.RawDescriptionHelpFormatter):
    """Help of one width everywhere, with every command on a line of its own."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=88)

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text

    def _iter_indented_subactions(
        self, action: argparse.Action
    ) -> Generator[argparse.Action, None, None]:
        # not indented: argparse forgets the indent when it lines up their help
        yield from getattr(action, "_get_subactions", list)()


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or ``""``; of a few, so a vague likeness will do."""
    from difflib import get_close_matches  # only a mistake needs it

    return next(iter(get_close_matches(word, sorted(known), 1)), "")


def choice(kind: str, choices: tuple[str, ...], aliases: dict[str, str] | None = None) -> Any:
    """An argument's type: one of a few words, in any case; a slip of the pen is recognised."""

    def read(text: str) -> str:
        word = (aliases or {}).get(text.lower(), text.lower())
        if word in choices:
            return word
        near = closest(word, choices)
        hint = f" (did you mean {near}?)" if near else ""
        raise argparse.ArgumentTypeError(
            f"{kind} must be one of: {', '.join(choices)}; not {text!r}{hint}"
        )

    return read


def positive(kind: str) -> Callable[[str], int]:
    """An argument's type: a whole number, 1 or more."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise argparse.ArgumentTypeError(f"{kind} must be a positive integer, not {text!r}")
        return int(text)

    return read


def amount(text: str) -> float:
    """An argument's type: seconds or credits, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number, 0 or more, not {text!r}")
    return int(value) if value.is_integer() else value


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(
            f"metadata must be JSON, such as '{{\"week\": 3}}': {problem}"
        ) from None


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _webhook(text: str) -> str:
    if not text.startswith("https://"):
        raise argparse.ArgumentTypeError("webhookUrl must be an https:// URL")
    return text


def _identifier(text: str) -> str:
    if not text.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not a Python name")
    return text


def parser() -> argparse.ArgumentParser:
    """The parser of a ``%%kodisc`` line; its help is the magic's help."""
    p = OptionParser(
        prog="%%kodisc",
        add_help=False,
        allow_abbrev=False,
        formatter_class=HelpText,
        description="Render the Manim scene in this cell and show the video under it.",
        epilog="Settings: %config KodiscMagics.   Jobs and balance: %kodisc.",
    )
    p.add_argument(
        "scenes",
        nargs="*",
        metavar="SCENE",
        help="the Scene class to render; may be left out when the cell defines exactly one; "
        "several names make several renders",
    )
    look = p.add_argument_group("the video")
    look.add_argument(
        "-q", "--quality",
        type=choice("quality", QUALITIES, MANIM_QUALITIES),
        help="low (480p15), medium (720p30), high (1080p30), twok (1440p30), fourk (2160p30); "
        "Manim's -ql -qm -qh -qp -qk work too",
    )  # fmt: skip
    look.add_argument(
        "-a", "--aspect", type=choice("aspectRatio", ASPECT_RATIOS), help="16:9, or 9:16 (upright)"
    )
    look.add_argument("--fps", type=positive("fps"), metavar="N", help="frames per second")
    sent = p.add_argument_group("what is sent")
    sent.add_argument(
        "--with",
        dest="names",
        action="append",
        metavar="NAME",
        help="send this notebook variable along, as a literal above the code (repeat it, or give "
        "a list: --with n,title)",
    )
    sent.add_argument(
        "--metadata", type=_json, default=LEFT_OUT, metavar="JSON",
        help="any JSON; the API gives it back unchanged on the job and its webhook",
    )  # fmt: skip
    hook = sent.add_mutually_exclusive_group()
    hook.add_argument(
        "--webhook", type=_webhook, default=LEFT_OUT, metavar="URL",
        help="tell this https:// address when the job ends (left out: the key's default webhook)",
    )  # fmt: skip
    hook.add_argument(
        "--no-webhook", dest="webhook", action="store_const", const=None, help="tell nobody"
    )
    sent.add_argument(
        "--backend", type=choice("backend", ("cloud", "local")),
        help="cloud or local, whatever the setting says",
    )  # fmt: skip
    money = p.add_argument_group("waiting and credits")
    wait = money.add_mutually_exclusive_group()
    wait.add_argument("--wait", action="store_true", default=None, help="block until it is done")
    wait.add_argument("--no-wait", dest="wait", action="store_false", help="return at once")
    money.add_argument(
        "--timeout", type=amount, metavar="S", help="wait at most S seconds; the job goes on"
    )
    money.add_argument(
        "--force", action="store_true", help="render again although an identical render is there"
    )
    money.add_argument(
        "--max-credits", type=amount, metavar="N",
        help="refuse when this render would pass N credits, the budget or the balance",
    )  # fmt: skip
    money.add_argument("--check", action="store_true", help="free checks only; nothing is sent")
    shown = p.add_argument_group("how it is kept and shown")
    keep = shown.add_mutually_exclusive_group()
    keep.add_argument(
        "--embed", action="store_true", default=None, help="keep the video inside the notebook"
    )
    keep.add_argument("--link", dest="embed", action="store_false", help="only link to the video")
    shown.add_argument("--save", metavar="PATH", help="also save the video as this file")
    shown.add_argument("--width", metavar="CSS", help="width of the video, such as 480px or 60%%")
    shown.add_argument("--loop", action="store_true", help="play it again and again")
    shown.add_argument("--autoplay", action="store_true", help="play it at once (muted)")
    shown.add_argument("--alt", metavar="TEXT", help="what the video shows, for who cannot see it")
    shown.add_argument(
        "--as", dest="bind", type=_identifier, metavar="NAME",
        help="bind the render handle to this notebook variable",
    )  # fmt: skip
    shown.add_argument(*HELP_WORDS, action="store_true", help="show this text")
    return p


def long_options(of: argparse.ArgumentParser) -> tuple[str, ...]:
    """Every option word of a parser, for Tab completion and "did you mean"."""
    return tuple(of._option_string_actions)  # noqa: SLF001 - argparse has no public list


def split(line: str) -> list[str]:
    """The words of a magic's line, with shell quoting on every system.

    Raises:
        OptionError: a quotation mark is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError:
        raise OptionError(
            "A quotation mark is not closed.", 'Put text with spaces into quotes: --alt "a circle".'
        ) from None


def parse(line: str) -> Options:
    """Read a ``%%kodisc`` line.

    Raises:
        OptionError: an unknown option, a bad value, a key on the line.
    """
    words = split(line)
    refuse_key(words)
    reader = parser()
    found, unknown = reader.parse_known_intermixed_args(words)
    if unknown:
        raise _unknown_option(unknown[0], long_options(reader))
    names = tuple(
        _name(name.strip())
        for given in found.names or ()
        for name in given.split(",")
        if name.strip()
    )
    fields = {**vars(found), "scenes": _scenes(found.scenes), "names": names}
    return Options(**fields)


def _plain_data(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise argparse.ArgumentTypeError(f"metadata must be JSON data: {problem}") from None
    return value


_PYTHON_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    "quality": choice("quality", QUALITIES, MANIM_QUALITIES),
    "aspect": choice("aspectRatio", ASPECT_RATIOS),
    "fps": positive("fps"),
    "backend": choice("backend", ("cloud", "local")),
    "timeout": amount,
    "max_credits": amount,
    "metadata": _plain_data,
    "webhook": _webhook,
    "save": str,
    "width": str,
    "alt": str,
}


def from_python(scene: str | None, names: tuple[str, ...], given: dict[str, Any]) -> Options:
    """The options of a ``render()`` call, under the same rules as on a magic's line.

    Raises:
        TypeError: an option that ``render()`` does not have.
        OptionError: a value that the option does not take.
    """
    unknown = given.keys() - PYTHON_OPTIONS
    if unknown:
        word = min(unknown)
        near = closest(word, PYTHON_OPTIONS)
        hint = f" Did you mean {near}?" if near else ""
        raise TypeError(f"render() has no option {word!r}.{hint} Nothing was sent.")
    fields = {name: value for name, value in given.items() if value is not None}
    for name, value in fields.items():
        read = _PYTHON_VALUES.get(name)
        if read is not None:
            try:
                fields[name] = read(value if name == "metadata" else str(value))
            except argparse.ArgumentTypeError as problem:
                raise OptionError(f"{name}: {problem}") from None
    if "webhook" in given and given["webhook"] is None:
        fields["webhook"] = None
    return Options(scenes=(scene,) if scene else (), names=names, **fields)


def refuse_key(words: list[str]) -> None:
    """A key on a magic line would be saved in the notebook.

    Raises:
        OptionError: a word looks like an API key; it is not repeated.
    """
    if any("kdsc_" in word for word in words):
        raise OptionError(
            "An API key must not stand on a magic line: it would be saved in the notebook.",
            "Delete it from this line and save the notebook. Then type %kodisc login, which asks "
            "with a hidden prompt, or set the environment variable KODISC_KEY.",
            secret=True,
        )


def _scenes(given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for word in given for name in word.split(",") if name))


def _name(text: str) -> str:
    if text.isidentifier():
        return text
    raise OptionError(
        f"--with takes names of notebook variables, not {text!r}.",
        "Bind the value to a name first: n = 3, then --with n.",
        text,
    )


def _unknown_option(word: str, known: tuple[str, ...]) -> OptionError:
    option = word.partition("=")[0]
    near = closest(option, known)
    if option in _FROM_MANIM:
        hint = _FROM_MANIM[option]
    elif near:
        hint = f"Did you mean {near}?"
    else:
        hint = "%%kodisc --help lists the options."
    return OptionError(f"Unknown option {option}.", hint, option)
