"""The options of ``%%kodisc``: the one table.

From it come the parser, the keywords of ``render()``, Tab, ``?`` and ``--help``, the table in
the guide, and the word that a diagnostic points at. A new option is one entry here and one field
of :class:`Options`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from kodisc_jupyter.notebook.line.manim_flags import MANIM_QUALITIES
from kodisc_jupyter.notebook.line.option import HELP, Option
from kodisc_jupyter.notebook.line.values import (
    LEFT_OUT,
    LeftOut,
    amount,
    choice,
    https_url,
    identifier,
    json_data,
    json_text,
    positive,
    seconds,
    texts,
)
from kodisc_jupyter.notebook.settings import ASPECT_RATIOS, QUALITIES

GROUPS: Final[dict[str, tuple[Option, ...]]] = {
    "the video": (
        Option(
            ("-q", "--quality"),
            "quality",
            "low (854×480, 15 frames per second), medium (1280×720, 30; the default), high "
            "(1920×1080, 30), twok (2560×1440, 30), fourk (3840×2160, 30); Manim's -ql -qm -qh "
            "-qp -qk work too",
            metavar="QUALITY",
            read=choice("quality", QUALITIES, MANIM_QUALITIES),
            values=QUALITIES,
            field="quality",
            hint="Use --quality with one of these, or -ql, -qm, -qh, -qp, -qk.",
        ),
        Option(
            ("-a", "--aspect"),
            "aspect",
            "16:9, or 9:16 for upright videos",
            metavar="ASPECT",
            read=choice("aspectRatio", ASPECT_RATIOS),
            values=ASPECT_RATIOS,
            field="aspectRatio",
            hint="Use --aspect 16:9 or --aspect 9:16.",
        ),
        Option(
            ("--fps",),
            "fps",
            "frames per second",
            metavar="N",
            read=positive("fps"),
            values=("15", "24", "30", "60"),
            field="fps",
            hint="Use --fps with a whole number such as 30, or leave it out.",
        ),
    ),
    "pictures instead of a video, drawn on this machine for no credits": (
        Option(
            ("--still",),
            "still",
            "show the scene's last frame as a picture; nothing is sent",
            default=False,
        ),
        Option(
            ("--at",),
            "at",
            "show the frame at S seconds (2.5, 1:30) as a picture; repeat it for several",
            metavar="S",
            read=seconds,
            default=(),
            repeats=True,
        ),
        Option(
            ("--storyboard",),
            "storyboard",
            "show one small picture for each animation, with its time and line; nothing is sent",
            default=False,
        ),
    ),
    "what is sent": (
        Option(
            ("--with",),
            "names",
            "send this notebook variable along, as a literal above the code; repeat it, or give "
            "a list: --with n,title",
            metavar="NAME",
            default=(),
            repeats=True,
            in_python=False,
        ),
        Option(
            ("--file",),
            "file",
            "send this file or folder along; the scene opens it by the same path. Repeat it for "
            "more; --file logo.png:512 sends a picture scaled down to at most 512 pixels",
            metavar="PATH",
            read_python=texts("file"),
            default=(),
            repeats=True,
        ),
        Option(
            ("--metadata",),
            "metadata",
            "anything in JSON; comes back unchanged on the job and its webhook",
            metavar="JSON",
            read=json_text,
            read_python=json_data,
            default=LEFT_OUT,
            field="metadata",
            hint="""Use --metadata with JSON, such as --metadata '{"lesson": 3}'.""",
        ),
        Option(
            ("--webhook",),
            "webhook",
            "send a webhook to this https:// address when the job ends; left out, it is your "
            "key's default",
            metavar="URL",
            read=https_url,
            default=LEFT_OUT,
            values=("https://",),
            field="webhookUrl",
            hint="Use --webhook with an https:// address, or --no-webhook.",
        ),
        Option(("--no-webhook",), "webhook", "send no webhook", sets=None, default=LEFT_OUT),
        Option(
            ("--backend",),
            "backend",
            "cloud or local, whatever the setting says",
            metavar="BACKEND",
            read=choice("backend", ("cloud", "local")),
            values=("cloud", "local"),
        ),
    ),
    "waiting and credits": (
        Option(("--wait",), "wait", "wait for the video"),
        Option(("--no-wait",), "wait", "do not wait: the cell returns at once", sets=False),
        Option(
            ("--timeout",),
            "timeout",
            "wait at most S seconds; the job goes on",
            metavar="S",
            read=amount,
        ),
        Option(
            ("--force",), "force", "render and pay again although the video is there", default=False
        ),
        Option(
            ("--max-credits",),
            "max_credits",
            "refuse when this cell would exceed N credits",
            metavar="N",
            read=amount,
        ),
        Option(
            ("--check",),
            "check",
            "look for mistakes only; nothing is sent",
            default=False,
            in_python=False,
        ),
        Option(
            ("--rehearse",),
            "rehearse",
            "play the scene on this machine without drawing it, and tell its length, what is "
            "wrong and which lines take longest, with a storyboard; nothing is sent",
        ),
        Option(("--no-rehearsal",), "rehearse", "send it without a rehearsal", sets=False),
    ),
    "how it is kept and shown": (
        Option(("--embed",), "embed", "keep the video inside the notebook"),
        Option(("--link",), "embed", "only link to the video", sets=False),
        Option(
            ("--save",),
            "save",
            "also save the video as this file (.mp4, .gif, .webm, or .png for its last frame), or "
            "into a folder; with --still and --at, the picture as a .png",
            metavar="PATH",
        ),
        Option(
            ("--width",),
            "width",
            "how wide the video is shown: 480px, 60%",
            metavar="CSS",
            values=("480px", "60%", "100%"),
        ),
        Option(("--loop",), "loop", "play it again and again", default=False),
        Option(("--autoplay",), "autoplay", "play it at once, without sound", default=False),
        Option(
            ("--alt",),
            "alt",
            "what the video or picture shows: alternative text for screen readers; once, or once "
            "for each scene in their order",
            metavar="TEXT",
            default=(),
            repeats=True,
        ),
        Option(
            ("--transcript",),
            "transcript",
            "show the text of this file under the video: what it shows, in the author's own words, "
            "instead of the draft made from the code; once, or once for each scene in their order",
            metavar="PATH",
            read_python=texts("transcript"),
            default=(),
            repeats=True,
        ),
        Option(
            ("--as",),
            "bind",
            "bind the render to this variable",
            metavar="NAME",
            read=identifier,
            in_python=False,
        ),
        HELP,
    ),
}
"""All options, by the headings of the help."""

OPTIONS: Final = tuple(option for group in GROUPS.values() for option in group)


class Options(NamedTuple):
    """A parsed ``%%kodisc`` line; ``None`` (or ``LEFT_OUT``) means "the setting, unless said"."""

    scenes: tuple[str, ...] = ()
    quality: str | None = None
    aspect: str | None = None
    fps: int | None = None
    still: bool = False
    at: tuple[float, ...] = ()
    storyboard: bool = False
    names: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    metadata: Any = LEFT_OUT
    webhook: str | LeftOut | None = LEFT_OUT
    wait: bool | None = None
    timeout: float | None = None
    force: bool = False
    max_credits: float | None = None
    check: bool = False
    rehearse: bool | None = None
    embed: bool | None = None
    save: str | None = None
    width: str | None = None
    loop: bool = False
    autoplay: bool = False
    alt: tuple[str, ...] = ()
    transcript: tuple[str, ...] = ()
    bind: str | None = None
    backend: str | None = None
    help: bool = False

    @property
    def pictures(self) -> bool:
        """Whether pictures are asked for, instead of a video."""
        return self.still or bool(self.at) or self.storyboard


def option_of(field: str) -> Option | None:
    """The option that writes a field of the request's body."""
    return next((option for option in OPTIONS if field and option.field == field), None)
