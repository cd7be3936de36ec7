"""What a server believes of a forker, when it gives one up, and which render begins next."""

from __future__ import annotations

import subprocess
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from kodisc_jupyter.local.processes.forker.messages import Began, Ended, Present, read_report
from kodisc_jupyter.local.processes.forker.running import over
from kodisc_jupyter.local.processes.forker_link import ForkerLink, Place, Render
from kodisc_jupyter.local.processes.lane import Lane
from kodisc_jupyter.stage.task import Limits, RenderTask

LIMITS = Limits(seconds=100.0, memory_bytes=1 << 30, processes=8, disk_bytes=1 << 20)


@pytest.fixture
def link(tmp_path):
    """A forker that was heard of at 0 seconds and is ready, with nothing to do."""
    process = subprocess.Popen(["true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    made = ForkerLink(process, Place(tmp_path, str(tmp_path), sandboxed=False), ready=True, heard=0)
    yield made
    process.communicate()


def render(name: str, *, alone: bool = False, sent: float = 0.0) -> Render:
    task = RenderTask(name, "", "A", 1, 1, 1, limits=LIMITS)
    return Render(task, Path(), lambda: None, Future(), alone=alone, sent=sent)


@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b'{"ready": true}', Present(ready=True)),
        (b'{"id": "j", "began": true}', Began("j")),
        (b'{"id": "j", "error": null, "durationMs": 7}', Ended("j", None, 7)),
        (b'{"id": "j", "error": "E", "durationMs": 0}', Ended("j", "E", 0)),
    ],
)
def test_a_report_is_read(line, report):
    assert read_report(line) == report


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\xff\xfe", b"[]", b"null", b"1", b'"x"', b"{}", b"[" * 100_000),
        *(b'{"ready": 1}', b'{"id": 1, "began": true}', b'{"id": "j", "began": 1}'),
        *(b'{"id": "j"}', b'{"id": "j", "error": null}', b'{"id": "j", "durationMs": true}'),
        b'{"id": "j", "error": null, "durationMs": -1}',
        b'{"id": "j", "error": null, "durationMs": 1e308}',
        b'{"id": "j", "error": null, "durationMs": ' + b"9" * 400 + b"}",
        b'{"id": "j", "error": {}, "durationMs": 1}',
        b'{"id": ["j"], "error": null, "durationMs": 1}',
    ],
)
def test_what_is_no_report_is_not_believed_and_hurts_nobody(line):
    assert read_report(line) is None


def test_an_error_text_without_an_end_is_cut():
    found = read_report(b'{"id": "j", "durationMs": 1, "error": "' + b"x" * 3_000_000 + b'"}')
    assert isinstance(found, Ended)
    assert len(found.error or "") == 1_000_000


def test_a_forker_that_does_not_answer_for_seconds_is_given_up(link):
    assert link.trouble(1000.0) == ""  # nobody has asked it
    link.ping(1000.0)
    assert link.trouble(1005.0) == ""
    assert link.trouble(1007.0) == "it did not answer for 6 s"


def test_a_forker_that_loads_manim_has_longer(link):
    link.ready = False
    link.ping(0.0)
    assert link.trouble(119.0) == ""
    assert link.trouble(121.0) == "it did not load Manim within 120 s"


def test_the_server_holds_renders_to_their_time_where_the_forker_does_not(link):
    late, other = render("late", sent=10.0), render("other", sent=100.0)
    link.running = {"late": late, "other": other}
    assert link.trouble(114.0) == ""
    assert link.trouble(116.0) == "it did not end a render at its time limit"
    assert link.late(116.0) == [late]


def test_renders_that_were_open_when_a_forker_died_are_tried_one_at_a_time(link):
    lane = Lane("ada", link)
    lane.waiting.extend([render("third"), render("fourth")])
    lane.suspects.extend([render("first"), render("second")])
    begun = []
    while (following := lane.next()) is not None:
        begun.append((following.task.job_id, following.alone))
        link.running = {following.task.job_id: following}
        assert (lane.next() is None) == following.alone
        if following.alone:
            link.running = {}
    assert begun[:2] == [("first", True), ("second", True)]
    assert not any(alone for _, alone in begun[2:])


@pytest.mark.parametrize(
    ("used", "why"),
    [
        ({}, ""),
        ({"seconds": 101.0}, "The render took longer than 100 seconds and was stopped."),
        ({"processes": 9}, "The scene started more than 8 processes and was stopped."),
        ({"processes": 9, "memory": 2 << 30}, "The scene started more than 8 processes"),
        ({"memory": 2 << 30}, "The scene needed more than 1024 MB of memory and was stopped."),
        ({"disk": 2 << 20}, "The scene wrote more than 1 MB to the disk and was stopped."),
    ],
)
def test_a_render_is_stopped_for_what_it_uses(used, why):
    within = {"seconds": 1.0, "memory": 1, "processes": 1, "disk": 0}
    assert over(replace(LIMITS), **{**within, **used}).startswith(why)
    assert bool(over(LIMITS, **{**within, **used})) == bool(why)
