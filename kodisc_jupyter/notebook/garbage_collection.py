"""Python's garbage collections, put off until a cell's panel is there.

Modules that are loaded and trees that are read are no garbage, yet Python would look through the
whole kernel for some, again and again: a tenth of the time until the first panel is there.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class _State:
    put_off = False


@contextmanager
def collections_put_off() -> Iterator[None]:
    """No collections inside, until :func:`allow_collections`; those that are off stay off."""
    if not gc.isenabled():
        yield
        return
    _State.put_off = True
    try:  # Ctrl-C can come at any time
        gc.disable()
        yield
    finally:
        allow_collections()


def allow_collections() -> None:
    """Have Python collect as before; more than once does no harm."""
    if _State.put_off:
        _State.put_off = False
        gc.enable()
