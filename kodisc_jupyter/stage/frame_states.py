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

_VECTOR: Final = (
    "stroke_width",
    "background_stroke_width",
    "joint_type",
    "cap_style",
    "shade_in_3d",
    "n_points_per_cubic_curve",
    "tolerance_for_point_equality",
)
"""A vector mobject's plain attributes that its drawing reads."""

_ARRAYS: Final = ("points", "fill_rgbas", "stroke_rgbas", "background_stroke_rgbas")

FRAME_WEIGHT: Final = 20
"""What every frame takes to draw, whatever it shows, in mobjects."""

_SUB_CAMERA: Final = ("pixel_height", "pixel_width", "_background_color", "_background_opacity")

READ: Final = frozenset(
    {
        *("get_fill_rgbas", "get_stroke_rgbas", "get_stroke_width", "get_num_points"),
        *("get_gradient_start_and_end_points", "get_sheen_direction", "get_background_image"),
        *("get_subpath_split_indices_from_points", "consider_points_equals_2d"),
        *("get_z_index_reference_point", "get_center", "get_edge_center", "get_critical_point"),
        *("get_points_defining_boundary", "get_pixel_array"),
        *("family_members_with_points", "get_family"),
    }
)
"""The methods that drawing calls on a mobject. A class with its own of these is not covered."""


class NotCoveredError(Exception):
    """The key does not cover this mobject, or this camera."""


@dataclass(frozen=True)
class _State:
    """One mobject's values: ``values`` are compared and restored, ``digest`` goes into the key."""

    values: tuple[Any, ...]
    digest: bytes


@dataclass(frozen=True)
class FrameState:
    """One frame: what is drawn in which order, with which values, by which camera."""

    key: bytes
    statics: tuple[tuple[Any, _State], ...]
    movings: tuple[tuple[Any, _State], ...]
    camera: tuple[tuple[dict[str, Any], str, Any], ...]

    def restore(self, restored: dict[int, _State]) -> None:
        """Put the values back; ``restored`` remembers which ones are there already."""
        for mobject, state in (*self.statics, *self.movings):
            if restored.get(id(mobject)) is not state:
                _RESTORE[state.values[0]](mobject, state.values)
                restored[id(mobject)] = state
        for owner, name, value in self.camera:
            owner[name] = value.copy() if hasattr(value, "flags") and name == "points" else value

    def owners(self) -> Iterator[dict[str, Any]]:
        """The dictionaries of everything that :meth:`restore`, or drawing, changes."""
        for mobject, state in (*self.statics, *self.movings):
            yield mobject.__dict__
            if isinstance(state.values[-1], _Family):
                yield from (member.__dict__ for member, _ in state.values[-1].members)
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
        self._last: dict[int, tuple[Any, _State]] = {}
        self._kinds: dict[type[Any], Callable[[Any], tuple[Any, ...]] | None] = {}
        self._backgrounds: dict[int, tuple[Any, bytes]] = {}

    def of_statics(self, mobjects: list[Any]) -> tuple[tuple[Any, _State], ...]:
        """What stands still during an animation, as it is now."""
        self._backgrounds.clear()
        return self._states(mobjects)

    def of_frame(self, statics: tuple[tuple[Any, _State], ...], mobjects: list[Any]) -> FrameState:
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

    def _states(self, mobjects: list[Any]) -> tuple[tuple[Any, _State], ...]:
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
                values_of = kinds[kind] = self._values_of(kind)
            if values_of is None:
                raise NotCoveredError(kind.__name__)
            values = values_of(mobject)
            known = last.get(id(mobject))
            if known is not None and known[1].values == values:
                states.append(known)
                continue
            pair = (mobject, _State(values, _digest(values)))
            last[id(mobject)] = pair
            states.append(pair)
        return tuple(states)

    def _values_of(self, kind: type[Any]) -> Callable[[Any], tuple[Any, ...]] | None:
        """How a class of mobjects is read; ``None``: it is not covered."""
        from manim import ImageMobject, Mobject, PMobject, VMobject
        from manim.mobject.types.image_mobject import ImageMobjectFromCamera

        for each in kind.__mro__:
            own = READ & vars(each).keys()
            if own and not str(getattr(each, "__module__", "")).startswith("manim."):
                return None
        if issubclass(kind, VMobject):
            return _vector
        if issubclass(kind, PMobject):
            return _cloud
        if issubclass(kind, ImageMobject):
            return _image
        if issubclass(kind, ImageMobjectFromCamera):
            return self._display
        from manim.mobject.types.image_mobject import AbstractImageMobject

        if issubclass(kind, AbstractImageMobject) or not issubclass(kind, Mobject):
            return None
        return _unseen

    def _display(self, mobject: Any) -> tuple[Any, ...]:
        """A window of a zoomed scene: it shows what its camera sees."""
        displays = getattr(self._camera, "image_mobjects_from_cameras", [])
        number = next((n for n, each in enumerate(displays) if each is mobject), None)
        if number is None:
            raise NotCoveredError("a display whose camera draws nothing")
        return (
            "display",
            _bytes(mobject.points),
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
            told += [more, _bytes(display.points), len(display.submobjects)]
            kept = (*kept, *also, (display.__dict__, "points", display.points.copy()))
            kept = (
                *kept,
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
            [_bytes(each.points) for each in points],
            bool(camera.should_apply_shading),
            bool(camera.exponential_projection),
            (
                *kept,
                *((each.__dict__, "points", each.points.copy()) for each in points),
                (own, "fixed_in_frame_mobjects", set(camera.fixed_in_frame_mobjects)),
            ),
        )

    def _placing(self, states: tuple[tuple[Any, _State], ...]) -> tuple[bytes, dict[Any, Any]]:
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
            digest = hashlib.blake2b(background.tobytes(), digest_size=16).digest()
            known = self._backgrounds[id(background)] = (background, digest)
        return [
            camera.pixel_height,
            camera.pixel_width,
            float(camera.cairo_line_width_multiple),
            bool(camera.use_z_index),
            known[1],
        ]


def _bytes(array: Any) -> bytes:
    """An array of floats; any other kind is not covered."""
    if array.dtype.char != "d":
        raise NotCoveredError(f"points of {array.dtype}")
    told: bytes = array.tobytes()
    return told


def _vector(mobject: Any) -> tuple[Any, ...]:
    own = mobject.__dict__
    try:
        if own["background_image"] is not None:
            raise NotCoveredError("a background image")
        stroke = own["stroke_width"]
        if not isinstance(stroke, (int, float)):
            stroke = float(stroke)
        values = (
            "vector",
            _bytes(own["points"]),
            _bytes(own["fill_rgbas"]),
            _bytes(own["stroke_rgbas"]),
            _bytes(own["background_stroke_rgbas"]),
            tuple(own["sheen_direction"]),
            stroke,
            own["background_stroke_width"],
            own["joint_type"],
            own["cap_style"],
            own["shade_in_3d"],
            own["n_points_per_cubic_curve"],
            own["tolerance_for_point_equality"],
        )
    except (KeyError, AttributeError, TypeError, ValueError) as problem:
        raise NotCoveredError(f"{type(mobject).__name__}: {problem}") from None
    group = own.get("z_index_group")
    if mobject.submobjects or (group is not None and group is not mobject):
        return (*values, *_family(mobject, group))
    return values


def _family(mobject: Any, group: Any) -> tuple[Any, ...]:
    """Where drawing asks for the middle or the ends of a whole family: those, and its members."""
    if not mobject.shade_in_3d and len(mobject.fill_rgbas) < 2 and len(mobject.stroke_rgbas) < 2:
        return ()
    roots = (mobject,) if group is None or group is mobject else (mobject, group)
    members = {id(each): each for root in roots for each in root.get_family()}
    return (
        _Family(
            told=tuple(
                _bytes(each)
                for root in roots
                for each in (root.get_center(), *mobject.get_gradient_start_and_end_points())
            ),
            members=tuple((each, tuple(each.submobjects)) for each in members.values()),
        ),
    )


@dataclass(frozen=True)
class _Family:
    """``told`` goes into the key; ``members`` and their submobjects are put back."""

    told: tuple[bytes, ...]
    members: tuple[tuple[Any, tuple[Any, ...]], ...]

    def __repr__(self) -> str:
        return repr(self.told)


def _cloud(mobject: Any) -> tuple[Any, ...]:
    width = mobject.stroke_width
    return ("cloud", _bytes(mobject.points), _bytes(mobject.rgbas), float(width))


def _image(mobject: Any) -> tuple[Any, ...]:
    pixels = mobject.pixel_array
    return (
        "image",
        _bytes(mobject.points),
        pixels.tobytes(),
        pixels.shape,
        str(pixels.dtype),
        str(mobject.resampling_algorithm),
    )


def _unseen(_mobject: Any) -> tuple[Any, ...]:
    return ("unseen",)


def _digest(values: tuple[Any, ...]) -> bytes:
    hashed = hashlib.blake2b(digest_size=16)
    plain = []
    for value in values:
        if isinstance(value, bytes):
            hashed.update(value)
            plain.append(len(value))
        elif isinstance(value, tuple) and value and hasattr(value[0], "submobjects"):
            plain.append(len(value))
        else:
            plain.append(value)
    hashed.update(repr(plain).encode())
    return hashed.digest()


def _array(told: bytes, columns: int) -> Any:
    import numpy as np

    return np.frombuffer(told, dtype=np.float64).reshape(-1, columns).copy()


def _restore_vector(mobject: Any, values: tuple[Any, ...]) -> None:
    import numpy as np

    own = mobject.__dict__
    own["points"] = _array(values[1], 3)
    for name, told in zip(_ARRAYS[1:], values[2:5], strict=True):
        own[name] = _array(told, 4)
    own["sheen_direction"] = np.array(values[5])
    own.update(zip(_VECTOR, values[6:13], strict=True))
    if len(values) > 13:
        for member, submobjects in values[13].members:
            member.submobjects = list(submobjects)


def _restore_cloud(mobject: Any, values: tuple[Any, ...]) -> None:
    mobject.points = _array(values[1], 3)
    mobject.rgbas = _array(values[2], 4)
    mobject.__dict__["stroke_width"] = values[3]


def _restore_image(mobject: Any, values: tuple[Any, ...]) -> None:
    import numpy as np

    mobject.points = _array(values[1], 3)
    mobject.pixel_array = np.frombuffer(values[2], dtype=values[4]).reshape(values[3]).copy()


def _restore_display(mobject: Any, values: tuple[Any, ...]) -> None:
    mobject.points = _array(values[1], 3)
    mobject.submobjects = list(values[4])


_RESTORE: Final[dict[str, Callable[[Any, tuple[Any, ...]], None]]] = {
    "vector": _restore_vector,
    "cloud": _restore_cloud,
    "image": _restore_image,
    "display": _restore_display,
    "unseen": lambda *_: None,
}
