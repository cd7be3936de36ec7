"""Stills and storyboards as they are saved: wide, upright, with long words, of many pictures."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from kodisc_jupyter.notebook.pictures.still import Still
from kodisc_jupyter.notebook.pictures.storyboard import Storyboard
from kodisc_jupyter.renders.pictures import AnimationPicture

LONG = "animate(Square), FadeIn(Text('a rather long text that has to be broken somewhere'))"


def picture(width, height, at=0.5, kind="PNG"):
    """A circle on black, as Manim draws one."""
    image = Image.new("RGB", (width, height), "black")
    r = min(width, height) // 5
    box = (width * at - r, height // 2 - r, width * at + r, height // 2 + r)
    ImageDraw.Draw(image).ellipse(box, outline="#58c4dd", width=4)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def tile(number, width=480, height=270, line=7):
    content = picture(width, height, 0.3 + number % 5 / 10)
    what = LONG if number == 1 else "Create(Circle)"
    return AnimationPicture(
        number * 1.5, number * 1.5 + 1, line, what, width, height, "image/png", content
    )


def picture_faces():
    """Their MIME bundles by name."""
    alt = "A circle stands still. <b>No</b> tag of the text counts."
    upright = [tile(number, 270, 480, None) for number in range(3)]
    shown = {
        "still": Still("Circles", None, 2.9333, 1280, 720, picture(1280, 720)),
        "still-upright": Still("Circles", 2.5, 2.5, 480, 854, picture(480, 854), alt),
        "still-narrow": Still("Circles", 0, 0, 854, 480, picture(854, 480), css_width="70%"),
        "storyboard": Storyboard(
            "Circles", 16.0, 11, tuple(map(tile, range(11))), picture(900, 600, kind="JPEG"), alt
        ),
        "storyboard-upright": Storyboard("Circles", None, 90, tuple(upright), b""),
    }
    return {name: each._repr_mimebundle_() for name, each in shown.items()}
