"""Which camera draws in less time than Manim's own, with the same calls to Cairo."""

from __future__ import annotations

from typing import Any, Final

from kodisc_jupyter.stage.drawing.solids import QuickSolids
from kodisc_jupyter.stage.drawing.vectors import QuickVectors

_MANIM: Final = "0.22.0"
"""The version of Manim whose cameras are known to make just these calls."""


def quicken(camera: Any, kind: type[Any]) -> None:
    """Have a camera draw this way if its class, ``kind``, is one of Manim's own."""
    import manim
    from manim.camera.camera import CAP_STYLE_MAP, LINE_JOIN_MAP

    quick: dict[type[Any], type[Any]] = {
        manim.Camera: QuickVectors,
        manim.MovingCamera: QuickVectors,
        manim.ThreeDCamera: QuickSolids,
    }
    if kind in quick and manim.__version__ == _MANIM:
        own = {"line_joins": LINE_JOIN_MAP, "line_caps": CAP_STYLE_MAP}
        camera.__class__ = type(kind.__name__, (quick[kind], type(camera)), own)
