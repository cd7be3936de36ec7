"""Manim's settings for one request: the frame, the rate, the kind of file and its encoder."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any, Final

from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.task import RenderTask

UPRIGHT_FRAME: Final = (8.0, 8.0 * 16 / 9)
"""Width and height of the 9:16 frame in Manim's units: Manim's own frame is 14.22 by 8, turned.

The short side stays 8 units, so what was written for the middle of a wide frame keeps its size,
and ``to_edge`` finds the edges that are seen.
"""

ENCODER: Final = {
    "threads": "1",
    "preset": "ultrafast",
    "x264-params": "cabac=1:no-deblock=0:aq-mode=1",
    "crf": "21",
}
"""x264 on one thread, its fastest preset with the three tools back that keep files small, at a
lower ``crf`` than its own: a picture no worse than Manim's and a file at most twice as large, for
half of the encoder's time."""


def set_frame(task: RenderTask) -> None:
    """Manim's settings, before the user's code reads them."""
    from manim import config, logger

    set_size(task)
    if task.height > task.width:
        config.frame_width, config.frame_height = UPRIGHT_FRAME
        _fit_axes(*UPRIGHT_FRAME)
    config.media_dir = "media"
    config.input_file = failure.SCENE_FILE
    config.verbosity = "WARNING"
    config.progress_bar = "none"
    config.disable_caching = True  # a private folder has nothing to reuse; hashing costs time
    logger.propagate = False


def _fit_axes(width: float, height: float) -> None:
    """Give axes and planes the defaults they have when Manim is imported with this frame.

    Manim reads its frame for these once, at import; they would stay as wide as the wide frame.
    """
    from manim import Axes, NumberPlane

    fitting: dict[Any, dict[str, Any]] = {
        Axes: {"x_length": round(width) - 2, "y_length": round(height) - 2},
        NumberPlane: {
            "x_range": (-width / 2, width / 2, 1),
            "y_range": (-height / 2, height / 2, 1),
        },
    }
    for mobject, fitted in fitting.items():
        made = mobject.__init__
        defaults = [
            (parameter.name, parameter.default)
            for parameter in inspect.signature(made).parameters.values()
            if parameter.default is not parameter.empty
            and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        made.__defaults__ = tuple(fitted.get(name, default) for name, default in defaults)


def set_size(task: RenderTask) -> None:
    """The frame and the kind of file belong to the request, whatever the code sets."""
    from manim import RendererType, config

    config.pixel_width, config.pixel_height = task.width, task.height
    config.frame_rate = task.fps
    if config.renderer != RendererType.CAIRO:  # setting it goes through every class of Manim
        config.renderer = "cairo"
    config.transparent = False
    config.format = "mp4"
    if hasattr(config, "write_to_movie"):  # Manim before 0.20
        config.write_to_movie = True
    if hasattr(config, "video_encoder_options"):  # Manim from 0.21 on
        config.video_encoder_options = {**ENCODER, **config.video_encoder_options}
    if hasattr(config, "max_inflight_encoders"):  # one animation is encoded while the next is drawn
        config.max_inflight_encoders = max(2, config.max_inflight_encoders)
    config.preview = False
    config.dry_run = False
    config.save_sections = False
    config.output_file = ""


@contextlib.contextmanager
def restore_settings() -> Iterator[None]:
    """Manim's settings are afterwards what they were."""
    from manim import tempconfig

    with tempconfig({}):
        yield
