"""Several watchers of one scene."""

from __future__ import annotations

from kodisc_jupyter.stage.stepping.stepped_scene import SteppedAnimation
from kodisc_jupyter.stage.stepping.stepping import Stepping, Watcher


class Watchers(Watcher):
    """Tells each of several watchers, in their order."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def began(self, stepping: Stepping) -> None:
        """The scene has been made."""
        for watcher in self._watchers:
            watcher.began(stepping)

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """An animation is about to play."""
        for watcher in self._watchers:
            watcher.animation_began(stepping, animation)

    def frame(self, stepping: Stepping, repeat: int) -> None:
        """The scene is in the state of a frame."""
        for watcher in self._watchers:
            watcher.frame(stepping, repeat)

    def animation_ended(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """An animation has been played."""
        for watcher in self._watchers:
            watcher.animation_ended(stepping, animation)

    def ended(self, stepping: Stepping) -> None:
        """The scene has been torn down."""
        for watcher in self._watchers:
            watcher.ended(stepping)
