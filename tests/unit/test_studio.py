"""Studio makes videos, whatever its cells are for, and shows the last few side by side."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.errors import BudgetExceededError, KodiscError
from kodisc_jupyter.notebook.commands import studio
from kodisc_jupyter.notebook.display.output.embedding import VideoOptions
from kodisc_jupyter.notebook.kernel import KernelState
from kodisc_jupyter.notebook.line.cell_line import parse
from kodisc_jupyter.notebook.magics import KodiscMagics
from kodisc_jupyter.notebook.source.cell_history import NotebookCell
from kodisc_jupyter.renders.render import Render
from tests.support.states import render_state

SCENE = "from manim import *\n\nclass A(Scene):\n    def construct(self):\n        self.wait()\n"


@pytest.fixture
def kernel(monkeypatch):
    def no_estimate(*_):
        raise KodiscError("Nowhere to render.")

    monkeypatch.setattr(studio, "estimate_cell", no_estimate)
    return KernelState(KodiscMagics())


@pytest.fixture
def opened(kernel):
    return studio.Studio(kernel, code=SCENE)


@pytest.fixture
def accept(monkeypatch):
    """Say whether the next renders are accepted; the panel is there by then."""

    def say(*, accepted):
        def run_cell(*_, screen, **__):
            screen(render_state(), VideoOptions())
            if not accepted:
                raise BudgetExceededError("It is more than the budget.")
            return [Render(render_state(), request=None, backend=None)]

        monkeypatch.setattr(studio, "run_cell", run_cell)

    return say


@pytest.mark.parametrize("before", range(studio.SIDE_BY_SIDE + 2))
def test_a_refused_render_leaves_the_videos_as_they_were(opened, accept, before):
    accept(accepted=True)
    for _ in range(before):
        assert opened.render() is not None
    videos = opened.gallery.children
    assert len(videos) == min(before, studio.SIDE_BY_SIDE)
    accept(accepted=False)
    assert opened.render() is None
    assert opened.gallery.children == videos
    assert "more than the budget" in opened.message.value


@pytest.mark.parametrize("line", ["A --still", "A --at 1", "A --storyboard", "A --rehearse"])
def test_a_cell_that_asked_for_no_video_gets_one_in_studio(kernel, monkeypatch, line):
    cell = NotebookCell(SCENE, parse(f"{line} --check --save a.png"))
    monkeypatch.setattr(studio, "notebook_cells", lambda _: [cell])
    chosen = studio.Studio(kernel).choice().options
    assert chosen == parse("A --no-wait")._replace(
        quality=chosen.quality, aspect=chosen.aspect, fps=None
    )


def test_what_a_cell_says_of_its_rehearsal_holds_in_studio(kernel, monkeypatch):
    cell = NotebookCell(SCENE, parse("A --no-rehearsal"))
    monkeypatch.setattr(studio, "notebook_cells", lambda _: [cell])
    assert studio.Studio(kernel).choice().options.rehearse is False


@pytest.mark.parametrize(
    ("line", "scene", "alt"),
    [
        ("A B --alt one --alt two", "A", ("one",)),
        ("A B --alt one --alt two", "B", ("two",)),
        ("A B --alt both", "B", ("both",)),
        ("A B --alt one --alt two", "C", ()),
        ("A B", "A", ()),
    ],
)
def test_a_scene_has_its_own_of_what_a_cell_says_of_each(kernel, monkeypatch, line, scene, alt):
    cell = NotebookCell("\n".join(SCENE.replace("A(", f"{name}(") for name in "ABC"), parse(line))
    monkeypatch.setattr(studio, "notebook_cells", lambda _: [cell])
    opened = studio.Studio(kernel)
    opened.scene.value = scene
    assert opened.choice().options.alt == alt
