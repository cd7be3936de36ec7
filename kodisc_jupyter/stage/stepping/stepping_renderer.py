"""What stands before Manim's renderer and camera while a scene is stepped."""

from __future__ import annotations

from typing import Any


class SteppingRenderer:
    """In front of Manim's Cairo renderer: everything of it but the drawing and the encoding."""

    stepping: Any
    skip_animations: bool
    num_plays: int
    time: float

    def play(self, scene: Any, *args: Any, **kwargs: Any) -> None:
        """Play, and say when it is over."""
        super().play(scene, *args, **kwargs)  # type: ignore[misc]
        self.stepping.play_ended()

    def save_static_frame_data(self, _scene: Any, static_mobjects: Any) -> None:
        """Only remember what stands still."""
        self.static_image = None
        self.stepping.play_began(static_mobjects)

    def update_frame(self, _scene: Any = None, mobjects: Any = None, **_: Any) -> None:
        """Only remember what would be drawn."""
        self.stepping.frame(mobjects)

    def render(self, scene: Any, _time: float = 0.0, moving_mobjects: Any = None) -> None:
        """One frame."""
        self.update_frame(scene, moving_mobjects)
        self.add_frame(None)

    def add_frame(self, _frame: Any, num_frames: int = 1) -> None:
        """Let the time of these frames pass."""
        if self.skip_animations:
            return
        self.time += num_frames * (1 / self.stepping.record.fps)
        self.stepping.shown(num_frames)

    def freeze_current_frame(self, duration: float) -> None:
        """One picture for the whole duration."""
        self.add_frame(None, num_frames=int(duration / (1 / self.stepping.record.fps)))

    def get_frame(self) -> Any:
        """The picture that is asked for."""
        self.stepping.draw_if_due()
        return super().get_frame()  # type: ignore[misc]

    def scene_finished(self, _scene: Any) -> None:
        """There are no segments to join and no image to save."""


class LazyPixels:
    """In front of the camera: who reads its pixels has them drawn first."""

    @property
    def pixel_array(self) -> Any:
        """The pixels of the frame at hand."""
        self.__dict__["stepping"].draw_if_due()
        return self.__dict__["drawn_pixels"]

    @pixel_array.setter
    def pixel_array(self, pixels: Any) -> None:
        self.__dict__["drawn_pixels"] = pixels
