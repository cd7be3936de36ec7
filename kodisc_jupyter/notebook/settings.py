"""Every setting of the magics, as a traitlet with one line of help.

``%config KodiscMagics`` lists them, ``%config KodiscMagics.quality = "low"`` sets one for this
kernel, ``c.KodiscMagics.quality = "low"`` in ``ipython_config.py`` for all.
"""

from __future__ import annotations

import os
from typing import Any, Final

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, magics_class
from traitlets import (
    Bool,
    CaselessStrEnum,
    Float,
    Int,
    TraitError,
    Unicode,
    Union,
    observe,
    validate,
)

QUALITIES: Final = ("low", "medium", "high", "twok", "fourk")
ASPECT_RATIOS: Final = ("16:9", "9:16")
BACKENDS: Final = ("auto", "cloud", "local")
WAITS: Final = ("auto", "always", "never")
REHEARSALS: Final = ("auto", "always", "never")

SEGMENTS_VARIABLE: Final = "KODISC_SEGMENTS_MB"

_WAIT_WORDS: Final = {"1": "always", "true": "always", "yes": "always", "0": "never"}


def _wait_from_environment() -> str:
    """``KODISC_WAIT``: ``auto``, ``always`` or ``never`` (also ``1`` and ``0``)."""
    value = os.environ.get("KODISC_WAIT", "").strip().lower()
    word = _WAIT_WORDS.get(value, {"false": "never", "no": "never"}.get(value, value))
    return word if word in WAITS else "auto"


@magics_class
class KodiscSettings(Magics):
    """The settings; an option on the magic's own line goes before them."""

    quality = CaselessStrEnum(
        QUALITIES,
        default_value="medium",
        help="Quality of a render: low 480p15, medium 720p30, high 1080p30, twok 1440p30, "
        "fourk 2160p30.",
    ).tag(config=True)
    aspect_ratio = CaselessStrEnum(
        ASPECT_RATIOS, default_value="16:9", help="Shape of the frame: 16:9, or 9:16 (upright)."
    ).tag(config=True)
    fps = Int(None, allow_none=True, help="Frames per second; None means the quality's own.").tag(
        config=True
    )
    backend = CaselessStrEnum(
        BACKENDS,
        default_value="auto",
        help="Where renders go: cloud, local, or auto (a key means cloud; no key and Manim "
        "installed means this machine).",
    ).tag(config=True)
    base_url = Unicode(
        "",
        help="Address of the API, ending in /api/v2; empty means KODISC_BASE_URL, else "
        "https://kodisc.com/api/v2.",
    ).tag(config=True)
    wait = Union(
        [CaselessStrEnum(WAITS), Bool()],
        help="Whether a cell waits for its video: always, never, or auto (waits where nobody is "
        "there to watch, in Colab and in a terminal). KODISC_WAIT sets the default.",
    ).tag(config=True)
    timeout = Float(
        None,
        allow_none=True,
        help="How long a waiting cell waits, in seconds; None means until it is done (a day at "
        "most where nobody watches). The job goes on either way.",
    ).tag(config=True)
    outage_limit = Float(
        3600.0,
        help="How long a waiting cell goes on waiting, in seconds, while the API cannot be "
        "reached; then it fails with the job's ID. The job goes on.",
    ).tag(config=True)
    max_credits = Float(
        None,
        allow_none=True,
        help="Budget of this kernel session in credits; None means no budget.",
    ).tag(config=True)
    resubmit_uncertain = Bool(
        True,
        help="Send a submission again when the first attempt may have arrived unanswered. False "
        "raises SubmissionUncertainError instead.",
    ).tag(config=True)
    embed_limit_mb = Float(
        8.0,
        help="Largest video, in megabytes, that is kept inside the notebook; a larger one is "
        "saved beside it and linked.",
    ).tag(config=True)
    width = Unicode(
        "", help='Width of a shown video as a CSS length, such as "480px" or "60%".'
    ).tag(config=True)
    rehearse = CaselessStrEnum(
        REHEARSALS,
        help="Whether a scene is played on this machine, without being drawn, before it is sent: "
        "always, never, or auto (before a render that costs credits, where Manim is installed "
        "here). KODISC_REHEARSE sets the default.",
    ).tag(config=True)
    rehearsal_limit = Float(
        5.0, help="Seconds that a rehearsal may take; then the scene is sent as it is."
    ).tag(config=True)
    warm_start = Bool(
        True,
        help="Whether loading the extension in a notebook starts the render server of this "
        "machine in the background, where Manim is installed. KODISC_WARM_START=0 switches it off.",
    ).tag(config=True)
    segments_limit_mb = Int(
        -1,  # never in force: whatever is set is a change, and so is told
        help="Megabytes of drawn pieces of videos that the render server on this machine keeps, so "
        "that a changed scene renders sooner; 0 keeps none. Counts when the server starts. "
        "KODISC_SEGMENTS_MB sets the default (2048).",
    ).tag(config=True)
    checks_off = Unicode("", help="Names of free checks to switch off, separated by commas.").tag(
        config=True
    )

    @classmethod
    def section_names(cls) -> list[str]:
        """``KodiscMagics`` in a configuration file, also where no magic is loaded."""
        return list(dict.fromkeys([*super().section_names(), "KodiscMagics"]))

    def disabled_checks(self) -> tuple[str, ...]:
        """The names in ``checks_off``."""
        return tuple(name.strip() for name in self.checks_off.split(",") if name.strip())

    def _wait_default(self) -> str:
        return _wait_from_environment()

    def _warm_start_default(self) -> bool:
        value = os.environ.get("KODISC_WARM_START", "").strip().lower()
        return value not in {"0", "false", "no", "never"}

    def _segments_limit_mb_default(self) -> int:
        value = os.environ.get(SEGMENTS_VARIABLE, "").strip()
        return int(value) if value.isdecimal() else 2048

    @observe("segments_limit_mb")
    def _tell_the_server(self, change: Any) -> None:
        os.environ[SEGMENTS_VARIABLE] = str(change["new"])  # whoever starts it hands this on

    def _rehearse_default(self) -> str:
        value = os.environ.get("KODISC_REHEARSE", "").strip().lower()
        return value if value in REHEARSALS else "auto"

    @validate("checks_off")
    def _known_checks(self, proposal: Any) -> Any:
        from kodisc_jupyter.scene.checks import CHECKS

        names = [name.strip() for name in proposal["value"].split(",") if name.strip()]
        for name in names:
            if name not in CHECKS:
                raise TraitError(f"there is no check {name!r}; the checks are: {', '.join(CHECKS)}")
        return proposal["value"]

    @validate(
        *("fps", "timeout", "outage_limit", "max_credits", "embed_limit_mb", "rehearsal_limit"),
        "segments_limit_mb",
    )
    def _positive(self, proposal: Any) -> Any:
        value, name = proposal["value"], proposal["trait"].name
        if value is not None and not value >= (1 if name == "fps" else 0):
            raise TraitError(f"{name} must be {'1 or more' if name == 'fps' else '0 or more'}")
        return value


class _Loaded:
    """The settings of this process: one kernel, one shell."""

    settings: KodiscSettings | None = None


def current_settings() -> KodiscSettings:
    """The settings in force: those of the loaded magics, else ones of their own."""
    if _Loaded.settings is None:
        shell = InteractiveShell._instance  # noqa: SLF001 - instance() would make one
        _Loaded.settings = KodiscSettings(shell=shell)
    return _Loaded.settings


def use_settings(settings: KodiscSettings | None) -> None:
    """Have these settings in force from now on; ``None`` for none."""
    _Loaded.settings = settings
