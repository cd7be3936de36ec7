"""What a scene prints: heard on its way to standard output, and its end kept."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any, Final

KEPT: Final = 4_000
"""Characters kept; the last ones say most of an error."""


class Printed(io.TextIOBase):
    """Stands in for standard output while the scene runs."""

    def __init__(self, out: Any, *, passed_on: bool) -> None:
        """``passed_on`` says whether ``out`` gets it too."""
        self._out = out
        self._passed_on = passed_on
        self._kept = ""
        self._length = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """That of the real one."""
        return int(self._out.fileno())

    @property
    def buffer(self) -> Any:
        """That of the real one; what is written there is not heard."""
        return self._out.buffer

    def write(self, text: str) -> int:
        """Hear, keep, pass on."""
        self._length += len(text)
        self._kept = (self._kept + text)[-KEPT:]
        if self._passed_on:
            self._out.write(text)
        return len(text)

    def flush(self) -> None:
        """Pass on what is kept back."""
        if self._passed_on:
            self._out.flush()

    def text(self) -> str:
        """What was printed, from its end."""
        more = self._length - len(self._kept)
        return (f"… {more:,} characters before\n" if more else "") + self._kept


@contextlib.contextmanager
def heard(*, passed_on: bool) -> Iterator[Printed]:
    """Hear what is printed; Manim's own log is not meant."""
    import manim

    out = sys.stdout
    for name in ("console", "error_console"):
        with contextlib.suppress(AttributeError):
            getattr(manim, name).file = out
    printed = Printed(out, passed_on=passed_on)
    sys.stdout = printed
    try:
        yield printed
    finally:
        sys.stdout = out
