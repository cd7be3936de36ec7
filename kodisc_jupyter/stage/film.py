"""Render one scene with Manim, in a process that does nothing else.

Runs inside the process that :mod:`kodisc_jupyter.local.processes.forker` made for one job: its
working folder is the job's own, and what it changes ends with it. Manim is imported here and only
here.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import inspect
import linecache
import os
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.captions import Cue, to_vtt
from kodisc_jupyter.stage.task import CAPTIONS, THUMBNAIL, VIDEO, RenderTask
from kodisc_jupyter.stage.thumbnail import Thumbnail

STILL_S: Final = 1.0
"""Seconds that the picture of a scene without any animation is shown."""

UPRIGHT_FRAME: Final = (8.0, 8.0 * 16 / 9)
"""Width and height of the 9:16 frame in Manim's units: Manim's own frame is 14.22 by 8, turned.

The short side stays 8 units, so what was written for the middle of a wide frame keeps its size,
and ``to_edge`` finds the edges that are seen.
"""

_ENCODER: Final = {
    "threads": "1",
    "preset": "ultrafast",
    "x264-params": "cabac=1:no-deblock=0:aq-mode=1",
    "crf": "21",
}
"""x264 on one thread, its fastest preset with the three tools back that keep files small, at a
lower ``crf`` than its own: a picture no worse than Manim's and a file at most twice as large, for
half of the encoder's time."""


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
    _images_with_new_pillow()
    _encode_in_place()


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


def _images_with_new_pillow() -> None:
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


def warm_up() -> None:
    """Render a tiny scene, so that fonts, codecs and lazily imported modules are there."""
    import tempfile

    import manim

    class Tiny(manim.Scene):  # type: ignore[misc]
        def construct(self) -> None:
            self.play(manim.Write(manim.Text("Kodisc")), manim.Create(manim.Circle()), run_time=0.1)

    here = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="warm-up-", dir=here) as folder, _kept_settings():
        os.chdir(folder)
        try:
            task = RenderTask("", "", "", 64, 36, 30)
            _frame(task)
            _film(Tiny, Path(folder) / "results")
        finally:
            os.chdir(here)


@contextlib.contextmanager
def _kept_settings() -> Iterator[None]:
    from manim import tempconfig

    with tempconfig({}):
        yield


class SceneMissingError(Exception):
    """The code does not define the scene that was asked for."""


def render(task: RenderTask, results: Path, formulas: Path | None = None) -> str | None:
    """Render ``task`` in the current folder and leave the three files in ``results``.

    ``formulas`` is a folder of typeset LaTeX that this user's renders share.

    Returns:
        The job's ``error`` text, or ``None`` when everything went well.
    """
    import numpy as np

    latex: list[str] = []
    sys.addaudithook(_no_copies)
    np.random.seed()  # noqa: NPY002  a forked copy would else draw what every other one draws
    try:
        _explain_latex(latex)
        if formulas is not None:
            _share_formulas(formulas)
        scene_class = _find(_load(task), task.class_name)
        _film(scene_class, results)
        if not Path(failure.SCENE_FILE).exists():
            return "The scene deleted the folder that it is rendered in."
    except SceneMissingError as missing:
        return str(missing)
    except SystemExit as ended:
        return failure.describe(ended)
    except MemoryError as problem:
        megabytes = task.limits.memory_bytes >> 20
        return failure.describe(
            _reworded(problem, MemoryError(f"the scene needed more than {megabytes} MB of memory"))
        )
    except ModuleNotFoundError as problem:
        return failure.describe(_reworded(problem, _module_hint(problem)))
    except BaseException as problem:
        return failure.describe(problem, latex=latex)
    return None


def _load(task: RenderTask) -> types.ModuleType:
    """Run the user's code as the module ``scene`` in ``scene.py``, as Manim runs a file."""
    Path(failure.SCENE_FILE).write_text(task.code, encoding="utf-8", errors="replace")
    lines = task.code.splitlines(keepends=True)
    linecache.cache[failure.SCENE_FILE] = (len(task.code), None, lines, failure.SCENE_FILE)
    module = types.ModuleType("scene")
    module.__file__ = str(Path(failure.SCENE_FILE).absolute())
    sys.modules["scene"] = module
    sys.path.insert(0, str(Path.cwd()))
    _frame(task)
    code = compile(task.code, failure.SCENE_FILE, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102  the server's purpose
    _size(task)
    return module


def _find(module: types.ModuleType, name: str) -> type[Any]:
    from manim import Scene

    found = module.__dict__.get(name)
    if isinstance(found, type) and issubclass(found, Scene):
        return found
    defined = [
        key
        for key, value in module.__dict__.items()
        if isinstance(value, type) and issubclass(value, Scene) and value.__module__ == "scene"
    ]
    other = "" if found is None else f"of type {type(found).__name__}"
    if isinstance(found, type):
        other = "a class"
    raise SceneMissingError(failure.scene_missing(name, defined, other=other))


def _frame(task: RenderTask) -> None:
    """Manim's settings, before the user's code reads them."""
    from manim import config, logger

    _size(task)
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
            (each.name, each.default)
            for each in inspect.signature(made).parameters.values()
            if each.default is not each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
        ]
        made.__defaults__ = tuple(fitted.get(name, default) for name, default in defaults)


def _size(task: RenderTask) -> None:
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
        config.video_encoder_options = {**_ENCODER, **config.video_encoder_options}
    if hasattr(config, "max_inflight_encoders"):  # one animation is encoded while the next is drawn
        config.max_inflight_encoders = max(2, config.max_inflight_encoders)
    config.preview = False
    config.dry_run = False
    config.save_sections = False
    config.output_file = ""


def _no_copies(event: str, _: tuple[Any, ...]) -> None:
    """Refuse ``os.fork``: the copy of a process that encodes in threads cannot go on."""
    if event in ("os.fork", "os.forkpty"):
        raise PermissionError(
            "a scene may not fork its process; start programs with subprocess, and pools of "
            "processes with multiprocessing's 'spawn' context"
        )


def _repeat(num_frames: int = 1, *, repeat: int = 1) -> int:
    """How often a frame is shown: Manim 0.22 says ``repeat``, earlier ones ``num_frames``."""
    return max(num_frames, repeat)


def _film(scene_class: type[Any], results: Path) -> None:
    scene = scene_class()
    writer = scene.renderer.file_writer
    thumbnail = Thumbnail()
    write_frame, tear_down = writer.write_frame, scene.tear_down

    def write_and_look(pixels: Any, *args: Any, **kwargs: Any) -> Any:
        thumbnail.look(pixels, _repeat(*args, **kwargs))
        return write_frame(pixels, *args, **kwargs)

    def draw_the_end() -> Any:
        scene.renderer.update_frame(scene)
        return scene.renderer.get_frame()

    def tear_down_with_a_picture() -> None:
        if not any(writer.partial_movie_files):
            writer.sections[-1].skip_animations = False
            scene.wait(STILL_S)
        thumbnail.end(draw_the_end)
        tear_down()

    writer.write_frame = write_and_look
    scene.tear_down = tear_down_with_a_picture
    scene.render()
    results.mkdir(parents=True, exist_ok=True)
    shutil.move(str(writer.movie_file_path), results / VIDEO)
    thumbnail.save(results / THUMBNAIL)
    cues = (
        Cue(each.start.total_seconds(), each.end.total_seconds(), each.content)
        for each in writer.subcaptions
    )
    (results / CAPTIONS).write_text(to_vtt(cues), encoding="utf-8")


def _explain_latex(latex: list[str]) -> None:
    """Have LaTeX's own error lines kept, and a missing LaTeX explained."""
    from manim.utils import tex_file_writing

    compile_tex, to_svg = tex_file_writing.compile_tex, tex_file_writing.convert_to_svg

    def explained(function: Any) -> Any:
        def call(tex_file: Path, *args: Any, **kwargs: Any) -> Any:
            try:
                return function(tex_file, *args, **kwargs)
            except FileNotFoundError as problem:
                if problem.filename not in failure.TEX_PROGRAMS:
                    raise
                raise FileNotFoundError(
                    f"LaTeX is not complete on the machine that renders: there is no program "
                    f"{problem.filename!r}. {failure.TEX_PACKAGES}"
                ) from None
            except (ValueError, RuntimeError):
                log = Path(tex_file).with_suffix(".log")
                with contextlib.suppress(OSError):
                    latex[:] = failure.latex_errors(log.read_text("utf-8", "replace"))
                if not latex:
                    raise
                raise ValueError(f"LaTeX error: {latex[0].lstrip('! ')}") from None

        return call

    tex_file_writing.compile_tex = explained(compile_tex)
    tex_file_writing.convert_to_svg = explained(to_svg)


def _share_formulas(folder: Path) -> None:
    """Typeset no formula twice: the SVG of a LaTeX text is taken from ``folder`` or added to it.

    Named by a hash of the whole LaTeX text, and put there whole, so that renders may share it.
    """
    from manim.utils import tex_file_writing

    compile_tex, to_svg = tex_file_writing.compile_tex, tex_file_writing.convert_to_svg

    kept_as: dict[Path, Path] = {}

    def compile_unless_known(tex_file: Path, compiler: Any, output_format: str) -> Any:
        text = Path(tex_file).read_bytes() + repr((compiler, output_format)).encode()
        kept = folder / (hashlib.sha256(text).hexdigest() + ".svg")
        typeset = Path(tex_file).with_suffix(output_format)
        try:
            shutil.copyfile(kept, typeset.with_suffix(".svg"))
        except OSError:
            kept_as[typeset] = kept
            return compile_tex(tex_file, compiler, output_format)
        return typeset  # its SVG is there: Manim has nothing left to convert

    def convert_and_keep(typeset: Path, *args: Any, **kwargs: Any) -> Any:
        svg = to_svg(typeset, *args, **kwargs)
        kept = kept_as.pop(Path(typeset), None)
        if kept is not None:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(svg, temporary := kept.with_suffix(f".{os.getpid()}"))
                temporary.replace(kept)
        return svg

    tex_file_writing.compile_tex = compile_unless_known
    tex_file_writing.convert_to_svg = convert_and_keep


def _module_hint(problem: ModuleNotFoundError) -> ModuleNotFoundError:
    message = str(problem)
    if (problem.name or "").split(".")[0] == "manim_kodisc":
        message += (
            " (manim-kodisc is not installed where this scene is rendered. It asks for an older "
            "Pillow than today's Manim, so install it by itself: pip install --no-deps "
            "manim-kodisc; or render on Kodisc)"
        )
    else:
        message += " (on the machine that renders)"
    return ModuleNotFoundError(message, name=problem.name)


def _reworded(problem: BaseException, better: BaseException) -> BaseException:
    return better.with_traceback(problem.__traceback__)
