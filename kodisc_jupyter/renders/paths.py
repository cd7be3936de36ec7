"""Every path below ``KODISC_HOME``."""

from __future__ import annotations

import os
from pathlib import Path


def kodisc_home() -> Path:
    """``KODISC_HOME``, else the platform's folder for user data. It is not created here."""
    chosen = os.environ.get("KODISC_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("kodisc", appauthor=False)


def journal_path(home: Path) -> Path:
    """The journal: what every kernel of this user knows of every render."""
    return home / "journal.sqlite"


def media_path(home: Path) -> Path:
    """The media store's folder."""
    return home / "media"
