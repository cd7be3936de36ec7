"""Where renders are written down and videos are kept."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.notebook.commands.diagnosis.finding import Finding, Verdict
from kodisc_jupyter.renders.paths import journal_path

LOW_DISK_BYTES: Final = 1_000_000_000


def journal(home: Path) -> Finding:
    """Whether the journal can be read and written."""
    from kodisc_jupyter.renders.journal.journal import Journal

    opened = Journal(journal_path(home))
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            known = len(opened.all_records())
    except (OSError, KodiscError) as problem:
        return Finding(
            Verdict.BAD,
            "journal",
            str(problem),
            f"look at {home}: is the disk full, or the folder read-only?",
        )
    finally:
        opened.close()
    return Finding(Verdict.GOOD, "journal", f"{known} renders in {opened.path}")


def disk(home: Path) -> Finding:
    """How much room there is for videos."""
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    free_space = f"{free / 1e9:,.1f} GB free for the media store in {home}"
    if free < LOW_DISK_BYTES:
        return Finding(Verdict.BAD, "disk", free_space, "make room, or set KODISC_HOME elsewhere")
    return Finding(Verdict.GOOD, "disk", free_space)
