"""Manim, loaded once in the forker, so that no render has to load it."""

from __future__ import annotations

import gc
import traceback


def load() -> str:
    """Import Manim; why it cannot be, if it cannot."""
    try:
        from kodisc_jupyter.stage import film, manim_patches
        from kodisc_jupyter.stage.rehearsal import rehearsal

        manim_patches.preload()
        del film, rehearsal  # they are loaded: every copy needs one of them
    except Exception as problem:
        return f"Manim cannot be used on this machine: {type(problem).__name__}: {problem}"
    return ""


def warm_up() -> None:
    """Do once what the first render of every process would have to do again."""
    from kodisc_jupyter.stage import film

    try:
        film.warm_up()
    except Exception:  # renders do without, slower; standard error is the server's log
        traceback.print_exc()
    gc.collect()
    gc.freeze()  # copies share these pages for good
