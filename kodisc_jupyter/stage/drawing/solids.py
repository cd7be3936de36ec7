"""Draw vector mobjects in space as Manim's 3D camera does, to the last bit, in less time.

For each of a surface's faces Manim works out twice how the light falls on its two corners, for the
fill and for the stroke, and again for every frame in which it has not moved.
"""

from __future__ import annotations

from typing import Any, Final

from kodisc_jupyter.stage.drawing.mobject_states import is_read_as_manim_does
from kodisc_jupyter.stage.drawing.vectors import QuickVectors

_KEPT: Final = 5_000
"""Of how many faces the light is remembered, at most."""

_FACE_BYTES: Final = 2_000
"""How much the points of a face take, at most: what has more is no face, and not remembered."""


class QuickSolids(QuickVectors):
    """In front of Manim's 3D camera."""

    projects = True
    should_apply_shading: bool
    exponential_projection: bool
    fixed_in_frame_mobjects: set[Any]
    fixed_orientation_mobjects: dict[Any, Any]
    light_source: Any
    frame_center: Any
    get_focal_distance: Any
    get_zoom: Any
    get_rotation_matrix: Any

    def get_mobjects_to_display(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Those that are nearer to the camera come later."""
        import numpy as np
        from manim import Camera

        turn = self.get_rotation_matrix().T

        def distance(mobject: Any) -> Any:
            if not getattr(mobject, "shade_in_3d", False):
                return np.inf
            return np.dot(_place(mobject), turn)[2]

        return sorted(Camera.get_mobjects_to_display(self, *args, **kwargs), key=distance)

    def transform_points_pre_display(self, mobject: Any, points: Any) -> Any:
        """Where the points are in the picture."""
        import numpy as np

        if (
            mobject in self.fixed_in_frame_mobjects
            or mobject in self.fixed_orientation_mobjects
            or not np.isfinite(points).all()
        ):
            return super().transform_points_pre_display(mobject, points)
        return self.project_points(points)

    def project_points(self, points: Any) -> Any:
        """Seen in perspective: what both axes have in common is worked out once."""
        import numpy as np

        if self.exponential_projection:
            return super().project_points(points)  # type: ignore[misc]
        focus = self.get_focal_distance()
        points = np.dot(points - self.frame_center, self.get_rotation_matrix().T)
        far = focus - points[:, 2]
        factor = focus / far
        factor[far < 0] = 10**6
        factor *= self.get_zoom()
        points[:, 0] *= factor
        points[:, 1] *= factor
        return points

    def modified_rgbas(self, mobject: Any, rgbas: Any) -> Any:
        """The colours of two corners in the light."""
        import numpy as np

        if not is_read_as_manim_does(mobject.__class__):
            return super().modified_rgbas(mobject, rgbas)  # type: ignore[misc]
        if not (self.should_apply_shading and mobject.shade_in_3d and len(mobject.points)):
            return rgbas
        shaded = rgbas.repeat(2, axis=0) if len(rgbas) < 2 else np.array(rgbas[:2])
        for color, light in zip(shaded, self._light_on(mobject), strict=True):
            color[:3] = color[:3] + light  # not in place: these may be whole numbers
        return shaded

    def _light_on(self, mobject: Any) -> tuple[Any, Any]:
        source = self.light_source.points[0]
        if mobject.points.nbytes > _FACE_BYTES:
            return _light(mobject, source)
        known = self.__dict__.setdefault("known_light", {})
        key = (mobject.points.tobytes(), source.tobytes())
        found: tuple[Any, Any] | None = known.get(key)
        if found is None:
            if len(known) >= _KEPT:
                known.clear()
            found = known[key] = _light(mobject, source)
        return found


def _light(mobject: Any, source: Any) -> tuple[Any, Any]:
    """What the light from a point adds to the colours of the two corners."""
    from manim.camera import three_d_camera as manim_has

    begin = manim_has.get_3d_vmob_start_corner(mobject)
    begin_faces = manim_has.get_3d_vmob_start_corner_unit_normal(mobject)
    end = manim_has.get_3d_vmob_end_corner(mobject)
    end_faces = manim_has.get_3d_vmob_end_corner_unit_normal(mobject)
    return (
        manim_has.get_shaded_rgb(0.0, begin, begin_faces, source),
        manim_has.get_shaded_rgb(0.0, end, end_faces, source),
    )


def _place(mobject: Any) -> Any:
    """The point of a mobject, or of its group, by which it is nearer or farther."""
    from manim import VMobject

    group = getattr(mobject, "z_index_group", mobject)
    if not (
        is_read_as_manim_does(mobject.__class__)
        and is_read_as_manim_does(group.__class__)
        and isinstance(group, VMobject)
        and not group.submobjects
        and group.n_points_per_cubic_curve == 4
        and len(group.points) >= 4
        and len(group.points) % 4 == 0
    ):
        return mobject.get_z_index_reference_point()
    ends = group.points.reshape(-1, 4, 3)[:, ::3].reshape(-1, 3)
    return (ends.min(axis=0) + ends.max(axis=0)) / 2
