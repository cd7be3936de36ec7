"""Draw frames from their noted states, after the scene has gone on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from kodisc_jupyter.stage.drawing.frame_states import FrameState
from kodisc_jupyter.stage.stepping.stepping import Stepping


class Painter:
    """Draws noted frames one after the other; what stands still is drawn once."""

    def __init__(self, stepping: Stepping) -> None:
        """Of this scene."""
        self._stepping = stepping
        self._restored: dict[int, Any] = {}
        self._statics: Any = ()
        self._background: Any = None

    def paint(self, state: FrameState) -> Any:
        """The frame's picture: RGBA."""
        state.restore(self._restored)
        if state.statics is not self._statics:
            self._statics, self._background = state.statics, None
            if state.statics:
                shown = [mobject for mobject, _ in state.statics]
                self._background = self._stepping.paint(shown, None)
        return self._stepping.paint([mobject for mobject, _ in state.movings], self._background)


@contextlib.contextmanager
def put_back(stepping: Stepping, states: Iterable[FrameState]) -> Iterator[None]:
    """Whatever painting these frames changes in the scene is afterwards as it was."""
    before: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    for state in states:
        for own in state.owners():
            if id(own) not in before:
                before[id(own)] = (own, own.copy())
    try:
        yield
    finally:
        for own, values in before.values():
            own.clear()
            own.update(values)
        stepping.picture_is_due()
