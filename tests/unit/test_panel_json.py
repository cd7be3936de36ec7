"""What the front end is told about a render."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kodisc_jupyter.api.models import Balance, Job, JobStatus
from kodisc_jupyter.notebook.display.output.embedding import Sources
from kodisc_jupyter.notebook.display.panel_json import panel_json
from kodisc_jupyter.renders.state import Budget, Estimate, Phase, Retry
from tests.support.states import render_state


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_plain_json_with_a_headline_in_words(phase):
    fields = panel_json(render_state(phase), now=1_003.0)
    assert json.loads(json.dumps(fields)) == fields
    assert fields["phase"] == phase.value
    assert len(fields["headline"]) > 5


def test_times_are_milliseconds_with_the_kernels_now():
    fields = panel_json(render_state(ended_at=1_010.25), now=1_003.0)
    assert (fields["now"], fields["began"]) == (1_003_000, 1_000_000)
    assert fields["ended"] == 1_010_250


def test_a_retry_is_told_only_while_retrying():
    retry = Retry(attempt=2, attempts=5, at=1_004.0, reason="the server answered 503")
    told = panel_json(render_state(Phase.RETRYING, retry=retry), now=1_003.0)["retry"]
    assert told == {
        "attempt": 2,
        "attempts": 5,
        "at": 1_004_000,
        "reason": "the server answered 503",
    }
    assert panel_json(render_state(Phase.QUEUED, retry=retry), now=1_003.0)["retry"] is None


def test_money_shows_paid_free_total_reserved_budget_and_the_estimate_with_its_ground():
    rows = panel_json(
        render_state(
            balance_before=Balance(1840, 200, 2040),
            reserved=40,
            budget=Budget(limit=500, spent=40),
            estimate=Estimate("from your last render of this scene", 51, 12_000),
        ),
        now=1_003.0,
    )["money"]
    assert rows == [
        ["Balance", "2,040 credits", "1,840 paid + 200 free"],
        ["Reserved", "40 credits", "settled at the end"],
        ["Estimate", "about 51 credits, 12 s", "from your last render of this scene"],
        ["Budget", "460 credits left", "of 500 this session"],
    ]


def test_at_the_end_the_change_of_the_balance_is_visible():
    rows = panel_json(
        render_state(
            Phase.COMPLETED,
            cost=51,
            balance_before=Balance(1840, 200, 2040),
            balance_after=Balance(1840, 149, 1989),
        ),
        now=1_003.0,
    )["money"]
    assert rows == [
        ["Charged", "51 credits", ""],
        ["Left", "1,989 credits", "1,840 paid + 149 free"],
    ]


def test_what_the_api_did_not_say_is_unknown():
    rows = panel_json(render_state(Phase.COMPLETED), now=1_003.0)["money"]
    assert rows == [["Charged", "unknown", "Kodisc has not said"]]


def test_on_this_machine_no_credits_are_needed():
    fields = panel_json(render_state(backend="local", unlimited=True), now=1_003.0)
    assert fields["money"] is None
    assert "no credits needed" in fields["settings"]
    assert fields["again"] is None
    assert fields["free"]
    assert fields["headline"] == "Rendering on this machine"


def test_a_lost_render_is_never_called_failed():
    job = Job("clx1", JobStatus.RUNNING)
    fields = panel_json(render_state(Phase.LOST, job=job), now=1_003.0)
    assert "fail" not in json.dumps(fields).lower()
    assert "goes on" in fields["headline"]
    assert fields["step"] == 4


def test_a_long_error_is_cut_with_a_note_and_hidden_characters_are_written_out():
    error = "x" * 100_000 + "\u202eevil\x1b[31mred"
    fields = panel_json(render_state(Phase.FAILED, error=error), now=1_003.0)
    assert len(fields["error"]) < 5_000
    assert "characters left out" in fields["error"]
    assert fields["error"].endswith("<U+202E>evilred")


def test_an_estimate_is_told_while_it_runs_with_the_moment_it_counts_from():
    estimate = Estimate("HelloKodisc at low before", credits=51, duration_ms=12_000)
    assert panel_json(render_state(estimate=estimate), now=1_003.0)["guess"] == [1_002_500, 12_000]
    assert panel_json(render_state(Phase.QUEUED, estimate=estimate), now=1_003.0)["guess"] is None


def test_the_newest_picture_stays_until_the_video_can_be_shown():
    done = render_state(Phase.COMPLETED, preview="data:image/jpeg;base64,/9j/")
    assert panel_json(done, now=1.0, shown=Sources(pending=True))["preview"] == done.preview
    assert panel_json(done, now=1.0, shown=Sources("https://x.test/v.mp4"))["preview"] is None
    assert panel_json(done, now=1.0)["preview"] is None


def test_until_the_length_is_known_the_frames_that_are_drawn_are_told():
    state = render_state(Phase.RUNNING, drawn=1_204)
    assert panel_json(state, now=1_003.0)["say"] == "1,204 frames drawn so far."
    known = render_state(Phase.RUNNING, drawn=1_204, progress=0)
    assert panel_json(known, now=1_003.0)["say"] is None


def test_each_field_is_a_trait_of_the_widget():
    from kodisc_jupyter.notebook.display.widget import KodiscPanel

    synced = {
        name
        for name in KodiscPanel.class_trait_names(sync=True)
        if name in vars(KodiscPanel) and not name.startswith("_")
    }
    assert synced == {*panel_json(render_state(), now=1_003.0), "news"}


def test_no_panel_has_a_class_of_its_own():
    from kodisc_jupyter.notebook.display.widget import FirstPanel, LaterPanel

    for kind in (FirstPanel, LaterPanel):
        panel = kind()
        assert type(panel) is kind
        assert sorted(panel.keys) == sorted(set(panel.keys))
        panel.close()


def test_each_field_is_declared_for_the_front_end():
    declared = (Path(__file__).parents[2] / "js/src/types.d.ts").read_text(encoding="utf-8")
    of_state = declared.partition("interface State {")[2].partition("\n}")[0]
    assert set(re.findall(r"^  (\w+)\??:", of_state, re.MULTILINE)) == {
        *panel_json(render_state(), now=1_003.0)
    }
