"""What a frame shows, as values: its key, and enough to draw it later.

A frame's key is a hash of everything that Manim's Cairo cameras read to draw it: points, colours,
strokes, order, images, camera and background. Same key, same pixels. The values themselves are kept
with it, so that a frame can be drawn after the scene has gone on, in this process or in a copy of
it: :meth:`FrameState.restore` puts them back into the mobjects.

What is not covered here raises :class:`NotCoveredError`: such a frame is drawn at once and has no
key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from kodisc_jupyter.stage.drawing.mobject_states import (
    MobjectState,
    NotCoveredError,
    digest_of,
    float_bytes,
    reader_of,
)

States = tuple[tuple[Any, MobjectState], ...]
"""Mobjects in the order in which they are drawn, each with its state."""

FRAME_WEIGHT: Final = 20
"""What every frame takes to draw, whatever it shows, in mobjects."""

_SUB_CAMERA: Final = ("pixel_height", "pixel_width", "_background_color", "_background_opacity")


@dataclass(frozen=True)
class FrameState:
    """One frame: what is drawn in which order, with which values, by which camera."""

    key: bytes
    statics: States
    movings: States
    camera: tuple[tuple[dict[str, Any], str, Any], ...]

    def restore(self, restored: dict[int, MobjectState]) -> None:
        """Put the values back; ``restored`` remembers which ones are there already."""
        for mobject, state in (*self.statics, *self.movings):
            if restored.get(id(mobject)) is not state:
                state.restore(mobject)
                restored[id(mobject)] = state
        for owner, name, value in self.camera:
            owner[name] = value.copy() if hasattr(value, "flags") and name == "points" else value

    def owners(self) -> Iterator[dict[str, Any]]:
        """The dictionaries of everything that :meth:`restore`, or drawing, changes."""
        for mobject, state in (*self.statics, *self.movings):
            yield mobject.__dict__
            yield from state.others()
        yield from (owner for owner, _, _ in self.camera)

    @property
    def weight(self) -> int:
        """About how much there is to draw: mobjects, and what every frame takes."""
        return FRAME_WEIGHT + len(self.movings)


class FrameStates:
    """Takes the states of one scene's frames; what has not changed is shared between frames."""

    def __init__(self, camera: Any, kind: type[Any]) -> None:
        """Of frames drawn by ``camera``, whose own class is ``kind``."""
        from manim import Camera, MovingCamera, MultiCamera, ThreeDCamera

        cameras: dict[type[Any], Callable[[Any], tuple[Any, ...]]] = {
            Camera: self._plain,
            MovingCamera: self._moving,
            ThreeDCamera: self._three_d,
            MultiCamera: self._multi,
        }
        self._camera = camera
        self._of_camera = cameras.get(kind)
        self._last: dict[int, tuple[Any, MobjectState]] = {}
        self._kinds: dict[type[Any], Callable[[Any], tuple[Any, ...]] | None] = {}
        self._backgrounds: dict[int, tuple[Any, bytes]] = {}

    def of_statics(self, mobjects: list[Any]) -> States:
        """What stands still during an animation, as it is now."""
        self._backgrounds.clear()
        return self._states(mobjects)

    def of_frame(self, statics: States, mobjects: list[Any]) -> FrameState:
        """The frame as it is now."""
        if self._of_camera is None:
            raise NotCoveredError(type(self._camera).__name__)
        movings = self._states(mobjects)
        *told, camera = self._of_camera(self._camera)
        key = hashlib.blake2b(digest_size=16)
        key.update(repr((len(statics), len(movings), told)).encode())
        key.update(b"".join([state.digest for _, state in statics]))
        key.update(b"".join([state.digest for _, state in movings]))
        if self._placed_by_camera:
            turned, places = self._placing(movings + statics)
            key.update(turned)
            camera = (*camera, (self._camera.__dict__, "fixed_orientation_mobjects", places))
        return FrameState(key.digest(), statics, movings, camera)

    # Mobjects.

    def _states(self, mobjects: list[Any]) -> States:
        from manim.utils.family import extract_mobject_family_members

        shown = extract_mobject_family_members(
            mobjects, use_z_index=self._camera.use_z_index, only_those_with_points=True
        )
        last, kinds, states = self._last, self._kinds, []
        for mobject in shown:
            kind = type(mobject)
            try:
                values_of = kinds[kind]
            except KeyError:
                values_of = kinds[kind] = reader_of(kind, self._display)
            if values_of is None:
                raise NotCoveredError(kind.__name__)
            values = values_of(mobject)
            known = last.get(id(mobject))
            if known is not None and known[1].values == values:
                states.append(known)
                continue
            pair = (mobject, MobjectState(values, digest_of(values)))
            last[id(mobject)] = pair
            states.append(pair)
        return tuple(states)

    def _display(self, mobject: Any) -> tuple[Any, ...]:
        """A window of a zoomed scene: it shows what its camera sees."""
        displays = getattr(self._camera, "image_mobjects_from_cameras", [])
        number = next((n for n, each in enumerate(displays) if each is mobject), None)
        if number is None:
            raise NotCoveredError("a display whose camera draws nothing")
        return (
            "display",
            float_bytes(mobject.points),
            number,
            str(mobject.resampling_algorithm),
            tuple(mobject.submobjects),
        )

    # Cameras: what goes into the key, and last the values to put back.

    _placed_by_camera = False

    def _plain(self, camera: Any) -> tuple[Any, ...]:
        own = camera.__dict__
        kept = [
            (own, name, own[name])
            for name in ("frame_center", "frame_height", "frame_width")
            if name in own
        ]
        center = own.get("frame_center")
        if center is not None and hasattr(center, "copy"):
            kept = [(o, n, v.copy() if n == "frame_center" else v) for o, n, v in kept]
        kept.append((own, "background", own["background"]))
        contexts = camera.pixel_array_to_cairo_context
        if not contexts:  # Manim makes it once, where the camera stands when it first draws
            camera.get_cairo_context(own["drawn_pixels"])
        matrix = [tuple(context.get_matrix()) for context in contexts.values()][:1]
        return (
            *self._common(camera),
            matrix,
            [float(x) for x in camera.frame_center],
            float(camera.frame_height),
            float(camera.frame_width),
            tuple(kept),
        )

    def _moving(self, camera: Any) -> tuple[Any, ...]:
        frame = camera.frame
        if frame.submobjects:
            raise NotCoveredError("a camera frame with submobjects")
        own = camera.__dict__
        return (
            *self._common(camera),
            [float(x) for x in frame.get_center()],
            float(frame.height),
            float(frame.width),
            (
                (frame.__dict__, "points", frame.points.copy()),
                (own, "background", own["background"]),
            ),
        )

    def _multi(self, camera: Any) -> tuple[Any, ...]:
        if camera.allow_cameras_to_capture_their_own_display:
            raise NotCoveredError("a camera that sees its own display")
        *told, kept = self._moving(camera)
        from manim import MovingCamera

        for display in camera.image_mobjects_from_cameras:
            if type(display.camera) is not MovingCamera:
                raise NotCoveredError(type(display.camera).__name__)
            *more, also = self._moving(display.camera)
            own = display.camera.__dict__
            family = display.get_family()  # its size is that of all of it, shown or not
            told += [more, [float_bytes(each.points) for each in family]]
            kept = (
                *(*kept, *also),
                *((each.__dict__, "points", each.points.copy()) for each in family),
                (display.__dict__, "submobjects", list(display.submobjects)),
                *((own, name, own[name]) for name in _SUB_CAMERA if name in own),
            )
        return (*told, kept)

    def _three_d(self, camera: Any) -> tuple[Any, ...]:
        *told, kept = self._plain(camera)
        self._placed_by_camera = bool(
            camera.fixed_in_frame_mobjects or camera.fixed_orientation_mobjects
        )
        points = [
            *camera.get_value_trackers(),
            camera._frame_center,  # noqa: SLF001  the camera's own place
            camera.light_source,
        ]
        own = camera.__dict__
        return (
            *told,
            [float_bytes(each.points) for each in points],
            bool(camera.should_apply_shading),
            bool(camera.exponential_projection),
            (
                *kept,
                *((each.__dict__, "points", each.points.copy()) for each in points),
                (own, "fixed_in_frame_mobjects", set(camera.fixed_in_frame_mobjects)),
            ),
        )

    def _placing(self, states: States) -> tuple[bytes, dict[Any, Any]]:
        """Which mobjects do not turn with a 3D camera, and where those are that only move."""
        camera = self._camera
        fixed, oriented = camera.fixed_in_frame_mobjects, camera.fixed_orientation_mobjects
        told: list[Any] = []
        places = {}
        for number, (mobject, _) in enumerate(states):
            if mobject in fixed:
                told.append(number)
            elif mobject in oriented:
                center = oriented[mobject]().copy()
                places[mobject] = lambda center=center: center
                told.append((number, [float(x) for x in center]))
        return repr(told).encode(), places

    def _common(self, camera: Any) -> list[Any]:
        """What every camera reads: the size in pixels, line widths and the background."""
        background = camera.background
        known = self._backgrounds.get(id(background))
        if known is None:
            known = self._backgrounds[id(background)] = (background, _told_of(background))
        return [
            camera.pixel_height,
            camera.pixel_width,
            float(camera.cairo_line_width_multiple),
            bool(camera.use_z_index),
            known[1],
        ]


def _told_of(background: Any) -> bytes:
    """What a background shows: one colour, mostly, which is seen sooner than a hash is made."""
    import numpy as np

    if background.dtype == np.uint8 and background.shape[2:] == (4,) and background.size:
        pixels = np.ascontiguousarray(background).view(np.uint32)
        if (pixels == pixels[0, 0]).all():
            return bytes(background[0, 0])
    return hashlib.blake2b(background.tobytes(), digest_size=16).digest()
