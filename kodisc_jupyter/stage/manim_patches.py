"""How Manim is loaded for renders, and what is changed in it."""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import types
from collections.abc import Iterator
from typing import Any


def preload() -> None:
    """Import Manim and what a render needs beside it."""
    gc.disable()  # there is no garbage yet, only thousands of objects to look through
    try:
        with _without("IPython"):
            import manim
        import PIL.JpegImagePlugin
    finally:
        gc.freeze()  # copies share these pages for good
        gc.enable()
    manim.logger.setLevel("WARNING")
    del PIL
    pictures_with_new_pillow()
    _encode_in_place()
    _no_thread_for_bars()
    list_families_in_one_go()
    fill_backgrounds_at_once()


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Keep a package out that Manim only needs for its magic: a tenth of the time to load it."""
    loaded = sys.modules.get(package)
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if loaded is None:
            del sys.modules[package]
        else:
            sys.modules[package] = loaded


def pictures_with_new_pillow() -> None:
    """Let Manim up to 0.22 show images with Pillow 13.

    Manim makes its empty picture from an array of floats and calls it RGBA; Pillow 13 takes no such
    array any more ("Invalid mode for data type"), and every ``ImageMobject`` would fail.
    """
    from PIL import Image

    from_array = Image.fromarray

    def from_any_array(array: Any, mode: str | None = None) -> Any:
        if mode == "RGBA" and getattr(array, "ndim", 3) == 2:
            return Image.new(mode, array.shape[::-1])
        return from_array(array, mode)

    Image.fromarray = from_any_array  # type: ignore[assignment]


def _encode_in_place() -> None:
    """Let Manim's encoder read each frame where it lies: a sixth of a render is copying them.

    Manim 0.22 hands a frame over and does not touch it again; then the copy is for nobody.
    """
    encoder: Any = sys.modules.get("manim.scene.video_segment_encoder")
    if encoder is None:  # an older Manim, which uses its frames again
        return
    import av

    in_place = types.ModuleType("av")
    in_place.__dict__.update(vars(av))
    in_place.VideoFrame = types.SimpleNamespace(  # type: ignore[attr-defined]
        from_ndarray=av.VideoFrame.from_numpy_buffer
    )
    encoder.av = in_place


def _no_thread_for_bars() -> None:
    """Keep tqdm from starting a thread: a process with two cannot be copied.

    Manim makes a bar for every animation, shown or not, and the first starts a thread that looks
    after it until the process ends.
    """
    from tqdm import tqdm

    tqdm.monitor_interval = 0


def list_families_in_one_go() -> None:
    """List a mobject and all below it without a generator for each: a tenth of stepping is that.

    Manim 0.22 asks for families in every frame; one in which a mobject is there twice, or in
    itself, is left to it.
    """
    from manim import Mobject

    if not hasattr(Mobject, "_iter_family"):  # another Manim, which may ask each member for its own
        return
    listed = Mobject.get_family

    @functools.wraps(listed)
    def get_family(mobject: Any, recurse: bool = True) -> Any:
        if not mobject.submobjects:
            return [mobject]
        family, waiting = [], [mobject]
        seen: set[Any] = set()
        while waiting:
            member = waiting.pop()
            if member in seen:
                return listed(mobject, recurse)
            seen.add(member)
            family.append(member)
            waiting.extend(reversed(member.submobjects))
        return family

    Mobject.get_family = get_family


def fill_backgrounds_at_once() -> None:
    """Make a background of one colour pixel by pixel, not byte by byte: 1 ms instead of 11.

    Manim 0.22 makes two of them for every scene.
    """
    import numpy as np
    from manim import Camera
    from manim.camera import camera as cameras

    color_to_int_rgba = getattr(cameras, "color_to_int_rgba", None)
    if color_to_int_rgba is None:  # another Manim
        return
    made = Camera.init_background

    @functools.wraps(made)
    def init_background(camera: Any) -> None:
        if (
            camera.background_image is not None
            or camera.n_channels != 4
            or camera.pixel_array_dtype not in ("uint8", np.uint8)
        ):
            made(camera)
            return
        rgba = color_to_int_rgba(camera.background_color, camera.background_opacity)
        pixel = np.array(rgba).astype(np.uint8).view(np.uint32)[0]
        size = camera.pixel_height, camera.pixel_width
        camera.background = np.full(size, pixel).view(np.uint8).reshape(*size, 4)

    Camera.init_background = init_background


@contextlib.contextmanager
def own_copies() -> Iterator[None]:
    """Within it this package may fork the process of a scene."""
    global _own  # noqa: PLW0603  an audit hook is for the whole process
    _own = True
    try:
        yield
    finally:
        _own = False


_own = False


def refuse_copies(event: str, _: tuple[Any, ...]) -> None:
    """Refuse ``os.fork``: the copy of a process that encodes in threads cannot go on."""
    if event in ("os.fork", "os.forkpty") and not _own:
        raise PermissionError(
            "a scene may not fork its process; start programs with subprocess, and pools of "
            "processes with multiprocessing's 'spawn' context"
        )
