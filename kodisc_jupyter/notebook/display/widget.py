"""The live panel's widget: what ipywidgets needs, loaded with the first panel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import anywidget
from traitlets import Any as Value
from traitlets import Int, Unicode

STATIC: Final = Path(__file__).parent.parent.parent / "static"


def _static(name: str) -> Unicode[str, str | bytes]:
    """A file of the front end, as a trait that goes to the page."""
    return Unicode((STATIC / name).read_text(encoding="utf-8")).tag(sync=True)


class KodiscPanel(anywidget.AnyWidget):  # type: ignore[misc]
    """A synced trait for each field of a render, so that only what has changed is sent.

    Only the kernel sets them; the page sends messages.
    """

    phase = Value().tag(sync=True)
    now = Value().tag(sync=True)
    began = Value().tag(sync=True)
    ended = Value().tag(sync=True)
    headline = Value().tag(sync=True)
    say = Value().tag(sync=True)
    scene = Value().tag(sync=True)
    settings = Value().tag(sync=True)
    upright = Value().tag(sync=True)
    job = Value().tag(sync=True)
    step = Value().tag(sync=True)
    retry = Value().tag(sync=True)
    money = Value().tag(sync=True)
    again = Value().tag(sync=True)
    guess = Value().tag(sync=True)
    progress = Value().tag(sync=True)
    preview = Value().tag(sync=True)
    cancel = Value().tag(sync=True)
    receipt = Value().tag(sync=True)
    error = Value().tag(sync=True)
    problem = Value().tag(sync=True)
    video = Value().tag(sync=True)
    viewer = Value().tag(sync=True)
    free = Value().tag(sync=True)
    news = Int().tag(sync=True)
    """Counts what was sent, so that a page notices what was lost on its way."""

    _anywidget_id = Unicode("kodisc_jupyter.panel").tag(sync=True)
    """Names the style on the page; without it anywidget adds the trait to each widget."""

    layout = Value()
    """Not synced: ipywidgets would open a second model for it, and never close that one."""

    def add_traits(self, **traits: Any) -> None:
        """Only what the class has not: anywidget would make a class of its own for each panel."""
        missing = {name: trait for name, trait in traits.items() if not self.has_trait(name)}
        if missing:
            super().add_traits(**missing)

    @property
    def brings_the_code(self) -> bool:
        """Whether later panels take the code from this one, so that it has to stay open."""
        return _Code.widget is self

    def tell(self, fields: dict[str, Any]) -> None:
        """Send what has changed, in one message."""
        with self.hold_sync():
            self.news += 1
            for name, value in fields.items():
                setattr(self, name, value)

    def tell_all(self) -> None:
        """Send everything again but the code."""
        self.send_state([name for name in self.keys if not name.startswith("_")])

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """As ipywidgets', but a page that is told everything is not told what is empty."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        if key is not None:
            return state
        return {name: value for name, value in state.items() if value}

    def _send(self, message: Any, buffers: Any = None) -> None:
        super()._send(message, buffers=buffers)
        # ipykernel 7.4 hands what a page says to the subshell that the comm spoke from last:
        # here any page's, perhaps one that is gone, and nobody would hear the buttons again.
        if getattr(self.comm, "_reply_subshell_id", None) is not None:
            self.comm._reply_subshell_id = None  # noqa: SLF001  the main shell, which stays


class FirstPanel(KodiscPanel):
    """Brings the front end's code along."""

    _esm = _static("panel.js")
    _css = _static("panel.css")


class LaterPanel(KodiscPanel):
    """Takes the code from the model of the ``first`` one, which the page has already."""

    _esm = _static("later.js")
    first = Unicode().tag(sync=True)


class _Code:
    """The widget of this kernel that brought the front end's code."""

    widget: FirstPanel | None = None


def new_widget(fields: dict[str, Any]) -> KodiscPanel:
    """A panel's widget; the code goes to the page once, and each time in Colab and in marimo.

    In Colab every cell's output is a page of its own; marimo gives a widget no way to another one.
    """
    first = _Code.widget
    apart = {"google.colab", "marimo"} & sys.modules.keys()
    if first is None or first.comm is None or apart:
        _Code.widget = FirstPanel(**fields)
        return _Code.widget
    return LaterPanel(**fields, first=first.model_id)


def view(model_id: str) -> dict[str, Any]:
    """What a widget's MIME type holds: the model that a page shows."""
    return {"version_major": 2, "version_minor": 0, "model_id": model_id}
