"""What the front end is told about a render: the fields of the panel, as JSON."""

from __future__ import annotations

from typing import Final

from kodisc_jupyter.api.values import JobStatus
from kodisc_jupyter.notebook.display import words
from kodisc_jupyter.notebook.display.links import safe_url
from kodisc_jupyter.notebook.display.output.chapters import panel_transcript
from kodisc_jupyter.notebook.display.output.embedding import Sources, VideoOptions
from kodisc_jupyter.notebook.display.output.figure import css_width
from kodisc_jupyter.notebook.display.sending.delivery import Bundle
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import ENDED, Phase, RenderState
from kodisc_jupyter.scene.diagnostics import Diagnostic, to_json


def panel_json(
    state: RenderState,
    problem: Diagnostic | None = None,
    *,
    now: float,
    shown: Sources | None = None,
    video_options: VideoOptions | None = None,
    viewer: bool = False,
) -> Bundle:
    """All that the front end shows of a render, as JSON; times are milliseconds since the epoch.

    What is empty is None. The names are the traits of
    :class:`~kodisc_jupyter.notebook.display.widget.KodiscPanel`. ``now`` is the kernel's clock
    (seconds since the epoch) at sending, by which the browser corrects its own. A video that only
    this machine has is not in here: ``video.ask`` tells the page to ask for it (action ``"video"``)
    if the panel is all it has. ``viewer``: who looks did not write this and does not pay for it.
    """
    retry = state.retry if state.phase is Phase.RETRYING else None
    open_ = state.phase not in ENDED
    # at the end, the receipt says it
    unpaid = " · no credits needed" if state.unlimited and open_ else ""
    fields = {
        "phase": str(state.phase),
        "now": milliseconds(now),
        "began": milliseconds(state.began_at),
        "ended": milliseconds(state.ended_at),
        "headline": words.headline(state),
        "say": words.explanation(state),
        "scene": words.name(state.scene),
        "settings": words.settings(state) + unpaid,
        "upright": state.aspect_ratio == "9:16",
        "job": words.name(state.job_id) if state.job_id else None,
        "step": _step(state),
        "retry": retry
        and {
            "attempt": retry.attempt,
            "attempts": retry.attempts,
            "at": milliseconds(retry.at),
            "reason": words.name(retry.reason),
        },
        "money": [[words.plain(text, 300) for text in row] for row in money.rows(state)],
        "again": money.again(state) if state.phase in _AGAIN and not state.unlimited else None,
        "guess": _guess(state),
        "preview": state.preview if open_ or (shown and shown.pending) else None,
        "cancel": state.cancellable and open_,
        "receipt": words.outcome(state) if state.phase is Phase.COMPLETED else None,
        "error": words.plain(state.error) if state.error else None,
        "problem": _problem(problem) if problem else None,
        "video": _video(state, shown, video_options or VideoOptions()),
        "viewer": viewer,
        "free": state.unlimited,
    }
    sent = {name: value or None for name, value in fields.items()}
    return sent | {"progress": state.progress if open_ else None}  # 0 is not nothing


_AGAIN: Final = frozenset({Phase.COMPLETED, Phase.FAILED})


def milliseconds(seconds: float | None) -> int | None:
    """A time as the browser counts it."""
    return None if seconds is None else round(seconds * 1000)


def _guess(state: RenderState) -> list[int] | None:
    """Since when it renders, and how long in all that will probably take."""
    if state.due_at is None:
        return None
    since = round(state.phase_at * 1000)
    return [since, round(state.due_at * 1000) - since]


def _step(state: RenderState) -> int | None:
    """Which of the panel's steps, from 1, a lost render was last heard of in."""
    if state.phase is Phase.LOST and state.job and not state.job.is_terminal:
        return 4 if state.job.status is JobStatus.RUNNING else 3
    return None


def _problem(problem: Diagnostic) -> Bundle:
    """A diagnostic for the page, its long texts cut."""
    fields = to_json(problem)
    return fields | {key: words.cut(fields[key]) for key in ("message", "hint", "full")}


def _video(state: RenderState, shown: Sources | None, video_options: VideoOptions) -> Bundle | None:
    if state.phase is not Phase.COMPLETED or shown is None:
        return None
    public = bool(shown.src) and "://" in str(shown.src)
    fields = {
        "src": safe_url(shown.src) if public else None,
        "ask": bool(shown.src) and not public,
        "poster": safe_url(shown.poster_src) if public else None,
        "track": safe_url(shown.captions_src) if public else None,
        "captions": safe_url(shown.captions_url) if public else None,
        "transcript": words.plain(shown.transcript),
        "chapters": [
            [round(start_s, 3), words.clock(start_s), words.name(name)]
            for name, start_s, _ in state.outline.chapters
        ],
        "told": panel_transcript(state.outline, video_options.transcript, video_options.alt),
        "width": css_width(video_options.width) if video_options.width else None,
        "loop": video_options.loop,
        "autoplay": video_options.autoplay,
        "alt": words.plain(video_options.alt, 500),
        "note": words.plain(shown.note, 600),
        "apart": not (video_options.saved and shown.src),
    }
    return {name: value for name, value in fields.items() if value}
