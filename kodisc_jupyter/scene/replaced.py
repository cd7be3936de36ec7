"""Values that were sent along, and are replaced before the scene can use them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kodisc_jupyter.scene.diagnostics import Diagnostic
from kodisc_jupyter.scene.names import names
from kodisc_jupyter.scene.reading import Reading


def replaced_values(reading: Reading) -> Iterator[Diagnostic]:
    """``from manim import *`` below a sent ``color`` makes ``color`` Manim's module again.

    An import in the prelude stands above the values and replaces nothing.
    """
    sent = set(reading.source.names)
    for node in reading.tree.body if sent else ():
        if not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*"):
            continue
        lost = sent & names().stars.get(node.module or "", frozenset())
        if lost and reading.source.locate(node.lineno)[0] == "cell":
            name = min(lost)
            yield reading.error(
                "replaced-value",
                node,
                f"This import brings a {name} of its own in place of the one sent along.",
                f"Send it by another name: my_{name} = {name}, then --with my_{name}.",
            )
