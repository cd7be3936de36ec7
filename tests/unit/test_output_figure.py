"""A finished render as it stays in the notebook."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kodisc_jupyter.api.models import AspectRatio, Balance, Job, JobStatus, RenderResult
from kodisc_jupyter.notebook.commands.exported_page.html import FigureCleaner
from kodisc_jupyter.notebook.display.output.figure import (
    css_width,
    error_html,
    error_text,
    figure_html,
    figure_text,
    open_text,
    pause_html,
    status_text,
)
from kodisc_jupyter.renders.media.outline import Outline
from kodisc_jupyter.renders.state import Media, Phase, Retry
from kodisc_jupyter.scene.diagnostics import Diagnostic, Severity
from tests.support.states import render_state

JOB_ID = "clx9f0a1b0000abcd1234efgh"
CDN = f"https://cdn.kodisc.test/r/{JOB_ID}"
DONE = render_state(
    Phase.COMPLETED,
    phase_at=1_012.0,
    ended_at=1_012.0,
    job=Job(
        JOB_ID,
        JobStatus.COMPLETED,
        credits_cost=51,
        duration_ms=3_210,
        result=RenderResult(f"{CDN}/video.mp4"),
    ),
    balance_before=Balance(1840, 200, 2040),
    balance_after=Balance(1840, 149, 1989),
    cost=51,
    media=Media(video=Path("/media/video.mp4"), video_url=f"{CDN}/video.mp4"),
)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e\u2066\x1b[31m😀"


class Page(HTMLParser):
    """What a browser would make of a piece of HTML: its tags with their attributes, its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def state(**fields):
    return DONE._replace(**fields)


def linked(**fields):
    return figure_html(
        state(**fields),
        src=f"{CDN}/video.mp4",
        poster_src=f"{CDN}/thumb.jpg",
        captions_url=f"{CDN}/c.vtt",
    )


def test_the_address_sits_on_the_video_itself_where_no_sanitiser_takes_it():
    page = Page(linked())
    (figure,) = page.all("figure")
    (video,) = page.all("video")
    assert figure["class"] == "kodisc-video"
    assert (video["src"], video["poster"]) == (f"{CDN}/video.mp4", f"{CDN}/thumb.jpg")
    assert "controls" in video
    assert not page.all("source")
    assert "autoplay" not in video


def test_where_no_video_plays_a_picture_leads_to_it():
    html = linked()
    inside = html[html.index("<video") : html.index("</video>")]
    assert f'<a href="{CDN}/video.mp4"><img src="{CDN}/thumb.jpg"' in inside


def test_download_is_offered_where_a_browser_downloads():
    """The video of another site it would only open, as the link beside does."""
    assert not any("download" in link for link in Page(linked()).all("a"))
    beside = Page(figure_html(state(), src="kodisc/a.mp4")).all("a")
    assert ["download" in link for link in beside] == [False, False, True]


def test_the_receipt_stays_with_the_video():
    assert (
        "HelloKodisc · low · 854×480 · 15 fps · rendered in 3.2 s · "
        f"51 credits · job {JOB_ID}" in Page(linked()).text
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reused": True}, "0 credits, rendered before"),
        ({"backend": "local", "unlimited": True}, "free on this machine"),
        (
            {"cost": None, "balance_before": None, "balance_after": None},
            "cost unknown · job",
        ),
        ({"balance_after": None}, "51 credits · job"),
        ({"cost": 1}, "1 credit · job"),
        ({"cost": 0.5}, "0.5 credits · job"),
        ({"note": "One attempt got no answer; it was sent again."}, "One attempt got no answer"),
    ],
)
def test_the_receipt_says_what_is_known_and_no_more(fields, said):
    assert said in Page(linked(**fields)).text
    assert said in figure_text(state(**fields))


def test_upright_videos_keep_their_shape():
    html = figure_html(state(aspect_ratio=AspectRatio.UPRIGHT), src=f"{CDN}/video.mp4")
    assert "aspect-ratio:480/854" in html
    assert "width:360px;max-width:100%" in html
    assert "480×854" in html


def test_a_linked_render_adds_at_most_three_kilobytes():
    html = linked(note="One attempt to send this job got no answer, so it was sent again.")
    assert len(html.encode()) + len(figure_text(DONE).encode()) < 3_000


def test_options_loop_autoplay_width_and_alt():
    html = figure_html(
        DONE, src=f"{CDN}/video.mp4", width="60%", loop=True, autoplay=True, alt="A proof"
    )
    page = Page(html)
    (video,) = page.all("video")
    assert {"loop", "autoplay", "muted"} <= set(video)
    assert video["title"] == "A proof"
    assert page.all("figure")[0]["style"] == "margin:0;width:60%;max-width:100%"
    assert page.text.endswith("A proof")


@pytest.mark.parametrize(
    ("width", "css"), [("640", "640px"), ("60%", "60%"), (" 30.5em ", "30.5em"), ("9cm", "9cm")]
)
def test_widths_are_css_lengths(width, css):
    assert css_width(width) == css


@pytest.mark.parametrize("width", ["", "wide", "0", "-5px", "1e3px", "10px;x:y", '5px" x="', "٣px"])
def test_other_widths_are_refused_with_examples(width):
    with pytest.raises(ValueError, match="write it like 640px"):
        css_width(width)


def test_an_embedded_video_stands_in_the_figure_once():
    src = "data:video/mp4;base64," + "A" * 4000
    html = figure_html(DONE, src=src)
    assert html.count(src) == 1
    assert "the video plays where this notebook is opened" in html


def test_captions_are_a_track_of_our_own_and_a_link():
    track = "data:text/vtt;base64,V0VCVlRU"
    html = figure_html(DONE, src="a.mp4", captions_src=track, captions_url=f"{CDN}/captions.vtt")
    assert Page(html).all("track")[0]["src"] == track
    assert f'href="{CDN}/captions.vtt"' in html
    remote = figure_html(DONE, src="a.mp4", captions_src=f"{CDN}/captions.vtt")
    assert not Page(remote).all("track")


def test_captions_without_an_address_can_be_opened_and_read():
    html = figure_html(DONE, src="data:video/mp4;base64,AAAA", transcript="A <b>proof</b>\nQED")
    assert Page(html).all("details")
    assert Page(html).text.endswith("CaptionsA <b>proof</b>QED")
    assert "<details>" not in figure_html(DONE, src="a.mp4")


def test_hostile_text_and_addresses_do_no_harm():
    job = Job(EVIL, JobStatus.COMPLETED)
    hostile = state(scene=EVIL, job=job, note=EVIL, error=EVIL, outline=Outline(printed=EVIL))
    problem = Diagnostic("failed", Severity.ERROR, EVIL, hint=EVIL, full=EVIL)
    for html in (
        figure_html(hostile, src="javascript:alert(1)", poster_src="data:text/html,x", alt=EVIL),
        figure_html(
            hostile, src=f"{CDN}/video.mp4", captions_url="vbscript:x", alt=EVIL, note=EVIL
        ),
        error_html(hostile._replace(phase=Phase.FAILED)),
        error_html(hostile._replace(phase=Phase.FAILED), problem),
        pause_html(hostile._replace(phase=Phase.DETACHED)),
    ):
        page = Page(html)
        assert not page.all("script")
        assert all(attrs.get("src", "").startswith(CDN) for attrs in page.all("img"))
        assert all(attrs["href"].startswith(CDN) for attrs in page.all("a"))
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", html)
        assert "alert(1)" in page.text
        assert "😀" in page.text


def test_what_a_scene_printed_stands_below_its_video_and_in_no_exported_page():
    html = figure_html(state(outline=Outline(printed="x = 3\n")), src="a.mp4")
    assert "The scene printed:<br>x = 3" in html
    reader = FigureCleaner()
    reader.feed(html)
    assert "x = 3" not in reader.result()
    assert "printed" not in figure_html(DONE, src="a.mp4")


def test_a_very_long_error_is_cut_with_a_note():
    failed = state(phase=Phase.FAILED, error="E" * 100_000 + " the end")
    for said in (error_html(failed), error_text(failed)):
        assert len(said) < 7_000
        assert "characters left out" in said
        assert "the end" in said


def test_the_plain_text_is_sufficient_by_itself():
    assert figure_text(DONE).split("\n") == [
        "HelloKodisc: /media/video.mp4",
        f"  {CDN}/video.mp4",
        f"low · 854×480 · 15 fps · rendered in 3.2 s · 51 credits · job {JOB_ID}",
    ]


def test_a_failed_render_is_one_error_card_with_its_receipt():
    failed = state(phase=Phase.FAILED, error="NameError: name 'titel' is not defined", cost=0)
    html = error_html(failed)
    assert html.count("kodisc-error") == 1
    assert "NameError: name 'titel' is not defined" in Page(html).text
    assert f"0 credits · job {JOB_ID}" in Page(html).text
    problem = Diagnostic("failed", Severity.ERROR, "NameError: titel", line=4)
    html = error_html(failed, problem)
    assert html.count("kodisc-error") == 1
    assert "NameError: titel" in error_text(failed, problem)


def test_the_status_is_one_line_with_place_time_and_job():
    local = state(
        phase=Phase.RUNNING,
        backend="local",
        unlimited=True,
        job=Job("clx1", JobStatus.RUNNING),
        ended_at=None,
    )
    assert status_text(local, now=1_003.9) == (
        "HelloKodisc · low · 854×480 · 15 fps · rendering on this machine, free · 0:03 · job clx1"
    )
    retrying = state(
        phase=Phase.RETRYING,
        job=None,
        ended_at=None,
        retry=Retry(2, 5, 1_004.0, "the server answered 503"),
    )
    assert "attempt 2 of 5: the server answered 503" in status_text(retrying, now=1_003.0)


@pytest.mark.parametrize("phase", list(Phase))
def test_the_status_of_every_phase_is_one_line(phase):
    assert "\n" not in status_text(state(phase=phase, scene="A\nB"), now=1_003.0)


def test_a_saved_open_render_names_the_way_back_and_pays_nothing_that_is_free():
    job = Job("clx1", JobStatus.RUNNING)
    paid = open_text(state(phase=Phase.RUNNING, job=job, unlimited=False))
    assert paid.endswith("If no video follows here: %kodisc show clx1. Nothing is paid twice.")
    free = open_text(state(phase=Phase.RUNNING, job=job, backend="local", unlimited=True))
    assert free.endswith("If no video follows here: %kodisc show clx1.")


def test_a_render_that_is_not_watched_says_how_to_come_back():
    html = pause_html(state(phase=Phase.DETACHED, ended_at=None))
    assert f"%kodisc show {JOB_ID}" in html
