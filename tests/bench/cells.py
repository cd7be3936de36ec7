"""What a cell costs its kernel: time, messages, bytes."""

from __future__ import annotations

import json
import random
from pathlib import Path

from kodisc_jupyter.renders.watch.pacing import POLL_CAP_S
from tests.bench import scenes
from tests.bench.figures import Figure, Series
from tests.bench.kernels import WIDGET, content_bytes, kernel, sent_at
from tests.support.api_server import Api, api_server

POST = """\
import json as _json, time as _time, requests as _requests
_body = _json.dumps({body!r})
_headers = {{"Authorization": "Bearer {key}", "Content-Type": "application/json"}}
_began = _time.perf_counter()
with _requests.Session() as _s:
    _s.trust_env = False
    _s.post({url!r}, data=_body, headers=_headers, timeout=30).json()
print((_time.perf_counter() - _began) * 1000)
"""


def own_time(folder: Path) -> list[Figure]:
    """A cell that does not wait, from ``busy`` to ``idle``, beside a plain POST of the same."""
    from tests.support.api_server import KEY

    figures = []
    for place in ("local", "cloud"):
        home = folder / place
        with api_server() as api:
            api.lasts_s = 0.3
            with _kernel(home, api, place) as one:
                ours: list[float] = []
                posts: list[float] = []
                for turn in range(16):
                    code = scenes.numbered(turn)
                    request = one.run(f"%%kodisc -ql --no-wait\n{code}")
                    ours.append((one.ended(request) - one.began(request)) * 1000)
                    one.final(request)
                    body = {"code": code, "className": "Numbered", "quality": "low"}
                    post = POST.format(body=body, key=KEY, url=f"{api.url}/render")
                    posts.append(float(one.said(post)))
        post = Series.of(posts[1:])
        beyond = Series.of([each - post.median for each in ours[1:]])
        figures.append(
            Figure(
                "own_time", f"a cell's own time, --no-wait, beyond the POST ({place})", "ms",
                beyond, "≤ 50 ms", beyond.median <= 50, "the POST's round trip", post,
                note=f"the first one of a kernel: {ours[0] - posts[0]:.0f} ms",
            )
        )  # fmt: skip
    return figures


def completion(folder: Path) -> list[Figure]:
    """From the job's end on the server until the final output leaves the kernel."""
    figures = []
    pace = random.Random(8)
    for place, times in (("local", 14), ("cloud", 4)):
        late: list[float] = []
        polls: list[int] = []
        with api_server() as api, _kernel(folder / place, api, place) as one:
            for turn in range(times):
                api.lasts_s = pace.uniform(0.4, 2.0 if place == "local" else 5.0)
                request = one.run(f"%%kodisc -ql --no-wait\n{scenes.numbered(turn)}")
                final = one.final(request)
                job = list(api.jobs.values())[-1]
                late.append((sent_at(final) - job.ends) * 1000)
                polls.append(len(job.polls))
        ours, interval = Series.of(late), POLL_CAP_S[place] * 1000
        figures.append(
            Figure(
                "completion", f"job done on the server until the final output ({place})", "ms",
                ours, "≤ poll interval + 100 ms", max(late) <= interval + 100,
                "poll interval", Series.of([interval]),
                note=f"polls a job: {min(polls)}–{max(polls)}; the largest value counts",
            )
        )  # fmt: skip
    return figures


def rerun(folder: Path) -> list[Figure]:
    """A finished cell run again: until its output is final and the kernel is free."""
    figures = []
    for place in ("local", "cloud"):
        with api_server() as api, _kernel(folder / place, api, place) as one:
            api.lasts_s = 0.1
            cell = f"%%kodisc -ql\n{scenes.numbered(0)}"
            one.final(one.run(cell))
            posts = api.posts
            took = []
            for _ in range(20):
                request = one.run(cell)
                end = max(sent_at(one.final(request)), one.ended(request))
                took.append((end - one.began(request)) * 1000)
            again = api.posts - posts
        ours = Series.of(took)
        figures.append(
            Figure(
                "rerun", f"a finished cell run again ({place})", "ms", ours,
                "≤ 30 ms, no POST", ours.median <= 30 and again == 0, note=f"{again} POSTs",
            )
        )  # fmt: skip
    return figures


def messages(folder: Path) -> list[Figure]:
    """All that a render says on the kernel's output channel, and what it leaves in the notebook."""
    counts: list[float] = []
    sizes: list[float] = []
    saved: list[float] = []
    kinds: list[str] = []
    bundle = 0
    with api_server() as api, _kernel(folder, api, "cloud") as one:
        api.lasts_s = 4.0
        for turn in range(4):
            seen = len(one.messages)
            request = one.run(f"%%kodisc -ql\n{scenes.numbered(turn)}")
            final = one.final(request)
            one.drain(0.8)
            said = one.messages[seen:]
            bundle = bundle or sum(map(_bundle_bytes, said))
            counts.append(len(said))
            sizes.append(sum(map(content_bytes, said)) - (bundle if turn == 0 else 0))
            saved.append(_saved_bytes(final))
            kinds = [f"{each['msg_type']} {content_bytes(each)}" for each in said]
    embedded = _embedded_by_manim(folder / "manim")
    how_many, how_much, kept = Series.of(counts), Series.of(sizes), Series.of(saved)
    return [
        Figure(
            "messages", "messages of one render (cloud)", "", how_many, "≤ 12",
            max(counts) <= 12, details={"last": kinds},
        ),
        Figure(
            "messages", "their content beyond the first widget's bundle", "bytes", how_much,
            "≤ 4,096", max(sizes) <= 4096, note=f"bundle: {bundle:,} bytes",
        ),
        Figure(
            "saved", "a finished, linked render in the saved notebook", "bytes", kept, "≤ 3,072",
            max(saved) <= 3072, "%%manim, embedded", Series.of([embedded]),
        ),
    ]  # fmt: skip


def bundle(_: Path) -> list[Figure]:
    """The front end's script and style."""
    import gzip

    import kodisc_jupyter

    static = Path(kodisc_jupyter.__file__).parent / "static"
    files = [(static / name).read_bytes() for name in ("panel.js", "panel.css")]
    plain = sum(map(len, files))
    zipped = sum(len(gzip.compress(each, 9, mtime=0)) for each in files)
    return [
        Figure(
            "bundle", "front-end bundle, minified", "bytes", Series.of([plain]), "≤ 20,000",
            plain <= 20_000,
        ),
        Figure(
            "bundle", "front-end bundle, gzipped", "bytes", Series.of([zipped]), "≤ 8,000",
            zipped <= 8_000,
        ),
    ]  # fmt: skip


def _kernel(home: Path, api: Api, place: str):
    if place == "local":
        api.pose_as_local(home)
        return kernel(home, "%load_ext kodisc_jupyter")
    return kernel(home, "%load_ext kodisc_jupyter", **api.cloud())


def _bundle_bytes(message: dict) -> int:
    state = message["content"].get("data", {}).get("state", {})
    if message["msg_type"] != "comm_open":
        return 0
    brought = {name: state[name] for name in ("_esm", "_css") if name in state}
    return len(json.dumps(brought, ensure_ascii=False, separators=(",", ":")).encode())


def _saved_bytes(message: dict) -> int:
    """As nbformat writes the output: indented JSON, with its lines split."""
    data = {
        kind: text.splitlines(keepends=True) for kind, text in message["content"]["data"].items()
    }
    output = {
        "data": data,
        "metadata": message["content"]["metadata"],
        "output_type": "display_data",
    }
    assert WIDGET not in data
    return len(json.dumps(output, indent=1, ensure_ascii=False).encode())


def _embedded_by_manim(home: Path) -> int:
    with kernel(home, "from manim import *; config.media_embed = True") as one:
        request = one.run("%%manim -ql -v WARNING --progress_bar none Small\n" + scenes.SMALL)
        shown = one.of(request, "display_data")[-1]
    return _saved_bytes(shown)
