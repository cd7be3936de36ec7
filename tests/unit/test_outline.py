"""Chapters and transcript of a video: from a rehearsal or a render, into figure and page."""

from __future__ import annotations

import base64
import hashlib
import re

import nbformat
import pytest

from kodisc_jupyter.api.models import RenderRequest
from kodisc_jupyter.notebook.commands.exported_page.page import Page
from kodisc_jupyter.notebook.display.output.embedding import Sources, VideoOptions
from kodisc_jupyter.notebook.display.output.figure import figure_html
from kodisc_jupyter.notebook.display.panel_json import panel_json
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.media.outline import Chapter, Event, Outline
from kodisc_jupyter.renders.rehearsal import Outcome, Rehearsal, Section
from kodisc_jupyter.renders.state import Phase
from tests.support.states import render_state

DEADLINE_S = 60.0
REQUEST = RenderRequest("class Hello(Scene): ...", "Hello")
TOLD = ({"at": 0.0, "did": "appears", "what": {"kind": "Circle"}},)
SEEN = Rehearsal(
    Outcome.OK,
    seconds=6.0,
    frames=90,
    sections=(Section("autocreated", 0.0), Section("Start", 1.0), Section("Proof", 3.4667)),
    told=TOLD,
)
CHAPTERS = (Chapter("Start", 1.0, 3.4667), Chapter("Proof", 3.4667, 6.0))
OUTLINE = Outline(CHAPTERS, (Event(0.0, "appears", {"kind": "Circle"}),))
LINK = "https://cdn.kodisc.test/video.mp4"
INSIDE = "data:video/mp4;base64,AAAA"


@pytest.fixture
def done():
    return render_state(Phase.COMPLETED, scene="Hello", outline=OUTLINE)


# Where it comes from


def test_a_render_on_kodisc_has_the_chapters_of_its_rehearsal(session, cloud):
    render = session.start(REQUEST, backend=cloud, rehearse=lambda: SEEN)
    render.wait(DEADLINE_S)
    assert render.state.outline == OUTLINE
    again = session.start(REQUEST, backend=cloud)
    assert again.state.reused
    assert again.state.outline == OUTLINE


def test_a_render_on_this_machine_has_those_of_its_own_stepping(session, service):
    said = {"outcome": "ok", "seconds": 6.0, "told": list(TOLD)}
    said["sections"] = [{"name": one.name, "start": one.start_s} for one in SEEN.sections]
    asked = []
    service.beside = lambda path: asked.append(path) or (said if "report" in path else {})
    local = Backend("local", service, "local:here", unlimited=True)
    render = session.start(REQUEST, backend=local)
    render.wait(DEADLINE_S)
    assert asked[-1] == "/local/jobs/job00001/report"
    assert render.state.outline == OUTLINE
    service.beside = lambda _: {}
    assert session.start(REQUEST, backend=local).state.outline == OUTLINE


@pytest.mark.parametrize("said", [{"outcome": "odd"}, {"outcome": "ok", "sections": [1]}, {}])
def test_a_report_that_makes_no_sense_takes_nothing_away_from_the_video(session, service, said):
    service.beside = lambda _: said
    render = session.start(REQUEST, backend=Backend("local", service, "local:x", unlimited=True))
    render.wait(DEADLINE_S)
    assert render.state.phase is Phase.COMPLETED
    assert render.video is not None
    assert render.state.outline == Outline()


def test_a_report_that_makes_no_sense_leaves_what_a_rehearsal_has_shown(session, service):
    service.beside = lambda _: {"outcome": "odd"}
    local = Backend("local", service, "local:x", unlimited=True)
    render = session.start(REQUEST, backend=local, rehearse=lambda: SEEN)
    render.wait(DEADLINE_S)
    assert render.state.outline == OUTLINE


# Under the video


def test_chapters_of_a_linked_video_open_it_at_their_time(done):
    html = figure_html(done, src=LINK)
    assert '<ol class="kodisc-chapters"' in html
    assert f'<a href="{LINK}#t=3.467,6"' in html
    assert '<time datetime="PT3.467S" title="3.467 s">0:03</time> <bdi>Proof</bdi>' in html


def test_chapters_of_an_embedded_video_are_plain_times(done):
    html = figure_html(done, src=INSIDE)
    assert "#t=" not in html
    assert '<li><time datetime="PT1S" title="1 s">0:01</time> <bdi>Start</bdi></li>' in html


def test_without_named_sections_there_is_no_list(done):
    html = figure_html(done._replace(outline=Outline()), src=INSIDE)
    assert "kodisc-chapters" not in html
    assert "kodisc-transcript" not in html


def test_the_draft_says_that_it_is_one_and_gives_way_to_the_authors_words(done):
    draft = figure_html(done, src=INSIDE)
    assert 'class="kodisc-transcript kodisc-draft"' in draft
    assert "a draft, made from the code" in draft
    assert "0:00 A circle appears." in draft
    own = figure_html(done, src=INSIDE, own_transcript="It is <round>.\n\nThe end.")
    assert "It is &lt;round&gt;." in own
    assert "draft" not in own
    assert "kodisc-transcript" not in figure_html(done, src=INSIDE, alt="A circle.")


def test_names_that_are_markup_stay_text(done):
    evil = Outline((Chapter("<b onclick=x>\u202e", 0, 1),), OUTLINE.events)
    html = figure_html(done._replace(outline=evil), src=LINK)
    assert "<b onclick" not in html
    assert "\u202e" not in html


def test_the_panel_is_told_too(done):
    shown = Sources(src=LINK)
    fields = panel_json(done, now=2.0, shown=shown, video_options=VideoOptions())["video"]
    assert fields["chapters"] == [[1.0, "0:01", "Start"], [3.467, "0:03", "Proof"]]
    assert fields["told"][1] == ["0:00 A circle appears."]


# In an exported page


def page_of(html, **options):
    output = nbformat.v4.new_output("display_data", {"text/html": html})
    cell = nbformat.v4.new_code_cell("%%kodisc\nscene", outputs=[output])
    return Page(lambda html: html, code=False, **options).html(
        nbformat.v4.new_notebook(cells=[cell]), "Lesson"
    )


def test_a_page_with_chapters_runs_our_script_and_no_other(done):
    page = page_of(figure_html(done, src=INSIDE))
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert '<time datetime="PT3.467S" title="3.467 s">0:03</time>' in page
    without = page_of(figure_html(done._replace(outline=Outline()), src=INSIDE))
    assert "script" not in without


def test_a_page_keeps_links_at_a_time_and_refuses_others(done):
    assert f'href="{LINK}#t=3.467,6"' in page_of(figure_html(done, src=LINK))
    html = figure_html(done, src=LINK).replace(f"{LINK}#t=3.467,6", "javascript:x#t=1")
    assert "javascript" not in page_of(html).partition("<main>")[2].partition("<script>")[0]


def test_drafts_are_left_out_when_asked_for(done):
    html = figure_html(done, src=INSIDE)
    assert "A circle appears." in page_of(html)
    without = page_of(html, drafts=False)
    assert "A circle appears." not in without
    assert "Proof" in without
    own = page_of(figure_html(done, src=INSIDE, own_transcript="My words."), drafts=False)
    assert "My words." in own


def test_a_page_starts_no_video_by_itself_without_asking_for_the_systems_wish(done):
    plain = done._replace(outline=Outline())
    page = page_of(figure_html(plain, src=INSIDE, autoplay=True, loop=True))
    assert " autoplay" not in page.partition("<video")[2].partition(">")[0]
    assert 'data-autoplay=""' in page
    assert "prefers-reduced-motion" in page
