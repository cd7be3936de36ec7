"""Every option of ``%%kodisc`` in a real kernel: what is sent, what is shown, what is kept."""

from __future__ import annotations

import re

import av

TINY = """\
from manim import *


class Tiny(Scene):
    def construct(self):
        self.wait(0.2)
"""
TWO = """\
from manim import *


class One(Scene):
    def construct(self):
        self.wait(0.2)


class Two(One):
    pass
"""


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def figure(kernel, line: str, code: str = TINY) -> dict:
    request = kernel.run(f"%%kodisc {line}\n{code}")
    assert kernel.error(request) == ""
    return kernel.final(request)


def error(kernel, line: str, code: str = TINY) -> str:
    return plain(kernel.error(kernel.run(f"%%kodisc {line}\n{code}")))


def test_what_is_sent_follows_the_options_and_settings(start_kernel, fresh_home, cloud):
    kernel = start_kernel(fresh_home, **cloud.env())
    kernel.run("n = 3\ntitle = 'Größe'")
    kernel.run("%config KodiscMagics.quality = 'low'")
    figure(kernel, "")
    figure(kernel, "-a 9:16 --fps 12 --no-webhook")
    figure(kernel, "--force --webhook https://example.org/hook --metadata '{\"week\": 3}'")
    figure(kernel, "--metadata null --force")
    figure(kernel, "--with n,title", TINY.replace("0.2", "n / 10 + len(title) / 50"))
    assert kernel.error(kernel.run("%%kodisc_prelude\nfrom manim import *\n\nSHORT = 0.2\n")) == ""
    bare = "class Tiny(Scene):\n    def construct(self):\n        self.wait(SHORT)\n"
    figure(kernel, "-q medium", bare)
    one, two, three, four, five, six = cloud.posts
    assert one == {"code": TINY, "className": "Tiny", "quality": "low", "aspectRatio": "16:9"}
    assert two == {**one, "aspectRatio": "9:16", "fps": 12, "webhookUrl": None}
    assert three == {**one, "webhookUrl": "https://example.org/hook", "metadata": {"week": 3}}
    assert four == {**one, "metadata": None}
    assert five["code"].startswith("n = 3\ntitle = 'Größe'\n")
    assert six["code"] == f"from manim import *\n\nSHORT = 0.2\n{bare}"
    assert six["quality"] == "medium"


def test_what_was_rendered_before_is_shown_again_and_force_renders_anew(
    start_kernel, fresh_journal, cloud
):
    kernel = start_kernel(fresh_journal, **cloud.env())
    first = figure(kernel, "-ql")
    assert "balance" not in first["text/plain"]
    again = figure(kernel, "-ql")
    assert "Rendered before, on" in again["text/plain"]
    assert len(cloud.posts) == 1
    assert "checked" in kernel.stdout(kernel.run(f"%%kodisc -ql --check\n{TINY}")).lower()
    figure(kernel, "-ql --force")
    assert len(cloud.posts) == 2
    figure(kernel, "-ql --backend local")
    assert len(cloud.posts) == 2


def test_a_limit_that_would_be_passed_refuses_before_sending(start_kernel, fresh_home, cloud):
    kernel = start_kernel(fresh_home, **cloud.env())
    refusal = error(kernel, "-ql --max-credits 0")
    assert "BudgetExceededError" in refusal
    assert "Nothing was sent and nothing was charged" in refusal
    kernel.run("%config KodiscMagics.max_credits = 0")
    assert "the budget of this session is 0" in error(kernel, "-ql")
    assert "Budget of this session: 0 of 0 credits left" in kernel.stdout(kernel.run("%kodisc"))
    assert cloud.posts == []


def test_how_a_video_is_kept_and_shown(start_kernel, kodisc_home, tmp_path):
    kernel = start_kernel(kodisc_home)
    embedded = figure(kernel, "-ql --width 300 --loop --autoplay --alt 'nothing <moves>'")
    html = embedded["text/html"]
    assert '<video src="data:video/mp4;base64,' in html
    assert "width:300px" in html
    assert " loop autoplay muted " in html
    assert "nothing &lt;moves&gt;" in html
    linked = figure(kernel, "-ql --link")["text/html"]
    (path,) = re.findall(r'<video src="(kodisc/[^"]+\.mp4)"', linked)
    assert av.open(str(tmp_path / path)).streams.video[0].height == 480
    saved = figure(kernel, "-ql --save out/tiny")["text/plain"]
    assert f"Saved as {tmp_path / 'out' / 'tiny.mp4'}" in saved
    assert (tmp_path / "out" / "tiny.mp4").is_file()
    assert "tiny.gif" in figure(kernel, "-ql --save out/tiny.gif")["text/plain"]
    assert (tmp_path / "out" / "tiny.gif").read_bytes()[:6] == b"GIF89a"
    assert ".mp4, .gif, .webm or .png, not as .txt" in error(kernel, "-ql --save tiny.txt")
    assert "could not be written" in figure(kernel, "-ql --save /proc/tiny.mp4")["text/plain"]
    kernel.run("%config KodiscMagics.embed_limit_mb = 0")
    assert "too large to embed here" in figure(kernel, "-ql")["text/html"]


def test_several_scenes_are_several_videos_under_one_name(start_kernel, kodisc_home, tmp_path):
    kernel = start_kernel(kodisc_home)
    request = kernel.run(f"%%kodisc One Two -ql --wait --as both --save videos/\n{TWO}")
    assert kernel.error(request) == ""
    assert len(kernel.displayed(request)) == 2
    assert sorted(p.name for p in (tmp_path / "videos").iterdir()) == ["One.mp4", "Two.mp4"]
    assert kernel.stdout(kernel.run("print([r.job.status.value for r in both])")) == (
        "['completed', 'completed']\n"
    )
    assert "Name a folder: --save both.mp4/" in error(kernel, "One Two --save both.mp4", TWO)
    said = error(kernel, "-ql", TWO)
    assert "One" in said
    assert "Two" in said


def test_waiting_as_asked_as_set_and_at_most_so_long(start_kernel, kodisc_home, gate):
    kernel = start_kernel(kodisc_home, KODISC_WAIT="always")
    gate.open()
    waited = kernel.run(f"%%kodisc -ql --force\n{gate.scene()}")
    assert "text/html" in kernel.displays[kernel.displayed(waited)[0]]
    gate.close()
    at_once = kernel.run(f"%%kodisc -ql --force --no-wait\n{gate.scene()}")
    assert "text/html" not in kernel.displays[kernel.displayed(at_once)[0]]
    late = kernel.run(f"%%kodisc -ql --force --timeout 0.05\n{gate.scene()}")
    assert "not finished within 0.05 s; the job goes on" in kernel.error(late)
    gate.open()
    assert "<video " in kernel.final(late)["text/html"]
    assert "Done: " in kernel.stdout(kernel.run("%kodisc wait"))


def test_render_from_python_is_the_same_render(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    kernel.run(f"from kodisc_jupyter import render\nCODE = {TINY!r}")
    figure(kernel, "-ql")
    request = kernel.run("again = render(CODE, quality='low'); print(again.wait().status.value)")
    assert kernel.stdout(request) == "completed\n"
    assert "Rendered before, on" in kernel.final(request)["text/plain"]
    wrong = plain(kernel.error(kernel.run("render(CODE, quality='lo')")))
    assert "quality must be one of" in wrong
    assert "Traceback" not in wrong
    assert "The cell defines no scene" in plain(kernel.error(kernel.run("render('x = 1')")))
    sent = kernel.run(
        "render(CODE.replace('0.2', 'pause'), values={'pause': 0.3}, quality='l', wait=True)"
    )
    assert "<video " in kernel.final(sent)["text/html"]


def test_a_value_that_cannot_be_sent_or_is_not_there_is_said_at_its_word(start_kernel, kodisc_home):
    kernel = start_kernel(kodisc_home)
    kernel.run("import threading\nlock = threading.Lock()\ncolor = 'red'")
    for line, said in {
        "--with lock": "its value cannot be sent",
        "--with nothere": "this notebook has no variable 'nothere'",
        "--with color": "replaces the color that is sent along",
    }.items():
        refusal = error(kernel, line)
        assert said in refusal
        assert "Nothing was sent" in refusal
        assert "^" in refusal
