"""The ``error`` text of a render that failed: the whole traceback of the user's code, plain.

The last line is ``Type: message``; what LaTeX said stands above the traceback. Frames of this
package at the top are left out: the first line a reader sees is their own.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

SCENE_FILE: Final = "scene.py"
"""The file name that the user's code goes by in tracebacks."""

TEXT_LIMIT: Final = 64_000
"""Characters; of a longer text the beginning and the end are kept."""

TEX_PROGRAMS: Final = ("latex", "pdflatex", "xelatex", "lualatex", "luatex", "dvisvgm")

TEX_PACKAGES: Final = (
    "Debian and Ubuntu: sudo apt install texlive-latex-base texlive-latex-recommended "
    "texlive-latex-extra texlive-fonts-extra texlive-science texlive-xetex dvisvgm, and for "
    "another script its texlive-lang-… package (texlive-lang-chinese, …); "
    "macOS: MacTeX, https://tug.org/mactex/. Text() needs no LaTeX."
)


def describe(
    problem: BaseException,
    *,
    latex: Sequence[str] = (),
    above: Sequence[traceback.FrameSummary] = (),
) -> str:
    """The error text of an exception.

    ``latex`` are LaTeX's own lines, if it was LaTeX; ``above`` are the calls that led to where it
    was caught, if the traceback should begin with others than its own.
    """
    report = traceback.TracebackException.from_exception(problem)
    report.stack[:0] = above
    _trim(report)
    text = "".join(report.format()).rstrip("\n")
    if latex:
        text = "LaTeX says:\n" + "\n".join(latex) + "\n\n" + text
    return shorten(text)


def shorten(text: str, limit: int = TEXT_LIMIT) -> str:
    """``text`` within ``limit`` characters, its beginning and its end kept."""
    if len(text) <= limit:
        return text
    left_out = f"\n… {len(text) - limit:,} characters left out …\n"
    return text[: limit // 3] + left_out + text[-(limit - limit // 3) :]


def latex_errors(log: str) -> list[str]:
    """The lines of a LaTeX log that say what was wrong: each ``!`` with its context.

    A missing package is named with what installs it.
    """
    errors: list[str] = []
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("!"):
            continue
        errors.append(line)
        context = next((n for n in range(number, len(lines)) if lines[n].startswith("l.")), None)
        if context is not None:
            # TeX shows the innermost context first: in an argument, only it names the command
            errors.extend(part for part in lines[number:context] if _INNER.match(part))
            errors.extend(part for part in lines[context : context + 2] if part.strip())
        missing = re.search(r"File `([^']+)' not found", line)
        if missing:
            errors.append(f"{missing[1]} is missing on the machine that renders. {TEX_PACKAGES}")
    return errors[:40]


_INNER: Final = re.compile(r"<(?!read)|\\\S+ ?->")
"""A log's inner context line: ``<argument> …``, or a macro's ``\\name ->…``."""


def scene_missing(name: str, defined: Iterable[str], *, other: str = "") -> str:
    """The sentence for a scene that the code does not define; ``other`` is what the name is."""
    scenes = sorted(defined)
    there = f"It defines {', '.join(scenes)}." if scenes else "It defines no Scene subclass."
    if other:
        return f"{name} is {other}, not a subclass of Scene. {there}"
    return f"The code defines no scene called {name}. {there}"


def process_ended(status: int, output: str) -> str:
    """The error text for a scene process that ended without a word.

    ``status`` is its exit code, or minus the number of the signal that killed it.
    """
    import signal

    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        what = f"The scene's process was killed ({name}) before the video was finished."
    else:
        what = (
            f"The scene's process ended by itself (exit code {status}) before the video was "
            "finished."
        )
    return with_output(what, output)


def with_output(sentence: str, output: str) -> str:
    """``sentence``, below the last lines that the scene printed: often the only clue."""
    last = output.strip().splitlines()[-20:]
    if not last:
        return sentence
    printed = "\n".join(line[:500] for line in last)
    return f"The last lines that the scene printed:\n{printed}\n\n{sentence}"


def _trim(report: traceback.TracebackException) -> None:
    """Leave out what stands above the user's own code, and this package's frames anywhere."""
    part: traceback.TracebackException | None = report
    while part is not None:
        frames = [frame for frame in part.stack if not frame.filename.startswith(_HERE)]
        first = next((n for n, frame in enumerate(frames) if frame.filename == SCENE_FILE), 0)
        part.stack[:] = frames[first:]
        part = part.__cause__ or part.__context__


_HERE: Final = str(Path(__file__).parent.parent)
