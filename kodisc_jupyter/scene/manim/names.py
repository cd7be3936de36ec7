"""Which names Manim and a few other modules make public, from data that ships with the package.

The data is written by `scripts/manim_names.py`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

KODISC_MANIM: Final = "0.18"
"""The Manim Community version that Kodisc's renderer has been seen with."""

_DATA: Final = Path(__file__).parents[1] / "data" / "manim_names.json"


class Names(NamedTuple):
    """What the data says.

    ``since`` gives for each public name of Manim the first of the known versions that has it, and
    ``newer`` are those that came after Kodisc's. ``scene_attributes`` are methods and attributes of
    scenes, ``class_attributes`` those of mobjects, animations and cameras, and ``class_options``
    what these can be made with. ``manimgl`` are names that only ManimGL has, ``stars`` what
    ``from module import *`` brings.
    """

    since: dict[str, str]
    modules: frozenset[str]
    scenes: frozenset[str]
    scene_attributes: frozenset[str]
    class_attributes: frozenset[str]
    class_options: frozenset[str]
    manimgl: frozenset[str]
    stars: dict[str, frozenset[str]]

    newer: frozenset[str]

    @property
    def manim(self) -> frozenset[str]:
        """Every name that ``from manim import *`` brings in some version."""
        return self.stars["manim"]


@lru_cache(maxsize=1)
def names() -> Names:
    """The data, read once."""
    data = json.loads(_DATA.read_text("utf-8"))
    since = {
        name: data["versions"][int(having.partition(",")[0])]
        for having, group in data["names"].items()
        for name in group.split()
    }
    stars = {module: frozenset(group.split()) for module, group in data["stars"].items()}
    stars["manim"] = frozenset(since)
    return Names(
        since=since,
        modules=frozenset(data["modules"].split()),
        scenes=frozenset(data["scenes"].split()),
        scene_attributes=frozenset(data["scene_attributes"].split()),
        class_attributes=frozenset(data["class_attributes"].split()),
        class_options=frozenset(data["class_options"].split()),
        manimgl=frozenset(data["manimgl"].split()),
        stars=stars,
        newer=frozenset(
            name for name, version in since.items() if not version.startswith(f"{KODISC_MANIM}.")
        ),
    )
