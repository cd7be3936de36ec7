"""A page that mounts the real bundle on a model without a kernel, in Chromium."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kodisc_jupyter.notebook.display.widget import STATIC

sys.path.insert(0, str(Path(__file__).parent.parent))  # pytest's importlib mode adds nothing itself
from panel_faces import NOW, faces
from panel_media import cdn_media

ORIGIN = "https://panel.test"
_HTML = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Panels</title>
<link rel="stylesheet" href="/panel.css">
<style>
body { margin: 8px; background: Canvas; color: CanvasText; color-scheme: light dark;
       font: 14px/1.5 system-ui, sans-serif }
h1 { font-size: 14px; margin: 0 }
THEME
</style>
<main><h1>Panels</h1></main>
<script type="module">
import panel from "/panel.js";
window.models = [];
window.mount = (state, name) => {
  const handlers = {};
  const model = {
    state, news: 0, sent: [],
    get: (name) => name === "news" ? model.news : model.state[name],
    send: (content) => model.sent.push(content),
    on: (event, callback) => { handlers[event] = callback; },
    off: (event) => { delete handlers[event]; },
    push: (next) => { model.state = next; model.news += 1; handlers["change"]?.(); },
    tell: (message, buffers) => handlers["msg:custom"]?.(message, buffers),
  };
  const el = document.createElement("div");
  el.dataset.face = name;
  document.querySelector("main").append(el);
  model.unmount = panel.render({ model, el });
  window.models.push(model);
};
window.html = (html, name) => {
  const el = document.createElement("div");
  el.dataset.face = name;
  el.innerHTML = html;
  document.querySelector("main").append(el);
};
window.ready = true;
</script></html>"""


@pytest.fixture(scope="session")
def media():
    return cdn_media()


class Bench:
    """One page with panels on it. ``troubles`` is what its console complained of."""

    def __init__(self, page, media, theme=""):
        self.page = page
        self.troubles = []
        self.asked = []
        self._media = media
        self._html = _HTML.replace("THEME", theme)
        page.on("console", lambda said: said.type in {"error", "warning"} and self._note(said.text))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("dialog", lambda dialog: (self._note(dialog.message), dialog.dismiss()))
        page.route("**/*", self._serve)

    def _note(self, text):
        self.troubles.append(text)

    def _serve(self, route):
        url = route.request.url
        name = url.rsplit("/", 1)[-1]
        self.asked.append(url)
        if url == f"{ORIGIN}/":
            route.fulfill(body=self._html, content_type="text/html")
        elif url.startswith(ORIGIN) and (STATIC / name).is_file():
            kind = "text/css" if name.endswith("css") else "text/javascript"
            route.fulfill(body=(STATIC / name).read_bytes(), content_type=kind)
        elif name in self._media:
            kind, content = self._media[name]
            route.fulfill(body=content, content_type=kind)
        else:
            route.fulfill(status=404)

    def open(self):
        self.page.goto(f"{ORIGIN}/")
        self.page.wait_for_function("window.ready")
        return self

    def mount(self, state, name="panel"):
        """Mount a panel; its element."""
        self.page.evaluate("([state, name]) => mount(state, name)", [state, name])
        return self.page.locator(f'[data-face="{name}"]')

    def html(self, html, name="html"):
        """Show static HTML as a trusted output; its element."""
        self.page.evaluate("([html, name]) => window.html(html, name)", [html, name])
        return self.page.locator(f'[data-face="{name}"]')

    def push(self, state, at=0):
        self.page.evaluate("([state, at]) => models[at].push(state)", [state, at])

    def sent(self, at=0):
        return self.page.evaluate("(at) => models[at].sent", at)


@pytest.fixture
def bench(chromium, media):
    """Opens pages: ``bench(width=360, color_scheme="dark")``; no console may complain."""
    contexts, opened = [], []

    def make(*, width=1200, theme="", fixed=True, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        if fixed:
            page.clock.set_fixed_time(NOW)
        opened.append(Bench(page, media, theme))
        return opened[-1].open()

    yield make
    for context in contexts:
        context.close()
    assert [one.troubles for one in opened] == [[] for _ in opened]


@pytest.fixture(scope="session")
def states():
    """The JSON of every face by its name."""
    return {name: json.loads(json.dumps(face.json)) for name, face in faces().items()}
