"""The real bundle in a real browser: what moves, what must not, and what a keyboard can do."""

from __future__ import annotations

import base64

import pytest
from panel_faces import faces
from playwright.sync_api import expect

from kodisc_jupyter.notebook.display.links import data_url
from kodisc_jupyter.notebook.display.output.figure import figure_html

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>\'"\u202e😀'
PLAYING = "(video) => !video.paused && video.currentTime > 0.2"


def test_the_clock_ticks_and_only_the_phase_is_spoken(bench, states):
    stand = bench(fixed=False)
    stand.page.clock.install(time=states["running"]["now"] / 1000)
    place = stand.mount(states["running"])
    stand.page.evaluate(
        """() => {
          window.spoken = 0;
          const count = (records) => { window.spoken += records.length; };
          for (const live of document.querySelectorAll("[aria-live], [role=status]"))
            new MutationObserver(count).observe(live, {
              childList: true, characterData: true, subtree: true,
            });
        }"""
    )
    expect(place.get_by_role("timer")).to_have_text("0:07")
    stand.page.clock.run_for(20_000)
    expect(place.get_by_role("timer")).to_have_text("0:27")
    assert stand.page.evaluate("spoken") == 0
    stand.push(states["fetching"])
    expect(place.locator("[aria-live]")).to_have_text("Rendered; fetching the video")
    assert stand.page.evaluate("spoken") == 1


def test_a_playing_video_is_not_restarted_by_what_comes_later(bench, states):
    stand = bench(fixed=False)
    place = stand.mount(states["completed"])
    video = place.locator("video").element_handle()
    video.evaluate("(video) => { video.muted = true; video.play(); }")
    stand.page.wait_for_function(PLAYING, arg=video)
    was = video.evaluate("(video) => { window.before = video; return video.currentTime; }")
    for at in range(5):
        stand.push({**states["completed"], "say": f"Asked again {at}", "money": []})
    assert stand.page.evaluate("before.isConnected")
    assert video.evaluate("(video) => video.currentTime") >= was
    assert not video.evaluate("(video) => video.paused")


def test_a_page_that_has_only_the_panel_gets_the_video_from_the_kernel(bench, states, media):
    stand = bench(fixed=False)
    place = stand.mount(states["completed-local"])
    stand.page.wait_for_function("models[0].sent.length")
    assert stand.sent() == [{"kind": "action", "action": "video"}]
    content = media["video.mp4"][1]
    half = len(content) // 2
    for part, piece in enumerate([content[:half], content[half:]]):
        stand.page.evaluate(
            """([part, piece, poster]) => models[0].tell(
              { kind: "video", part, parts: 2, poster, track: null },
              [new DataView(Uint8Array.from(atob(piece), (c) => c.charCodeAt(0)).buffer)])""",
            [
                part,
                base64.b64encode(piece).decode(),
                data_url(media["thumb.jpg"][1], "image/jpeg"),
            ],
        )
    video = place.locator("video").element_handle()
    stand.page.wait_for_function("(video) => video.videoWidth === 426", arg=video)
    expect(place.get_by_role("link", name="Download")).to_have_attribute(
        "download", "HelloKodisc.mp4"
    )


def test_everything_works_from_the_keyboard(bench, states):
    stand = bench()
    place = stand.mount(states["lost"])
    reached = []
    for _ in range(3):
        stand.page.keyboard.press("Tab")
        focused = stand.page.locator(":focus")
        assert focused.evaluate("(el) => getComputedStyle(el).outlineStyle") == "solid"
        reached.append(focused.text_content())
    assert reached == ["Copy job ID", "Stop watching", "Check again"]
    stand.page.keyboard.press("Enter")
    assert stand.sent() == [{"kind": "action", "action": "check"}]
    expect(place.get_by_role("status")).to_contain_text("the kernel answers when it is free")


def test_rendering_again_asks_first_and_escape_takes_it_back(bench, states):
    stand = bench()
    place = stand.mount(states["completed"])
    place.get_by_role("button", name="Render again").click()
    expect(place.locator(".kodisc-question")).to_contain_text("costs credits: about 51")
    stand.page.keyboard.press("Escape")
    expect(place.get_by_role("button", name="Render again")).to_be_focused()
    assert stand.sent() == []


def test_the_job_id_can_be_copied(bench, states):
    stand = bench(permissions=["clipboard-read", "clipboard-write"])
    place = stand.mount(states["running"])
    place.get_by_role("button", name="Copy job ID").click()
    expect(place.get_by_role("status")).to_have_text("Job ID copied.")
    assert stand.page.evaluate("navigator.clipboard.readText()") == states["running"]["job"]


def test_nothing_moves_for_those_who_asked_for_that(bench, states):
    stand = bench(reduced_motion="reduce")
    for name, state in states.items():
        stand.mount(state, name)
    assert stand.page.evaluate("document.getAnimations().length") == 0


def test_the_shapes_are_right_and_never_wider_than_the_cell(bench):
    shapes = {"completed": 16 / 9, "completed-upright": 9 / 16}
    for width in (1200, 360):
        stand = bench(width=width)
        for name, ratio in shapes.items():
            face = faces()[name]
            panel = stand.mount(face.json, name)
            html = figure_html(face.state, src=face.shown.src, poster_src=face.shown.poster_src)
            for place in (panel, stand.html(html, f"{name}-html")):
                place.locator("video").scroll_into_view_if_needed()
                box = place.locator("video").bounding_box()
                assert box["width"] <= width
                assert box["height"] <= 0.85 * 900 + 1
                assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.02)


def test_captions_are_shown_by_the_player(bench, states):
    vtt = b"WEBVTT\n\n00:00.000 --> 00:09.000\na squared plus b squared\n"
    track = data_url(vtt, "text/vtt")
    face = faces()["completed"]
    stand = bench(fixed=False)
    html = figure_html(face.state, src=face.shown.src, captions_src=track)
    video = {**states["completed"]["video"], "track": track}
    for place in (stand.html(html), stand.mount({**states["completed"], "video": video})):
        player = place.locator("video").element_handle()
        player.evaluate("(video) => { video.textTracks[0].mode = 'showing'; }")
        stand.page.wait_for_function(
            "(video) => video.textTracks[0].cues?.[0]?.text === 'a squared plus b squared'",
            arg=player,
        )


def test_hostile_texts_and_addresses_do_no_harm(bench, states):
    hostile = {
        **states["completed"],
        "scene": EVIL,
        "headline": EVIL,
        "say": EVIL,
        "settings": EVIL,
        "job": EVIL,
        "error": EVIL * 1000,
        "money": [[EVIL, EVIL, EVIL]],
        "receipt": [EVIL],
        "problem": {
            **states["failed"]["problem"],
            "message": EVIL,
            "hint": EVIL,
            "full": EVIL,
            "excerpt": [{"number": 1, "text": EVIL, "mark": [0, 3]}],
        },
        "video": {
            **states["completed"]["video"],
            "src": "javascript:window.pwned=1",
            "poster": "https://user@evil.test/x.jpg",
            "captions": "data:text/html,<script>window.pwned=1</script>",
            "track": "https://evil.test/c.vtt",
            "alt": EVIL,
            "note": EVIL,
            "width": "1px;position:fixed",
        },
    }
    stand = bench()
    place = stand.mount(hostile)
    stand.push({**hostile, "phase": "failed", "problem": None})
    expect(place.locator(".kodisc-scene")).to_have_text(EVIL)
    assert stand.page.evaluate("window.pwned") is None
    assert not [url for url in stand.asked if "evil" in url]
    assert place.locator("script, img, a, video").count() == 0
    assert place.evaluate("(el) => el.scrollWidth <= el.clientWidth")


def test_thirty_waiting_jobs_stay_readable_and_light(bench, states):
    stand = bench()
    for at in range(30):
        stand.mount(states["queued"], f"job-{at}")
    heights = stand.page.evaluate(
        "[...document.querySelectorAll('.kodisc-panel')].map((el) => el.offsetHeight)"
    )
    assert len(heights) == 30
    assert max(heights) <= 110
    assert stand.page.evaluate("document.querySelectorAll('.kodisc-panel *').length") < 30 * 80


def test_a_panel_that_is_taken_away_leaves_nothing(bench, states):
    stand = bench()
    place = stand.mount(states["running"])
    stand.page.evaluate("models[0].unmount()")
    expect(place.locator("*")).to_have_count(0)
    stand.push(states["completed"])
    expect(place.locator("*")).to_have_count(0)
