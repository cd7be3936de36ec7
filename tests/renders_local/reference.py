"""What Manim itself makes of scenes: ``python reference.py OUT SCENE…``, all in one process.

The same settings as ``manim -ql``; prints nothing. Another frame is set by a manim.cfg in the
working folder, as Manim's users do it.
"""

import shutil
import sys
from pathlib import Path

import scenes
from manim import tempconfig
from PIL import Image

if Image.__version__ >= "13":  # which Manim 0.22 cannot make its empty pictures with

    def fromarray(array, mode=None, own=Image.fromarray):
        return Image.new("RGBA", array.shape[::-1]) if array.ndim == 2 else own(array, mode)

    Image.fromarray = fromarray

LOW = {} if Path("manim.cfg").exists() else {"pixel_width": 854, "pixel_height": 480}


def main(out: Path, names: list[str]) -> None:
    for name in names:
        settings = {
            **LOW,
            "frame_rate": 15,
            "media_dir": str(out / "media"),
            "verbosity": "ERROR",
            "progress_bar": "none",
            "disable_caching": True,
        }
        with tempconfig(settings):
            scene = getattr(scenes, name)()
            scene.render()
            writer = scene.renderer.file_writer
            moved = Path(writer.final_file_path)
            shutil.copyfile(moved, out / (name + moved.suffix))


main(Path(sys.argv[1]), sys.argv[2:])
