"""Rehearsals with real Manim: wrong cells are stopped before they are sent, right ones are sent."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from kodisc_jupyter.api.errors import SceneCheckError, SubmissionInterruptedError
from kodisc_jupyter.notebook.cell import run_cell
from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.line.options import Options
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.renders import local_server
from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.scene.diagnostics import NOTHING_CHARGED
from tests.renders_local.rehearsal_cells import FAILING, RIGHT, cell
from tests.support.api_server import api_server

pytestmark = pytest.mark.render


@pytest.fixture
def cloud(monkeypatch, home):
    """An API that takes credits, counts the POSTs, and never ends a job."""
    with api_server() as api:
        api.lasts_s = None
        for name, value in {
            **api.cloud(),
            "KODISC_HOME": str(home),
            "KODISC_REHEARSE": "auto",
        }.items():
            monkeypatch.setenv(name, value)
        yield api


@pytest.fixture
def kernel(cloud):
    """A kernel's state, in plain Python; what reading alone would find is left to the rehearsal."""
    kernel = KernelState(KodiscMagics(rehearsal_limit=20.0, checks_off="semantics"))
    yield kernel
    kernel.close()


def send(kernel, tried, **options):
    kernel.prelude = tried.prelude
    values = dict(tried.values)
    wanted = Options(names=tuple(values), quality="low", wait=False, force=True, **options)
    return run_cell(kernel, tried.text, wanted, values=values, line="%%kodisc Tried")


@pytest.mark.parametrize("tried", FAILING, ids=lambda tried: tried.name)
def test_a_cell_that_fails_when_it_runs_is_stopped_at_its_line(kernel, cloud, tried):
    with pytest.raises(SceneCheckError) as stopped:
        send(kernel, tried)
    (found,) = stopped.value.diagnostics
    assert cloud.posts == 0
    assert (found.origin, found.line) == (tried.origin, tried.line), found
    assert tried.says in found.message
    assert found.charged == NOTHING_CHARGED
    assert "--no-rehearsal" in found.hint


@pytest.mark.parametrize("tried", RIGHT, ids=lambda tried: tried.name)
def test_a_right_cell_is_sent(kernel, cloud, tried, capsys):
    if "limit" in tried.says:
        kernel.settings.rehearsal_limit = 3.0
    (render,) = send(kernel, tried)
    assert cloud.posts == 1
    assert render.state.job_id
    if tried.says:
        assert tried.says in render.state.unrehearsed
        assert render.state.length_s is None
        assert (
            f"The rehearsal was not finished: {render.state.unrehearsed}" in capsys.readouterr().out
        )
    else:
        assert not render.state.unrehearsed
        assert render.state.length_s > 0


def test_an_endless_scene_stops_at_the_limit_and_is_sent_as_it_is(kernel, cloud):
    kernel.settings.rehearsal_limit = 3.0
    (render,) = send(
        kernel, cell("endless", "d = Dot()", "while True:", "    self.play(Rotate(d))")
    )
    assert cloud.posts == 1
    assert "limit of 3 s was reached" in render.state.unrehearsed


def test_the_phase_stands_between_checking_and_submitting(kernel, cloud):
    class Screen:
        live = False

        def __init__(self):
            self.phases = []

        def show(self, state, problem=None):
            if state.phase not in self.phases:
                self.phases.append(state.phase)

        finish = show

        def clear(self):
            pass

        def on_action(self, _answer):
            pass

    screen = Screen()
    wanted = Options(quality="low", wait=False)
    run_cell(kernel, cell("new", "self.wait(0.1)  # phases").text, wanted, screen=lambda *_: screen)
    assert screen.phases[:3] == [Phase.CHECKING, Phase.REHEARSING, Phase.SUBMITTING]


@pytest.mark.parametrize("how", ["rehearse", "KODISC_REHEARSE", "checks_off"])
def test_a_rehearsal_can_be_switched_off(kernel, cloud, monkeypatch, how):
    if how == "rehearse":
        kernel.settings.rehearse = "never"
    elif how == "checks_off":
        kernel.settings.checks_off = "rehearsal,semantics"
    else:
        monkeypatch.setenv(how, "never")
        kernel.settings.rehearse = KodiscMagics().rehearse
    send(kernel, cell("off", "self.wiat()"))
    assert cloud.posts == 1


def test_a_second_run_of_the_same_cell_is_not_rehearsed(kernel, cloud):
    tried = cell("once", "self.wait(0.3)  # reuse")
    (first,) = run_cell(kernel, tried.text, Options(quality="low", wait=False))
    kernel.settings.rehearsal_limit = 0.0
    (again,) = run_cell(kernel, tried.text, Options(quality="low", wait=False))
    assert again is first
    assert cloud.posts == 1


def test_a_server_that_cannot_be_started_stops_no_render(kernel, cloud, monkeypatch):
    def broken(home):
        raise local_server.LocalServerError("It did not start.")

    monkeypatch.setattr("kodisc_jupyter.notebook.rehearsal.playing.rehearse", with_server(broken))
    (render,) = send(kernel, cell("broken", "self.wiat()"))
    assert cloud.posts == 1
    assert "It did not start" in render.state.unrehearsed


def with_server(find_server):
    from kodisc_jupyter.renders.rehearsal_request import rehearse

    return lambda *args, **more: rehearse(*args, **more, find_server=find_server)


def test_ctrl_c_while_it_is_rehearsed_sends_nothing(kernel, cloud, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kodisc_jupyter.notebook.rehearsal.playing.rehearse", interrupted)
    with pytest.raises(SubmissionInterruptedError, match="Nothing was sent, so nothing was"):
        send(kernel, cell("stopped", "self.wait(0.7)"))
    assert cloud.posts == 0
    assert not kernel.session.jobs()[:1] or kernel.session.jobs()[0].title != "stopped"


@pytest.fixture
def own_file():
    """A file outside this project, which may itself lie in a temporary folder."""
    with tempfile.NamedTemporaryFile("w", dir="/var/tmp", prefix="kodisc-") as file:
        yield Path(file.name)


def test_a_file_of_this_machine_is_named_before_the_cell_is_sent(kernel, cloud, capsys, own_file):
    own = own_file
    send(kernel, cell("own_file", f"open({str(own)!r}).read()", "self.wait(0.1)"))
    assert cloud.posts == 1
    said = capsys.readouterr().out
    assert f"{own} is a file on this machine" in " ".join(said.split())
    assert "line 6" in said


def test_what_a_scene_prints_is_shown_with_its_error_and_said_to_be_lost(kernel, cloud, capsys):
    send(kernel, cell("prints", "print('seen', 1 + 2)", "self.wait(0.1)"))
    assert "Kodisc does not send that back. Here it printed: seen 3" in capsys.readouterr().out
    with pytest.raises(SceneCheckError) as stopped:
        send(kernel, cell("prints_first", "print('so far')", "self.wiat()"))
    assert "The scene printed:\nso far" in stopped.value.diagnostics[0].full


def test_no_key_of_kodisc_reaches_the_scene(kernel, cloud):
    from tests.support.api_server import KEY

    look = (
        "import os",
        "from pathlib import Path",
        f"key = {KEY[:20]!r}",
        "mine = [v for v in os.environ.values() if key in v]",
        "near = [Path(f'/proc/{p}/environ').read_bytes() for p in (os.getpid(), os.getppid())]",
        "assert not mine and not any(key.encode() in each for each in near), 'found'",
        "self.wait(0.1)",
    )
    (render,) = send(kernel, cell("looks_for_keys", *look))
    assert not render.state.unrehearsed


WHOLE = cell(
    "whole",
    'self.next_section("intro")',
    "print(3)",
    'self.play(Create(Square()), subcaption="a square")',
    'self.next_section("proof")',
    "self.play(FadeIn(Surface(lambda u, v: [u, v, 0], resolution=12)), run_time=2)",
    "self.wait(0.5)",
)


def test_rehearse_alone_tells_length_sections_and_where_the_time_goes(kernel, cloud, capsys):
    renders = run_cell(kernel, WHOLE.text, Options(rehearse=True), line="%%kodisc --rehearse")
    said = capsys.readouterr().out
    assert renders == []
    assert cloud.requests == []
    assert "Rehearsed Tried: 0:04 of video (3.5 s, 105 frames), 2 animations." in said
    assert "Sections: 0:00 intro · 0:01 proof" in said
    assert "Captions: 1" in said
    first = said.split("measured on this machine:\n")[1].splitlines()[0]
    assert first.startswith("  line 10:"), said
    assert "The scene printed:\n3" in said
    assert "Nothing was sent and nothing was charged." in said


def test_rehearse_alone_needs_no_key_and_stops_at_a_mistake(kernel, cloud, monkeypatch):
    monkeypatch.delenv("KODISC_KEY")
    with pytest.raises(SceneCheckError, match="wiat"):
        run_cell(kernel, cell("alone", "self.wiat()").text, Options(rehearse=True))
    assert cloud.requests == []


def test_render_gives_a_rehearsal_as_an_object(kernel, cloud, monkeypatch):
    import kodisc_jupyter

    monkeypatch.setattr("kodisc_jupyter.notebook.kernel.current_kernel", lambda: kernel)
    report = kodisc_jupyter.render(WHOLE.text, rehearse=True)
    assert (report.scene, report.seconds, report.frames) == ("Tried", 3.5, 105)
    assert [round(one.seconds, 2) for one in report.animations] == [1, 2]
    assert [one.line for one in report.animations] == [7, 9]
    assert [one.name for one in report.sections] == ["intro", "proof"]
    assert report.captions[0].text == "a square"
    assert report.slowest[0].line == 9
    assert report.printed == "3\n"
    assert report.why == ""
    assert cloud.requests == []


def test_no_rehearsal_sends_a_cell_as_it_is(kernel, cloud):
    send(kernel, cell("as_it_is", "self.wiat()"), rehearse=False)
    assert cloud.posts == 1


BADLY_LAID_OUT = [
    (cell("out", 't = Text("A title that is much too long for one line of this frame")', "self.play(Write(t))  # here", "self.wait()"), "this frame is outside the frame from 0:02 on"),
    (cell("over", 'self.add(Text("first"))', "self.wait(0.2)", 'self.play(FadeIn(Text("second")))  # here', "self.wait()"), "first and second overlap"),
    (cell("tiny", 'self.play(FadeIn(Text("read me", font_size=8)))  # here', "self.wait()"), "too small to read at this quality"),
    (cell("gone", "c = Circle()", "self.play(Create(c))", "self.play(c.animate.shift(20 * UP))  # here", "self.wait(3)"), "Circle is outside the frame"),
]  # fmt: skip

WELL_LAID_OUT = [
    cell("grid", "self.add(NumberPlane(), Line(20 * LEFT, 20 * RIGHT))", "self.wait()"),
    cell("replaced", 't = Text("one")', "self.add(t)", 'self.play(Transform(t, Text("two")))', 'self.play(ReplacementTransform(t, Text("three")))', "self.wait()"),
    cell("passes_by", "c = Circle()", "self.play(c.animate.shift(20 * UP))", "self.remove(c)", "self.wait(3)"),
    cell("zoomed_in", 't = Text("a long text in a wide frame")', "self.add(t)", "self.play(self.camera.frame.animate.scale(0.2).move_to(t[0]))", "self.wait()", base="MovingCameraScene"),
    cell("axes", "self.add(Axes(x_range=[0, 5], y_range=[0, 5]).add_coordinates())", "self.wait()"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tried", "says"), BADLY_LAID_OUT, ids=lambda one: getattr(one, "name", "")
)
def test_what_cannot_be_seen_or_read_is_warned_of_at_its_line(kernel, cloud, tried, says, capsys):
    send(kernel, tried)
    said = capsys.readouterr().out
    assert cloud.posts == 1
    assert says in said
    assert f"Kodisc warning, line {tried.line}:" in said.replace("\x1b[1m", "")


@pytest.mark.parametrize("tried", WELL_LAID_OUT, ids=lambda tried: tried.name)
def test_what_is_meant_to_be_so_is_not_warned_of(kernel, cloud, tried, capsys):
    send(kernel, tried)
    assert cloud.posts == 1
    assert "warning" not in capsys.readouterr().out


def test_layout_warnings_can_be_switched_off(kernel, cloud, capsys):
    kernel.settings.checks_off = "semantics,layout"
    send(kernel, BADLY_LAID_OUT[2][0])
    assert "warning" not in capsys.readouterr().out
