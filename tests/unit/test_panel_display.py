"""One display from beginning to end: the widget while it is open, static HTML afterwards."""

from __future__ import annotations

import gc
import itertools
import json
import subprocess
import sys
import textwrap
import threading
import types
import weakref

import pytest

from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.notebook.display import widget
from kodisc_jupyter.notebook.display.display import EndOnly
from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
from kodisc_jupyter.notebook.display.panel import WIDGET_MIME, Panel
from kodisc_jupyter.notebook.display.sending.rate_limiter import OutputRateLimiter
from kodisc_jupyter.notebook.display.sending.video_transfer import PART_BYTES
from kodisc_jupyter.notebook.display.widget import STATIC
from kodisc_jupyter.renders.state import Media, Phase
from tests.support.states import render_state

RUNNING = render_state(backend="local", unlimited=True, job=Job("clx1", JobStatus.RUNNING))


@pytest.fixture
def completed(tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(bytes(range(256)) * 4500)
    return RUNNING._replace(
        phase=Phase.COMPLETED,
        job=Job("clx1", JobStatus.COMPLETED, duration_ms=3_000),
        ended_at=1_010.0,
        media=Media(video=video),
    )


class Screen:
    """Takes the place of the notebook."""

    def __init__(self):
        self.shown = []

    def __call__(self, bundle, display_id, update):
        self.shown.append((bundle, display_id, update))

    @property
    def last(self):
        return self.shown[-1][0]


def not_yet(_delay_s, _fn):
    """Time stands still."""
    return lambda: None


@pytest.fixture
def screen():
    return Screen()


@pytest.fixture
def panel(screen, monkeypatch):
    """Makes a kernel's first live panels. They send nowhere; what they would send is in ``.sent``."""
    monkeypatch.setattr(widget._Code, "widget", None)
    made = []

    def make(state=RUNNING, **options):
        outlet = OutputRateLimiter(clock=itertools.count(0, 10).__next__)
        one = Panel(
            state,
            live=True,
            publish=screen,
            later=not_yet,
            outlet=outlet,
            clock=lambda: 1_005.0,
            **options,
        )
        one.sent = []
        one.widget.send = lambda content, buffers=None: one.sent.append((content, buffers or []))
        made.append(one)
        return one

    yield make
    for one in made:
        if one.widget is not None:
            one.widget.close()


def told(panel):
    """What the page is told of the render."""
    return {
        name: value
        for name, value in panel.widget.get_state().items()
        if not name.startswith("_") and name != "first"
    }


def press(panel, action):
    panel.widget._handle_custom_msg({"kind": "action", "action": action}, [])


def test_an_open_render_is_one_display_with_the_widget_and_a_line_of_text(panel, screen):
    made = panel()
    (bundle, _, update) = screen.shown[0]
    assert set(bundle) == {WIDGET_MIME, "text/plain"}
    assert bundle[WIDGET_MIME]["model_id"] == made.widget.model_id
    assert not update
    made.show(RUNNING._replace(note="a"))
    assert len(screen.shown) == 1


def test_the_end_takes_the_displays_place_without_the_widgets_type(panel, screen, completed):
    made = panel()
    made.finish(completed)
    (_, first, _), (bundle, second, update) = screen.shown
    assert set(bundle) == {"text/html", "text/plain"}
    assert (first, True) == (second, update)
    assert 'class="kodisc-video"' in bundle["text/html"]


def test_the_widget_shows_the_end_too_and_stays_open_for_a_page_that_missed_it(panel, completed):
    made = panel()
    made.finish(completed)
    assert made.widget.phase == "completed"
    assert made.widget.comm is not None


def test_the_widgets_end_carries_no_video_and_stays_small(panel, completed):
    made = panel()
    made.finish(completed)
    assert made.widget.video == {"ask": True, "apart": True}
    assert len(json.dumps(told(made))) < 1_000


def test_a_page_that_asks_gets_the_video_in_parts(panel, completed):
    made = panel()
    made.finish(completed)
    press(made, "video")
    about = [content for content, _ in made.sent]
    assert [(one["part"], one["parts"]) for one in about] == [(0, 3), (1, 3), (2, 3)]
    whole = b"".join(bytes(buffers[0]) for _, buffers in made.sent)
    assert whole == completed.media.video.read_bytes()
    assert max(len(buffers[0]) for _, buffers in made.sent) <= PART_BYTES


def test_pages_that_ask_while_it_is_sent_get_it_once_more(panel, completed):
    made = panel()
    made.finish(completed)
    send = made.widget.send
    second = threading.Event()

    def ask_again(content, buffers=None):
        send(content, buffers)
        if len(made.sent) in {1, 2}:
            press(made, "video")
        if len(made.sent) == 6:
            second.set()

    made.widget.send = ask_again
    press(made, "video")
    assert second.wait(60)
    assert [content["part"] for content, _ in made.sent] == [0, 1, 2, 0, 1, 2]


def test_a_page_that_asks_for_a_video_that_is_gone_is_told(panel, completed):
    made = panel()
    made.finish(completed)
    completed.media.video.unlink()
    press(made, "video")
    press(made, "video")
    assert [content["kind"] for content, _ in made.sent] == ["missing", "missing"]


def ask_how_things_stand(panel, phase):
    panel.widget._handle_custom_msg({"kind": "hello", "phase": phase}, [])


def test_a_page_that_heard_nothing_of_the_end_is_told_again(panel, screen, completed):
    made = panel()
    made.finish(completed)
    states = []
    made.widget.send_state = lambda keys: states.append((set(keys), made.widget.phase))
    ask_how_things_stand(made, "running")
    said, phase = states[-1]
    assert phase == "completed"
    assert {*told(made)} <= said
    assert not {"_esm", "_css"} & said
    assert [content for content, _ in made.sent] == [{"kind": "hello", "now": 1_005_000}]
    (_, end, again) = screen.shown
    assert again == end  # so that the notebook is saved with the video
    ask_how_things_stand(made, "completed")
    assert len(screen.shown) == 3


def test_a_page_that_asks_while_the_render_is_open_gets_its_state_and_no_figure(panel, screen):
    made = panel()
    for phase in ("queued", ["queued"], None):
        ask_how_things_stand(made, phase)
    assert [content for content, _ in made.sent] == [{"kind": "hello", "now": 1_005_000}] * 3
    assert len(screen.shown) == 1


def test_its_clock_never_runs_backwards_and_begins_anew_when_it_is_rendered_again(panel, completed):
    made = panel()
    for began_at in (RUNNING.began_at + 2, RUNNING.began_at - 2):
        made.show(RUNNING._replace(phase=Phase.COMPLETED, began_at=began_at))
        assert made.widget.began == min(began_at, RUNNING.began_at) * 1000
        made = panel()
    made.finish(completed)
    made.show(RUNNING._replace(phase=Phase.FAILED, began_at=RUNNING.began_at + 60))
    assert made.widget.began == (RUNNING.began_at + 60) * 1000


def test_a_render_that_goes_on_after_its_end_has_none_to_tell(panel, screen, completed):
    made = panel()
    made.finish(completed)
    made.show(RUNNING)
    ask_how_things_stand(made, "running")
    assert len(screen.shown) == 2


def test_what_a_page_has_been_told_is_not_said_again(screen):
    asked = []

    def later(_delay_s, fn):
        asked.append(fn)
        return lambda: None

    one = Panel(RUNNING, live=True, publish=screen, later=later)
    one.show(RUNNING._replace(began_at=RUNNING.began_at + 1))
    assert asked == []
    one.show(RUNNING._replace(progress=7))
    assert len(asked) == 1


def test_buttons_reach_the_callback_and_nothing_else_does(panel):
    made, heard = panel(), []
    made.on_action(heard.append)
    for action in ("stop", "check", "again", "video", "rm -rf", None, ["stop"], {"a": 1}):
        press(made, action)
    made.widget._handle_custom_msg("stop", [])
    made.widget._handle_custom_msg({"kind": "hello", "phase": "running", "action": "stop"}, [])
    made.widget._handle_custom_msg({"kind": "other", "action": "stop"}, [])
    assert heard == ["stop", "check", "again"]


def test_the_kernel_answers_a_button(panel):
    made = panel()
    made.answer("check", "Still rendering.")
    assert made.sent == [({"kind": "answer", "action": "check", "text": "Still rendering."}, [])]


def test_a_failure_takes_the_displays_place_as_an_error_card(panel, screen):
    made = panel()
    made.finish(RUNNING._replace(phase=Phase.FAILED, error="NameError: titel"))
    assert set(screen.last) == {"text/html", "text/plain"}
    assert 'class="kodisc-error"' in screen.last["text/html"]
    assert "NameError: titel" in screen.last["text/plain"]


def test_a_cell_that_raises_leaves_an_empty_display_and_no_widget(panel, screen):
    panel()
    made = panel()
    made.clear()
    assert screen.last == {"text/plain": ""}
    assert made.widget is None
    made.show(RUNNING)
    made.answer("check", "nobody hears this")


def test_a_panel_that_is_cleared_lets_go_of_its_widget_once_the_page_has_loaded_it(screen):
    closing = []

    def later(delay_s, fn):
        closing.append((delay_s, fn))
        return lambda: None

    first = Panel(RUNNING, live=True, publish=screen)
    made = Panel(RUNNING, live=True, publish=screen, later=later)
    alive = weakref.ref(made.widget)
    made.clear()
    assert alive().comm is not None
    (delay_s, close) = closing.pop()
    assert delay_s > 2  # what anywidget gives a model; closed in between, it reports an error
    close()
    del close
    gc.collect()
    assert alive() is None
    first.widget.close()


def test_the_front_ends_code_is_sent_once_and_the_panel_that_brought_it_stays_open(panel, screen):
    first, later = panel(), panel()
    assert "kodisc-" in first.widget.get_state()["_esm"]
    sent = later.widget.get_state()
    assert sent["first"] == first.widget.model_id
    assert len(json.dumps(sent)) < 1_000
    first.clear()
    assert screen.last == {"text/plain": ""}
    assert first.widget.comm is not None
    assert panel().widget.get_state()["first"] == first.widget.model_id


def test_each_panel_brings_the_code_where_every_output_is_a_page_of_its_own(panel, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setattr("anywidget.widget.in_colab", lambda: False)
    for _ in range(2):
        assert "kodisc-" in panel().widget.get_state()["_esm"]


def test_a_panel_is_one_model_without_another_for_its_layout(panel):
    assert "layout" not in panel().widget.get_state()


def test_without_a_live_page_there_is_text_only_and_one_update_a_phase(screen, completed):
    made = Panel(RUNNING, live=False, publish=screen)
    assert set(screen.last) == {"text/plain"}
    made.show(RUNNING._replace(note="a"))
    assert len(screen.shown) == 1
    made.show(RUNNING._replace(phase=Phase.FETCHING))
    assert "fetching" in screen.last["text/plain"]
    made.finish(completed)
    assert set(screen.last) == {"text/html", "text/plain"}
    assert len({display_id for _, display_id, _ in screen.shown}) == 1
    made.answer("check", "nobody hears this")
    made.clear()


def test_where_nothing_can_be_updated_only_the_end_is_shown(completed):
    shown = []
    made = EndOnly(VideoOptions(), publish=shown.append)
    made.show(RUNNING)
    made.show(RUNNING._replace(phase=Phase.FETCHING))
    assert shown == []
    made.finish(completed)
    (bundle,) = shown
    assert "kodisc-video" in bundle["text/html"]


def test_without_a_live_page_no_size_holds_an_output_back(screen, completed):
    made = Panel(RUNNING, live=False, publish=screen, outlet=None)
    made.finish(completed)
    assert "data:video/mp4" in screen.last["text/html"]


def test_how_the_video_is_shown_reaches_page_and_figure(panel, screen, completed):
    made = panel(video_options=VideoOptions(width="60%", loop=True, autoplay=True, alt="A proof"))
    made.finish(completed)
    video = made.widget.video
    assert (video["width"], video["loop"], video["autoplay"], video["alt"]) == (
        "60%",
        True,
        True,
        "A proof",
    )
    assert "width:60%" in screen.last["text/html"]


def test_the_bundle_is_small_and_reaches_no_network_and_no_html():
    script = (STATIC / "panel.js").read_text(encoding="utf-8")
    style = (STATIC / "panel.css").read_text(encoding="utf-8")
    assert len(script.encode()) + len(style.encode()) <= 20_000
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "fetch(", "XMLHttp"):
        assert word not in script
    assert "url(" not in style
    assert "@import" not in style


def test_importing_the_panel_does_not_load_the_widgets():
    script = textwrap.dedent(
        """
        import sys
        from kodisc_jupyter.notebook.display import panel
        loaded = {"ipywidgets", "anywidget", "IPython", "requests"} & set(sys.modules)
        sys.exit(str(loaded) if loaded else 0)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
