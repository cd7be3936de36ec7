"""Play a scene frame by frame without drawing: its real states, times and sounds, no picture.

Manim's own way to skip (``-n``, or a cache hit) takes an animation in one step of its whole run
time and leaves out the last update: updaters then see other times, and objects are elsewhere
(manim#974, #339). Here every frame is stepped with its real ``dt``; only the camera and the encoder
are left out. What asks for the picture itself gets it: it is drawn then.

    record = step(scene_class)
    record.seconds, record.animations, record.sections

A :class:`Watcher` is told of each frame and each animation while they happen, and may have the
frame drawn. The scene is an ordinary one of Manim 0.18 or later; only its renderer and its file
writer are other ones, set after it was made so that its own ``__init__`` may be any.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.captions import Cue
from kodisc_jupyter.stage.stepping.animation_names import animation_name
from kodisc_jupyter.stage.stepping.stepped_scene import (
    SteppedAnimation,
    SteppedScene,
    SteppedSection,
    SteppedSound,
)
from kodisc_jupyter.stage.stepping.stepping_renderer import LazyPixels, SteppingRenderer

STILL_S: Final = 1.0
"""Seconds that the picture of a scene without any animation is shown."""


class Watcher:
    """Is told what happens while a scene is stepped; every method may be left as it is."""

    def began(self, stepping: Stepping) -> None:
        """The scene has been made; nothing of it has been played."""

    def animation_began(self, stepping: Stepping, animation: SteppedAnimation) -> None:
        """An animation is about to play: ``stepping.scene.animations`` have begun."""

    def frame(self, stepping: Stepping, repeat: int) -> None:
        """The scene is in the state of a frame, shown ``repeat`` times.

        ``stepping.draw()`` gives its picture; its time is ``stepping.record.frames / fps``.
        """

    def animation_ended(self, _stepping: Stepping, _animation: SteppedAnimation) -> None:
        """An animation has been played and cleaned up."""

    def ended(self, stepping: Stepping) -> None:
        """The scene has been torn down; the record is complete."""


class Stepping:
    """A scene that is being stepped."""

    def __init__(self, scene: Any, watcher: Watcher, *, still_s: float = STILL_S) -> None:
        """Take the scene's renderer and file writer over; nothing of it has been played yet.

        A scene without any animation is shown for ``still_s`` seconds; 0 is not at all.
        """
        self.scene = scene
        self._still_s = still_s
        self.watcher = watcher
        self.renderer = scene.renderer
        self.camera = self.renderer.camera
        self.camera_class = type(self.camera)
        self.writer = self.renderer.file_writer
        self.record = SteppedScene(fps=float(self.renderer.camera.frame_rate), scene=scene)
        self._statics: list[Any] = []
        self._movings: list[Any] | None = None
        self._static_image: Any = None
        self._picture_is_due = False
        self._plays: dict[str, Any] = {}
        self._take_writer()
        self._take_renderer()

    @property
    def statics(self) -> list[Any]:
        """What stands still during this animation, which is drawn first and once."""
        return self._statics

    @property
    def movings(self) -> list[Any]:
        """What is drawn above it for this frame."""
        if self._movings:
            return self._movings
        from manim.utils.iterables import list_update

        shown: list[Any] = list_update(self.scene.mobjects, self.scene.foreground_mobjects)
        return shown

    def draw(self) -> Any:
        """The picture of the frame at hand: RGBA, exactly what the encoder would be given."""
        self.draw_statics()
        return self.paint(self.movings, self._static_image, families=True)

    def draw_statics(self) -> None:
        """Draw what stands still during this animation, unless that was done."""
        if self._static_image is None and self._statics:
            self._static_image = self.paint(self._statics, None, families=True)

    def paint(self, mobjects: list[Any], background: Any, *, families: bool = False) -> Any:
        """A picture of ``mobjects`` above a picture; with their ``families``, or as they are."""
        camera = self.renderer.camera
        self._picture_is_due = False
        if background is None:
            camera.reset()
        else:
            camera.set_frame_to_background(background)
        camera.capture_mobjects(mobjects, include_submobjects=families)
        return camera.pixel_array.copy()

    def picture_is_due(self) -> None:
        """Something else was painted: who asks for the picture has it drawn."""
        self._picture_is_due = True

    def draw_if_due(self) -> None:
        """Draw the frame at hand, if it was not drawn yet: somebody asks for its pixels."""
        if self._picture_is_due:
            self.draw()

    def run(self) -> None:
        """Play the whole scene."""
        self.watcher.began(self)
        tear_down = self.scene.tear_down

        def tear_down_with_a_picture() -> None:
            if self._still_s and all(each.skipped for each in self.record.animations):
                self.writer.sections[-1].skip_animations = False
                self.scene.wait(self._still_s)
            tear_down()

        self.scene.tear_down = tear_down_with_a_picture
        self.scene.render()
        self.record.seconds = self.record.frames / self.record.fps
        self.record.subcaptions = [
            Cue(subtitle.start.total_seconds(), subtitle.end.total_seconds(), subtitle.content)
            for subtitle in self.writer.subcaptions
        ]
        self.watcher.ended(self)

    # What the renderer says.

    def play_began(self, statics: list[Any]) -> None:
        """The animations have begun; ``statics`` stand still meanwhile."""
        self._statics = list(statics or ())
        self._static_image = None
        scene = self.scene
        animation = SteppedAnimation(
            index=self.renderer.num_plays,
            start_s=self.record.frames / self.record.fps,
            run_time_s=float(scene.duration),
            lines=lines_of_the_scene(),
            animations=tuple(map(animation_name, scene.animations)),
            skipped=bool(self.renderer.skip_animations),
            frozen=bool(scene.is_current_animation_frozen_frame()),
        )
        self.record.animations.append(animation)
        self.watcher.animation_began(self, animation)

    def play_ended(self) -> None:
        """The animations are over and cleaned up."""
        self._statics, self._static_image = [], None
        last = self.record.animations[-1]
        frames = self.record.frames - round(last.start_s * self.record.fps)
        done = SteppedAnimation(
            **{**vars(last), "frames": frames, "seconds": frames / self.record.fps}
        )
        self.record.animations[-1] = done
        self.watcher.animation_ended(self, done)

    def frame(self, movings: list[Any] | None) -> None:
        """The camera would draw now."""
        self._movings = list(movings) if movings else None
        self._picture_is_due = True
        _keep_camera_in_step(self)

    def shown(self, repeat: int) -> None:
        """The frame goes into the video, ``repeat`` times."""
        self.watcher.frame(self, repeat)
        self.record.frames += repeat

    # Taking over.

    def _take_renderer(self) -> None:
        renderer, camera = self.renderer, self.renderer.camera
        kind = type(renderer)
        renderer.stepping = self
        renderer.__class__ = type(kind.__name__, (SteppingRenderer, kind), {})
        kind = type(camera)
        camera.__dict__["drawn_pixels"] = camera.__dict__.pop("pixel_array")
        camera.stepping = self
        camera.__class__ = type(kind.__name__, (LazyPixels, kind), {})

    def _take_writer(self) -> None:
        writer, record = self.writer, self.record

        def nothing(*_: Any, **__: Any) -> None:
            """No segment is opened, written, closed or joined here."""

        for name in ("begin_animation", "end_animation", "write_frame", "finish", "save_image"):
            setattr(writer, name, nothing)
        add_sound, next_section = writer.add_sound, writer.next_section

        def add_and_note_sound(
            sound_file: Any, time: float | None = None, *args: Any, **kwargs: Any
        ) -> Any:
            at = self.renderer.time if time is None else time
            record.sounds.append(SteppedSound(str(sound_file), float(at), lines_of_the_scene()))
            return add_sound(sound_file, time, *args, **kwargs)

        def note_section(name: str, kind: Any = "", skip_animations: bool = False) -> Any:
            now = record.frames / record.fps
            if record.sections and record.sections[-1].start_s == now:
                record.sections.pop()  # an empty one, as Manim drops it
            record.sections.append(SteppedSection(name, now, bool(skip_animations), str(kind)))
            return next_section(name, kind, skip_animations)

        first = writer.sections[-1]
        record.sections.append(SteppedSection(first.name, 0.0, False, str(first.type_)))
        writer.add_sound, writer.next_section = add_and_note_sound, note_section


def step(scene_class: type[Any], watcher: Watcher | None = None) -> SteppedScene:
    """Make the scene and play all of it without drawing.

    Raises what the scene raises.
    """
    stepping = Stepping(scene_class(), watcher or Watcher())
    stepping.run()
    return stepping.record


def lines_of_the_scene() -> tuple[int, ...]:
    """The lines of the user's code that are being run now, from the outside to the inside."""
    lines: list[int] = []
    frame: Any = sys._getframe(1)  # noqa: SLF001  the call stack has no other door
    while frame is not None:
        if frame.f_code.co_filename == failure.SCENE_FILE:
            lines.append(frame.f_lineno)
        frame = frame.f_back
    return tuple(reversed(lines))


def _keep_camera_in_step(stepping: Stepping) -> None:
    """What drawing changes in the camera, or in a mobject, beside the pixels.

    A camera of a class of its own may change anything, so it draws.
    """
    from manim import Camera, MovingCamera, MultiCamera, ThreeDCamera

    camera = stepping.renderer.camera
    kind = stepping.camera_class if camera is stepping.camera else type(camera)
    if kind in (Camera, ThreeDCamera) and not camera.pixel_array_to_cairo_context:
        # Manim makes it once, where the camera stands when it first draws
        camera.get_cairo_context(camera.__dict__["drawn_pixels"])
    if kind is ThreeDCamera:
        camera.reset_rotation_matrix()
    elif kind is MultiCamera:
        _reshape_sub_cameras(camera)
    elif kind not in (Camera, MovingCamera):
        stepping.draw()


def _reshape_sub_cameras(camera: Any) -> None:
    """As ``MultiCamera.update_sub_cameras``, which keeps each one's frame in its display's shape.

    Its arrays are made anew only when their size changes.
    """
    for display in camera.image_mobjects_from_cameras:
        sub = display.camera
        height = int(camera.pixel_height * display.height / camera.frame_height)
        width = int(camera.pixel_width * display.width / camera.frame_width)
        if (sub.pixel_height, sub.pixel_width) == (height, width):
            sub.resize_frame_shape()
        else:
            sub.reset_pixel_shape(height, width)
