"""What the CDN of the faces has: two videos and their posters."""

from __future__ import annotations

import io

import av
from PIL import Image, ImageDraw


def cdn_media():
    """File names with their types and contents."""
    wide, upright = _picture(426, 240), _picture(240, 426)
    return {
        "video.mp4": ("video/mp4", _video(wide)),
        "thumb.jpg": ("image/jpeg", _poster(wide)),
        "upright.mp4": ("video/mp4", _video(upright)),
        "upright.jpg": ("image/jpeg", _poster(upright)),
    }


def _picture(width, height):
    image = Image.new("RGB", (width, height), "black")
    draw = ImageDraw.Draw(image)
    middle, r = (width / 2, height / 2), 60
    box = (middle[0] - r, middle[1] - r, middle[0] + r, middle[1] + r)
    draw.ellipse(box, outline="#58c4dd", width=5)
    return image


def _poster(image):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _video(image):
    """Twelve seconds of it: long enough to be playing whenever somebody looks."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("h264", rate=5)
        stream.width, stream.height, stream.pix_fmt = image.width, image.height, "yuv420p"
        frame = av.VideoFrame.from_image(image)
        for _ in range(60):
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return out.getvalue()
