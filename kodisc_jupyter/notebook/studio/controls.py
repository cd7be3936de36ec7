"""The widgets of Studio: what is chosen with them, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.notebook.settings import ASPECT_RATIOS, QUALITIES

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.settings import KodiscSettings

LABEL: Final = "120px"
FIELD: Final = "400px"
"""Widths of every label and of every control with its label, so that all of them line up."""

FPS: Final = (10, 15, 24, 30, 60)
"""Frame rates to choose from, beside the quality's own and the notebook's."""


def field_for(name: str, value: Any, *, continuous: bool = False) -> Any:
    """A slider or field for a value, or ``None`` where there is none for its kind.

    ``continuous``: a slider tells its value while it is moved, not only when it is let go.
    """
    import ipywidgets

    widgets: Any = ipywidgets
    looks = {"description": name, "style": {"description_width": LABEL}, "layout": {"width": FIELD}}
    if isinstance(value, bool):
        return widgets.Checkbox(value=value, indent=True, **looks)
    if isinstance(value, int):
        low, high = slider_range(value)
        return widgets.IntSlider(
            value=value, min=int(low), max=int(high), continuous_update=continuous, **looks
        )  # fmt: skip
    if isinstance(value, float) and abs(value) < float("inf"):
        low, high = slider_range(value)
        return widgets.FloatSlider(
            value=value, min=low, max=high, step=(high - low) / 100, continuous_update=continuous,
            **looks,
        )  # fmt: skip
    if isinstance(value, str):
        return widgets.Text(value=value, continuous_update=False, **looks)
    return None


def slider_range(value: float) -> tuple[float, float]:
    """A range around a value, from 0 to twice it or mirrored; ``(0, 10)`` for 0."""
    if value == 0:
        return 0, 10
    return (0, 2 * value) if value > 0 else (2 * value, -2 * value)


def frame_video(widget: Any) -> Any:
    """A video's panel in its frame, as it stands in the gallery."""
    import ipywidgets

    w: Any = ipywidgets
    return w.Box([widget], layout=w.Layout(flex="1 1 320px", min_width="0", margin="4px"))


class Controls:
    """The controls, with nothing behind them yet. ``widget`` holds them all."""

    def __init__(self, settings: KodiscSettings) -> None:
        import ipywidgets

        w: Any = ipywidgets
        looks: Any = {"style": {"description_width": LABEL}, "layout": {"width": FIELD}}
        self.scene = w.Dropdown(options=[], description="Scene", **looks)
        self.quality = w.Dropdown(
            options=QUALITIES, value=settings.quality, description="Quality", **looks
        )
        self.aspect = w.Dropdown(
            options=ASPECT_RATIOS, value=settings.aspect_ratio, description="Aspect ratio", **looks
        )
        rates = sorted({*FPS, *([settings.fps] if settings.fps else [])})
        self.fps = w.Dropdown(
            options=[("as the quality", 0), *((f"{rate} fps", rate) for rate in rates)],
            value=settings.fps or 0, description="Frame rate", **looks,
        )  # fmt: skip
        self.values = w.VBox([])
        self.estimate = w.HTML()
        self.message = w.HTML()
        self.picture = w.HTML()
        self.render_button = w.Button(description="Render", button_style="primary", icon="film")
        self.refresh_button = w.Button(
            description="Refresh scenes", tooltip="Look again for scenes in the notebook's cells"
        )
        self.gallery = w.Box(
            [], layout=w.Layout(display="flex", flex_flow="row wrap", width="100%")
        )
        self.widget = w.VBox(
            [
                w.HBox([self.scene, self.quality], layout=w.Layout(flex_flow="row wrap")),
                w.HBox([self.aspect, self.fps], layout=w.Layout(flex_flow="row wrap")),
                self.values,
                w.HBox(
                    [self.render_button, self.refresh_button, self.estimate],
                    layout=w.Layout(flex_flow="row wrap"),
                ),
                self.message,
                self.picture,
                self.gallery,
            ]
        )
