"""A scene's files: its video, its picture, its captions; and what is told of it.

Most scenes are stepped, and only what is new is drawn (see :mod:`~kodisc_jupyter.stage.drawing`).
A scene that reaches behind the camera, or is of a class from elsewhere that may, is left to Manim.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.stage.captions import Cue, to_vtt
from kodisc_jupyter.stage.drawing import copies
from kodisc_jupyter.stage.drawing.drawing import Drawing, spare_store
from kodisc_jupyter.stage.drawing.mobject_states import READ
from kodisc_jupyter.stage.drawing.segments import Segment, SegmentStore, join, pictures
from kodisc_jupyter.stage.progress import ProgressWriter
from kodisc_jupyter.stage.section_notes import SectionNotes
from kodisc_jupyter.stage.stepping.scene_notes import SceneNotes
from kodisc_jupyter.stage.stepping.stepping import STILL_S, Stepping
from kodisc_jupyter.stage.stepping.watchers import Watchers
from kodisc_jupyter.stage.task import CAPTIONS, THUMBNAIL, VIDEO, Shared
from kodisc_jupyter.stage.thumbnail import Thumbnail

_REACHES_BEHIND: Final = re.compile(
    r"\b(get_frame|get_image|pixel_array|set_background|make_background_from_func"
    r"|capture_mobjects?|update_frame|add_frame|file_writer|static_image|save_static_frame_data"
    r"|get_cairo_context|display_\w+|get_mobjects_to_display|type_or_raise|points_to_\w*coords"
    r"|transform_points_pre_display|set_cairo_\w+|apply_(fill|stroke)|cairo|video_encoder\w*)\b"
    r"|\.background\b|\.(" + "|".join(sorted(READ)) + r"|modified_rgbas|project_points?"
    r"|\w*rotation_matrix|get_(phi|theta|gamma|zoom|focal_distance))\s*=[^=]"
)
"""Words of code that uses, or changes, the camera's or the writer's own work."""

_LOOKS: Final = 8
"""How many pictures are looked at, at most, to choose the one that stands for the video."""


def make(
    scene_class: type[Any], code: str, results: Path, shared: Shared, *, fresh: bool = False
) -> dict[str, Any]:
    """Make the files in ``results``; what a report tells. ``fresh``: nothing that was kept is used.

    Raises what the scene raises, and :class:`~.drawing_queue.DrawingFailedError`.
    """
    if can_be_stepped(scene_class, code):
        return _draw(scene_class, results, shared, fresh=fresh)
    return _leave_to_manim(scene_class, results)


def can_be_stepped(scene_class: type[Any], code: str) -> bool:
    """Whether nothing but Manim's own classes, and the cell's, decides how frames are drawn."""
    from manim import Camera, Mobject, MovingCamera, MultiCamera, ThreeDCamera, VMobject

    cameras = (Camera, MovingCamera, MultiCamera, ThreeDCamera)
    own = ("scene", "builtins", "typing", "abc", "kodisc_jupyter.stage.film")
    classes_known = all(
        each.__module__ in own or each.__module__.startswith("manim.")
        for each in scene_class.__mro__
    )
    unpatched = all(
        str(getattr(value, "__module__", "manim.")).startswith("manim.")
        for each in (*cameras, Mobject, VMobject)
        for name, value in vars(each).items()
        if each in cameras or name in READ
        if callable(value)
    )
    return classes_known and unpatched and _REACHES_BEHIND.search(code) is None


def _draw(scene_class: type[Any], results: Path, shared: Shared, *, fresh: bool) -> dict[str, Any]:
    progress = ProgressWriter(Path.cwd())
    spare = spare_store(progress.folder)
    store = spare if shared.segments is None else SegmentStore(shared.segments)
    drawing = Drawing(store, progress, copies.Cores(shared.cores), spare=spare, fresh=fresh)
    notes = SceneNotes()
    stepping = Stepping(scene_class(), Watchers(drawing, notes))
    try:
        stepping.run()
        segments = drawing.finish()
    finally:
        drawing.close()
    _combine(stepping.writer, lambda target: join(segments, drawing.settings, target))
    thumbnail = Thumbnail()
    _choose(thumbnail, drawing, segments, stepping)
    _leave(results, stepping.writer, thumbnail, stepping.record.subcaptions)
    if shared.segments is not None and drawing.drawn_frames:
        store.prune(shared.segments_bytes)
    return notes.to_json(stepping.record)


def _combine(writer: Any, joined: Callable[[Path], None]) -> None:
    """Have Manim's writer make its movie, with the sound, of a video that ``joined`` makes."""
    placeholder = Path.cwd() / "media" / "joined"
    placeholder.parent.mkdir(exist_ok=True)
    placeholder.touch()
    writer.partial_movie_files = [str(placeholder)]
    writer.combine_files = lambda _files, target, *_, **__: joined(Path(target))
    writer.combine_to_movie()


def _choose(
    thumbnail: Thumbnail, drawing: Drawing, segments: list[Segment], stepping: Stepping
) -> None:
    """The last picture that stands still and has something to see, or else the fullest one.

    That is one with which a segment begins, and so, mostly, an animation: the others are looked at
    only if nothing is to be seen in those, since a picture cannot be had without all before it.
    """
    stills = drawing.stills()
    if not stills or stills[-1] != len(segments) - 1:
        stepping.renderer.update_frame(stepping.scene)
        thumbnail.look(stepping.draw(), 2)
    for number in reversed(stills[-_LOOKS:]):
        if thumbnail.is_settled:
            return
        thumbnail.look(next(iter(pictures(segments[number]))), 2)
    if thumbnail.is_settled:
        return
    some = segments[:: -(1 + len(segments) // _LOOKS)]
    for segment in some:
        thumbnail.look(next(iter(pictures(segment))))
    if thumbnail.has_something_to_see:
        return
    for segment in some:
        for pixels in list(pictures(segment))[:: -max(1, segment.frames // _LOOKS)]:
            thumbnail.look(pixels)


def _leave(results: Path, writer: Any, thumbnail: Thumbnail, cues: Iterable[Cue]) -> None:
    results.mkdir(parents=True, exist_ok=True)
    shutil.move(str(writer.movie_file_path), results / VIDEO)
    thumbnail.save(results / THUMBNAIL)
    (results / CAPTIONS).write_text(to_vtt(cues), encoding="utf-8")


def _leave_to_manim(scene_class: type[Any], results: Path) -> dict[str, Any]:
    """Manim draws and encodes every frame; we only look at them."""
    scene = scene_class()
    writer = scene.renderer.file_writer
    thumbnail = Thumbnail()
    write_frame, tear_down = writer.write_frame, scene.tear_down
    sections = SectionNotes(scene)

    def write_and_look(pixels: Any, *args: Any, **kwargs: Any) -> Any:
        repeat = _repeat(*args, **kwargs)
        sections.frames += repeat
        thumbnail.look(pixels, repeat)
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
    cues = (
        Cue(subtitle.start.total_seconds(), subtitle.end.total_seconds(), subtitle.content)
        for subtitle in writer.subcaptions
    )
    _leave(results, writer, thumbnail, cues)
    return sections.to_json()


def _repeat(num_frames: int = 1, *, repeat: int = 1) -> int:
    """How often a frame is shown: Manim 0.22 says ``repeat``, earlier ones ``num_frames``."""
    return max(num_frames, repeat)
