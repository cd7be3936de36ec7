"""Which names Manim and a few other modules make public, from data that ships with the package.

The data is written by `scripts/manim_names.py`.
"""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

KODISC_MANIM: Final = "0.18"
"""The Manim Community version that Kodisc's renderer has been seen with."""

_DATA: Final = Path(__file__).parents[1] / "data" / "manim_names.json"


def _listed(what: str) -> cached_property[frozenset[str]]:
    """The names that the data has under a heading."""
    return cached_property(lambda known: frozenset(known.data[what].split()))


class Names:
    """The data; what is asked for is worked out once."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._stars: dict[str, frozenset[str] | None] = {}
        self.since: dict[str, str] = {
            name: data["versions"][int(having.partition(",")[0])]
            for having, group in data["names"].items()
            for name in group.split()
        }
        """For each public name of Manim the first of the known versions that has it."""
        self.manim = frozenset(self.since)
        """Every name that ``from manim import *`` brings in some version."""

    def brought_by(self, module: str) -> frozenset[str] | None:
        """What ``from module import *`` brings; ``None`` where that is not known."""
        if module == "manim":
            return self.manim
        if module not in self._stars:
            names_ = self.data["stars"].get(module)
            self._stars[module] = None if names_ is None else frozenset(names_.split())
        return self._stars[module]

    @cached_property
    def newer(self) -> frozenset[str]:
        """Names of Manim that came after Kodisc's version."""
        return frozenset(
            name
            for name, version in self.since.items()
            if not version.startswith(f"{KODISC_MANIM}.")
        )

    modules = _listed("modules")
    """Manim's own modules."""
    scenes = _listed("scenes")
    """Manim's kinds of scenes."""
    scene_attributes = _listed("scene_attributes")
    """Methods and attributes of scenes."""
    class_attributes = _listed("class_attributes")
    """Methods and attributes of mobjects, animations and cameras."""
    class_options = _listed("class_options")
    """What mobjects, animations and cameras can be made with."""
    manimgl = _listed("manimgl")
    """Names that only ManimGL has."""


@lru_cache(maxsize=1)
def names() -> Names:
    """The data, read once."""
    return Names(json.loads(_DATA.read_text("utf-8")))
