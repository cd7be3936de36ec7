"""Exported pages as a student opens them: from a folder, with no server and no network."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from kodisc_jupyter.api.models import Job, JobStatus
from kodisc_jupyter.notebook.commands.export import export, page_path
from kodisc_jupyter.notebook.display.output.embedding import VideoOptions, sources
from kodisc_jupyter.notebook.display.output.final_output import final_bundle
from kodisc_jupyter.renders.media.outline import Chapter, Event, Outline
from kodisc_jupyter.renders.state import Media, Phase
from tests.support.states import render_state

pytestmark = pytest.mark.browser

LIMIT_MS = 120_000
SECONDS = 1.2
STATE = render_state(
    Phase.COMPLETED,
    scene="Moves",
    backend="local",
    unlimited=True,
    job=Job("clx1", JobStatus.COMPLETED, duration_ms=3_000),
)
CHAPTERS = (Chapter("Dark", 0.0, 0.4), Chapter("Grey", 0.4, 0.8), Chapter("Light", 0.8, SECONDS))
STOPPED_AT = """
    at => {
        const video = document.querySelector('video');
        return video.paused && !video.seeking && Math.abs(video.currentTime - at) < 0.02;
    }
"""
PLAYED = """
    () => {
        const videos = [...document.querySelectorAll('figure.kodisc-video video')];
        for (const video of videos) { video.muted = true; if (video.paused) video.play(); }
        return videos.length === 2 && videos.every(video => video.currentTime > 0.2);
    }
"""


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Media:
    """A small H.264 video, as Manim writes it, and its poster."""
    folder = tmp_path_factory.mktemp("media")
    with av.open(str(folder / "video.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 854, 480, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 15)
        for number in range(int(15 * SECONDS)):
            picture = np.full((480, 854, 3), number * 12, dtype=np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    av.VideoFrame.from_ndarray(picture, format="rgb24").to_image().save(folder / "thumb.jpg")
    return Media(video=folder / "video.mp4", poster=folder / "thumb.jpg")


def finished_cell(state, kept, folder) -> nbformat.NotebookNode:
    """A cell whose video is in it, or in a file that a notebook in ``folder`` links to."""
    shown = sources(state, kept)
    if not kept.embed:
        shown = shown._replace(src=Path(shown.src).relative_to(folder).as_posix())
    output = nbformat.v4.new_output("display_data", final_bundle(state, None, shown, kept))
    return nbformat.v4.new_code_cell("%%kodisc\nscene", outputs=[output])


@pytest.fixture
def lesson(media, tmp_path) -> Path:
    """A notebook with an embedded video, and one in a file beside it; and with a formula."""
    folder = tmp_path / "class"
    state = STATE._replace(media=media)
    cells = [nbformat.v4.new_markdown_cell("The area is $\\pi r^2$.")]
    for embed in (True, False):
        kept = VideoOptions(embed=embed, folder=folder / "kodisc", alt="It becomes brighter.")
        cells.append(finished_cell(state, kept, folder))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "lesson.ipynb")
    return folder / "lesson.ipynb"


def exported(state, kept, folder) -> Path:
    """The page made of a notebook with one video."""
    cells = [nbformat.v4.new_markdown_cell("# Lesson"), finished_cell(state, kept, folder)]
    notebook = folder / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    page = page_path(notebook, None, folder=not kept.embed)
    return export(notebook, page, folder=not kept.embed, session=None).page


def elsewhere(page: Path, tmp_path: Path) -> Path:
    """The page where nothing else of the lesson is, as a student gets it."""
    target = tmp_path / "student"
    target.mkdir()
    if page.name == "index.html":
        shutil.move(page.parent, target / "lesson")
        moved = target / "lesson" / page.name
    else:
        shutil.move(page, target)
        moved = target / page.name
    shutil.rmtree(tmp_path / "class")
    return moved


@pytest.mark.parametrize("folder", [False, True], ids=["one page", "a folder"])
def test_every_video_plays_from_a_folder_without_server_or_network(
    chromium, lesson, tmp_path, folder
):
    made = export(lesson, page_path(lesson, None, folder=folder), folder=folder, session=None)
    assert (made.videos, made.missing, made.links) == (2, (), ())
    opened = elsewhere(made.page, tmp_path)
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        page.goto(opened.as_uri(), wait_until="load", timeout=LIMIT_MS)
        page.wait_for_function(PLAYED, timeout=LIMIT_MS)
        durations = page.eval_on_selector_all("video", "vs => vs.map(v => v.duration)")
        assert durations == [pytest.approx(SECONDS, abs=0.1)] * 2
        posters = page.eval_on_selector_all("video", "vs => vs.map(v => v.poster.slice(0, 23))")
        assert posters == ["data:image/jpeg;base64,"] * 2
        assert page.get_by_text("It becomes brighter.").first.is_visible()
    finally:
        context.close()


def test_a_network_that_never_answers_does_not_hold_the_page_up(chromium, lesson, tmp_path):
    made = export(lesson, page_path(lesson, None, folder=False), folder=False, session=None)
    context = chromium.new_context()
    asked = []
    context.route("http*://**", lambda route: asked.append(route.request.url))  # no answer, ever
    try:
        page = context.new_page()
        page.goto(made.page.as_uri(), wait_until="domcontentloaded", timeout=LIMIT_MS)
        page.wait_for_function(PLAYED, timeout=LIMIT_MS)
        assert asked == []
        assert page.locator("math mi").first.text_content() == "π"
    finally:
        context.close()


def test_without_formulas_a_page_asks_the_network_for_nothing(chromium, lesson):
    notebook = nbformat.read(lesson, as_version=4)
    del notebook.cells[0]
    nbformat.write(notebook, lesson)
    made = export(lesson, page_path(lesson, None, folder=False), folder=False, session=None)
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url[:60]))
        page.goto(made.page.as_uri(), wait_until="load", timeout=LIMIT_MS)
        page.wait_for_function(PLAYED, timeout=LIMIT_MS)
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    finally:
        context.close()


def test_a_lecturer_steps_through_the_chapters_and_each_stops_at_its_end(chromium, media, tmp_path):
    told = (Event(0.0, "appears", {"kind": "Circle"}),)
    state = STATE._replace(media=media, outline=Outline(CHAPTERS, told))
    kept = VideoOptions(embed=True, folder=tmp_path, loop=True)
    made = exported(state, kept, tmp_path)
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else 0)
        page.goto(made.as_uri(), wait_until="load", timeout=LIMIT_MS)
        page.wait_for_function("document.querySelector('video').readyState > 0", timeout=LIMIT_MS)
        for key, stop in (("Right", 0.4), ("Right", 0.8), ("Left", 0.4), ("Right", 0.8)):
            page.keyboard.press(f"Arrow{key}")
            page.wait_for_function(STOPPED_AT, arg=stop - 0.01, timeout=LIMIT_MS)
        page.keyboard.press("ArrowRight")
        page.wait_for_function(STOPPED_AT, arg=SECONDS - 0.01, timeout=LIMIT_MS)
        assert page.locator("ol.kodisc-chapters button[aria-current]").inner_text() == "0:00 Light"
        assert page.get_by_text("plays the next chapter").is_visible()
        page.get_by_role("button", name="0:00 Grey").click()
        page.wait_for_function(
            "document.querySelector('video').currentTime >= 0.4", timeout=LIMIT_MS
        )
        page.locator("details.kodisc-transcript summary").click()
        assert page.get_by_text("A circle appears.").is_visible()
        found = Axe().run(page).response["violations"]
        assert [each["id"] for each in found] == []
        assert problems == []
    finally:
        context.close()


def test_without_scripts_a_page_with_chapters_is_a_video_and_a_list(chromium, media, tmp_path):
    state = STATE._replace(media=media, outline=Outline(CHAPTERS))
    kept = VideoOptions(embed=False, folder=tmp_path / "kodisc", autoplay=True)
    made = exported(state, kept, tmp_path)
    context = chromium.new_context(offline=True, java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(made.as_uri(), wait_until="load", timeout=LIMIT_MS)
        links = page.locator("ol.kodisc-chapters a")
        assert links.all_inner_texts() == ["0:00 Dark", "0:00 Grey", "0:00 Light"]
        assert links.nth(1).get_attribute("href") == "video-01.mp4#t=0.4,0.8"
        assert page.locator("button").count() == 0
    finally:
        context.close()


@pytest.mark.parametrize("motion, plays", [("reduce", False), ("no-preference", True)])
def test_a_page_starts_and_repeats_no_video_for_those_who_asked_for_less_motion(
    chromium, media, tmp_path, motion, plays
):
    state = STATE._replace(media=media)
    kept = VideoOptions(embed=True, folder=tmp_path, loop=True, autoplay=True)
    made = exported(state, kept, tmp_path)
    context = chromium.new_context(offline=True, reduced_motion=motion)
    try:
        page = context.new_page()
        page.goto(made.as_uri(), wait_until="load", timeout=LIMIT_MS)
        page.wait_for_function("document.querySelector('video').readyState > 2", timeout=LIMIT_MS)
        if plays:
            page.wait_for_function(
                "document.querySelector('video').currentTime > 0", timeout=LIMIT_MS
            )
        video = "document.querySelector('video')"
        assert page.evaluate(f"[{video}.loop, {video}.paused]") == [plays, not plays]
    finally:
        context.close()
