"""The panel of one render: live while it is open, a plain figure or error card at the end.

One display, from beginning to end. While the render is open it holds the widget and a line of
plain text; at the end it is updated in place to static HTML without the widget's type, because
JupyterLab prefers the widget's and says "model not found" when the notebook is opened again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kodisc_jupyter.notebook.display.output import figure as output
from kodisc_jupyter.notebook.display.output.embedding import (
    SERVER_LIMIT_BYTES,
    Sources,
    VideoOptions,
    needs_smaller,
    sources,
)
from kodisc_jupyter.notebook.display.output.final_output import final_bundle, final_output
from kodisc_jupyter.notebook.display.panel_json import milliseconds, panel_json
from kodisc_jupyter.notebook.display.sending.delivery import DELIVERY, PANEL, Bundle
from kodisc_jupyter.notebook.display.sending.rate_limiter import KERNEL_OUTLET, OutputRateLimiter
from kodisc_jupyter.notebook.display.sending.throttle import Later, Throttle, call_later
from kodisc_jupyter.renders.state import ENDED, Phase, RenderState
from kodisc_jupyter.scene.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kodisc_jupyter.notebook.display.sending.video_transfer import VideoTransfer

CLOSE_AFTER_S: Final = 15.0
"""anywidget gives a model two seconds to load on the page, and calls it an error of the page when
the model is closed in between."""

WIDGET_MIME: Final = "application/vnd.jupyter.widget-view+json"

Publish = Callable[[Bundle, str, bool], None]
"""Shows a MIME bundle under a display ID; True updates the display that has it already."""


def publish(bundle: Bundle, display_id: str, update: bool) -> None:
    """Show a bundle in the cell, or update the display in place, from any thread."""
    from IPython.display import publish_display_data

    metadata = PANEL if WIDGET_MIME in bundle else {}
    publish_display_data(  # type: ignore[no-untyped-call]
        bundle, metadata, transient={"display_id": display_id}, update=update
    )


class Panel:
    """One render's display in the notebook.

    ``live`` shows the widget; else there is only text, updated when the phase changes, and no
    comm is opened (nbclient would save every widget it saw in the notebook). ``show`` and
    ``finish`` may be called from any thread. ``publish``, ``later``, ``outlet`` and ``clock``
    (seconds since the epoch) are there for tests.
    """

    def __init__(
        self,
        state: RenderState,
        *,
        live: bool,
        video_options: VideoOptions | None = None,
        viewer: bool = False,
        publish: Publish = publish,
        later: Later = call_later,
        outlet: OutputRateLimiter = KERNEL_OUTLET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.live = live
        self._video_options = video_options or VideoOptions(
            message_limit=SERVER_LIMIT_BYTES if live else None
        )
        self._viewer = viewer
        self._publish = publish
        self._later = later
        self._clock = clock
        self._outlet = outlet
        self._display_id = uuid.uuid4().hex
        self._phase = state.phase
        self._began_at = state.began_at
        self._widget: Any = None
        self._offered: Bundle = {}
        self._model_id = ""
        self._on_action: list[Callable[[str], None]] = []
        self._handover: VideoTransfer | None = None
        self._end: tuple[RenderState, Diagnostic | None] | None = None
        bundle: Bundle = {"text/plain": output.status_text(state)}
        if live:
            from kodisc_jupyter.notebook.display.widget import new_widget, view

            fields = panel_json(state, now=clock(), viewer=viewer)
            self._offered = _without_time(fields)
            self._widget = new_widget(fields)
            self._widget.on_msg(self._heard)
            line = output.open_text(state)
            bundle = {"text/plain": line, WIDGET_MIME: view(self._widget.model_id)}
            self._model_id = self._widget.model_id
            DELIVERY.begin(self._model_id, line)
        publish(bundle, self._display_id, False)
        self._throttle: Throttle[Bundle] = Throttle(
            self._sync, clock=time.monotonic, later=later, sent_at=time.monotonic()
        )

    @property
    def widget(self) -> Any:
        """The live panel's widget, to be placed elsewhere than under a cell."""
        return self._widget

    def show(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """Show the render as it is now; at most two messages a second reach the page."""
        self._end = None
        if self._phase in ENDED:  # it is rendered again
            self._began_at = state.began_at
        if self.live:
            DELIVERY.describe(self._model_id, output.open_text(state))
            self._offer(
                self._fields(state, problem),
                at_once=state.phase in ENDED,
                patient=state.phase is Phase.FETCHING,  # mostly over before anybody could read it
            )
        elif state.phase is not self._phase:
            # An unattended notebook may be saved before the end: with no clock, and the way back.
            as_text = output.open_text if state.job_id else output.status_text
            self._update({"text/plain": as_text(state)})
        self._phase = state.phase

    def finish(self, state: RenderState, problem: Diagnostic | None = None) -> None:
        """Show the end: in the widget, and as static HTML in its place.

        The comm stays open: closing it would blank a page that was reloaded in between, which
        never hears of the replaced output and shows the end in the widget.
        """
        self._phase = state.phase
        self._end = (state, problem)
        video_options = self._video_options
        if self.live and state.phase is Phase.COMPLETED and needs_smaller(state, video_options):
            waiting = Sources(note="Making a smaller copy for the notebook…", pending=True)
            self._offer(self._fields(state, problem, waiting), at_once=True)
        shown = sources(state, video_options) if state.phase is Phase.COMPLETED else None
        if self.live:
            if state.media and state.media.video:
                from kodisc_jupyter.notebook.display.sending.video_transfer import VideoTransfer

                self._handover = VideoTransfer(state.media, self._send, self._outlet)
            self._offer(self._fields(state, problem, shown), at_once=True)
            DELIVERY.end(self._model_id, partial(final_output, state, problem, video_options))
        bundle = final_bundle(state, problem, shown, video_options)
        if video_options.message_limit is None:
            self._update(bundle)
        else:
            size = sum(map(len, bundle.values()))
            self._outlet.offer(self._display_id, size, lambda: self._update(bundle))

    def clear(self) -> None:
        """Show nothing: the cell raises, and its error output says what happened."""
        self._update({"text/plain": ""})
        self._throttle.close()
        DELIVERY.end(self._model_id, lambda: {"text/plain": ""})
        if self._widget is not None and not self._widget.brings_the_code:
            self._later(CLOSE_AFTER_S, self._widget.close)
            self._widget = None  # IPython keeps the last error, and with it this panel

    def settle(self) -> None:
        """The end is published already, from whichever thread heard of it."""

    def on_action(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(action)`` at ``cancel``, ``stop``, ``check`` or ``again`` of the page."""
        self._on_action.append(callback)

    def answer(self, action: str, text: str) -> None:
        """Answer a pressed button, with one sentence that the panel shows."""
        if self._widget is not None:
            self._widget.send({"kind": "answer", "action": action, "text": text})

    def _fields(
        self, state: RenderState, problem: Diagnostic | None, shown: Sources | None = None
    ) -> Bundle:
        return panel_json(
            state.begun_by(self._began_at),
            problem,
            now=self._clock(),
            shown=shown,
            video_options=self._video_options,
            viewer=self._viewer,
        )

    def _offer(self, fields: Bundle, *, at_once: bool, patient: bool = False) -> None:
        """Send the fields; not those that were offered last, unless they are to go at once."""
        offered, self._offered = self._offered, _without_time(fields)
        if at_once or self._offered != offered:
            self._throttle.offer(fields, at_once=at_once, patient=patient)

    def _update(self, bundle: Bundle) -> None:
        self._publish(bundle, self._display_id, True)

    def _sync(self, fields: Bundle) -> None:
        widget = self._widget  # another thread may clear the panel
        if widget is not None:
            widget.tell(fields)

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("kind") == "hello":
            self._catch_up(content.get("phase"))
        elif content.get("kind") == "action":
            self._do(content.get("action"))

    def _do(self, action: object) -> None:
        if action == "video" and self._handover:
            self._handover.ask()
        elif action in ("cancel", "stop", "check", "again"):
            for callback in self._on_action:
                callback(action)

    def _catch_up(self, shown: object) -> None:
        """A page that shows this phase has heard nothing for long: say again how things stand.

        A Jupyter server drops what exceeds its rate, the end of a render included.
        """
        if self._end and str(shown) not in map(str, ENDED):
            self.finish(*self._end)
        self._widget.tell_all()
        self._widget.send({"kind": "hello", "now": milliseconds(self._clock())})

    def _send(self, content: Bundle, buffers: list[bytes]) -> None:
        self._widget.send(content, buffers=buffers)


def _without_time(fields: Bundle) -> Bundle:
    """The fields without the moment of sending."""
    return {name: value for name, value in fields.items() if name != "now"}
