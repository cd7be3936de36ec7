"""What one mobject shows, as values: read, hashed, and put back.

Read is what Manim's Cairo cameras read of it to draw it, and nothing else. A kind of mobject that
is not known here, or that is read in a way of its own, is not covered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from struct import Struct
from typing import Any, Final

_NUMBERS: Final = ("stroke_width", "background_stroke_width", "tolerance_for_point_equality")
_PLAIN: Final = ("joint_type", "cap_style", "shade_in_3d", "n_points_per_cubic_curve")
"""A vector mobject's attributes that its drawing reads, beside its arrays."""

_COLORS: Final = ("fill_rgbas", "stroke_rgbas", "background_stroke_rgbas")

_PACKED: Final = Struct("3d")

_TEXTS: Final = 1_000
"""How many texts of plain values are remembered, at most."""

READ: Final = frozenset(
    {
        *("get_fill_rgbas", "get_stroke_rgbas", "get_stroke_width", "get_num_points"),
        *("get_gradient_start_and_end_points", "get_sheen_direction", "get_background_image"),
        *("get_subpath_split_indices_from_points", "consider_points_equals_2d"),
        *("get_z_index_reference_point", "get_center", "get_edge_center", "get_critical_point"),
        *("get_points_defining_boundary", "get_extremum_along_dim", "get_pixel_array"),
        *("get_anchors", "get_start_anchors", "get_end_anchors"),
        *("family_members_with_points", "get_family"),
    }
)
"""The methods that drawing calls on a mobject. A class with its own of these is not covered."""


class NotCoveredError(Exception):
    """The key does not cover this mobject, or this camera."""


@dataclass(frozen=True)
class MobjectState:
    """One mobject's values: ``values`` are compared and restored, ``digest`` goes into the key."""

    values: tuple[Any, ...]
    digest: bytes

    def restore(self, mobject: Any) -> None:
        """Put the values back."""
        _RESTORE[self.values[0]](mobject, self.values)

    def others(self) -> Iterator[dict[str, Any]]:
        """The dictionaries of other mobjects that :meth:`restore` changes."""
        if isinstance(self.values[-1], _Family):
            yield from (member.__dict__ for member, _ in self.values[-1].members)


Reader = Callable[[Any], tuple[Any, ...]]


def reader_of(kind: Any, display: Reader) -> Reader | None:
    """How a class of mobjects is read; ``None``: it is not covered.

    ``display`` reads the window of a zoomed scene, which belongs to a camera.
    """
    from manim import ImageMobject, Mobject, PMobject, VMobject
    from manim.mobject.types.image_mobject import ImageMobjectFromCamera

    if not is_read_as_manim_does(kind):
        return None
    if issubclass(kind, VMobject):
        return _vector
    if issubclass(kind, PMobject):
        return _cloud
    if issubclass(kind, ImageMobject):
        return _image
    if issubclass(kind, ImageMobjectFromCamera):
        return display
    from manim.mobject.types.image_mobject import AbstractImageMobject

    if issubclass(kind, AbstractImageMobject) or not issubclass(kind, Mobject):
        return None
    return _unseen


@cache
def is_read_as_manim_does(kind: type[Any]) -> bool:
    """Whether a class of mobjects has none of :data:`READ` of its own."""
    return all(
        str(getattr(each, "__module__", "")).startswith("manim.")
        for each in kind.__mro__
        if READ & vars(each).keys()
    )


def float_bytes(array: Any) -> bytes:
    """An array of floats; any other kind is not covered."""
    if array.dtype.char != "d":
        raise NotCoveredError(f"points of {array.dtype}")
    data: bytes = array.tobytes()
    return data


def _vector(mobject: Any) -> tuple[Any, ...]:
    import numpy as np

    own = mobject.__dict__
    try:
        if own["background_image"] is not None:
            raise NotCoveredError("a background image")
        points = own["points"]
        if points.shape[1] != 3:
            raise NotCoveredError("points of another dimension")
        values = (
            "vector",
            float_bytes(points),
            float_bytes(own["fill_rgbas"]),
            float_bytes(own["stroke_rgbas"]),
            float_bytes(own["background_stroke_rgbas"]),
            np.asarray(own["sheen_direction"], np.float64).tobytes(),
            _PACKED.pack(
                float(own["stroke_width"]),
                float(own["background_stroke_width"]),
                float(own["tolerance_for_point_equality"]),
            ),
            own["joint_type"],
            own["cap_style"],
            bool(own["shade_in_3d"]),
            int(own["n_points_per_cubic_curve"]),
        )
    except (KeyError, AttributeError, TypeError, ValueError) as problem:
        raise NotCoveredError(f"{type(mobject).__name__}: {problem}") from None
    group = own.get("z_index_group")
    if mobject.submobjects or (group is not None and group is not mobject):
        return (*values, *_family(mobject, group))
    return values


def _family(mobject: Any, group: Any) -> tuple[Any, ...]:
    """Where drawing asks for the middle or the ends of a whole family: those, and its members."""
    if not mobject.shade_in_3d and all(len(getattr(mobject, name)) < 2 for name in _COLORS):
        return ()
    roots = (mobject,) if group is None or group is mobject else (mobject, group)
    members = {id(each): each for root in roots for each in root.get_family()}
    return (
        _Family(
            told=tuple(
                float_bytes(each)
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


def _cloud(mobject: Any) -> tuple[Any, ...]:
    width = mobject.stroke_width
    return ("cloud", float_bytes(mobject.points), float_bytes(mobject.rgbas), float(width))


def _image(mobject: Any) -> tuple[Any, ...]:
    pixels = mobject.pixel_array
    return (
        "image",
        float_bytes(mobject.points),
        pixels.tobytes(),
        pixels.shape,
        str(pixels.dtype),
        str(mobject.resampling_algorithm),
    )


def _unseen(_mobject: Any) -> tuple[Any, ...]:
    return ("unseen",)


def digest_of(values: tuple[Any, ...]) -> bytes:
    """A hash of the values that is the same in every process."""
    arrays: list[bytes] = []
    plain: list[Any] = []
    for value in values:
        if type(value) is bytes:
            arrays.append(value)
            plain.append(len(value))
        elif type(value) is _Family:
            arrays += value.told
            plain.append(tuple(len(each) for each in value.told))
        elif isinstance(value, tuple) and value and hasattr(value[0], "submobjects"):
            plain.append(len(value))
        else:
            plain.append(value)
    arrays.append(_told(tuple(plain)))
    return hashlib.blake2b(b"".join(arrays), digest_size=16).digest()


def _told(plain: tuple[Any, ...]) -> bytes:
    """The values as text, which most mobjects have in common."""
    try:
        told = _TOLD.get(plain)
    except TypeError:  # one of them has no hash of its own
        return repr(plain).encode()
    if told is None:
        told = repr(plain).encode()
        if len(_TOLD) < _TEXTS:
            _TOLD[plain] = told
    return told


_TOLD: dict[tuple[Any, ...], bytes] = {}


def _array(data: bytes, columns: int) -> Any:
    """Not to be changed: what draws only reads it."""
    import numpy as np

    return np.frombuffer(data).reshape(-1, columns)


def _restore_vector(mobject: Any, values: tuple[Any, ...]) -> None:
    import numpy as np

    own = mobject.__dict__
    _, points, *colors, sheen, numbers = values[:7]
    own["points"] = _array(points, 3)
    for name, data in zip(_COLORS, colors, strict=True):
        own[name] = _array(data, 4)
    own["sheen_direction"] = np.frombuffer(sheen)
    own.update(zip(_NUMBERS, _PACKED.unpack(numbers), strict=True))
    own.update(zip(_PLAIN, values[7:11], strict=True))
    if len(values) > 11:
        for member, submobjects in values[11].members:
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
