"""How a render is put into words: one place for the panel, the figure and the plain text.

Pure functions. Nothing here guesses: what the API did not say reads "unknown".
"""

from __future__ import annotations

import math
from typing import Final

from kodisc_jupyter.api.values import CANCELLED, PRESETS, AspectRatio, frame_size
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import ENDED, Phase, RenderState, Trouble
from kodisc_jupyter.scene.excerpt import ANSI, visible

TEXT_LIMIT: Final = 4_000
"""Characters of foreign text (an error, say) that are shown; see :func:`cut`."""

PRINTED_LIMIT: Final = 1_000
"""Characters of what a scene prints that are shown."""

NAME_LIMIT: Final = 200
"""Characters of a foreign name (scene, job ID) that are shown."""


def plain(text: str, limit: int = TEXT_LIMIT) -> str:
    """Foreign text made harmless to read, and not longer than about ``limit`` characters.

    Colour codes go; characters that steer the direction of writing, and other controls, are
    written out (``<U+202E>``), so that nothing can be made to read backwards.
    """
    lines = cut(ANSI.sub("", text.replace("\r\n", "\n")), limit).split("\n")
    return "\n".join(visible(line.expandtabs(4)) for line in lines)


def printed(text: str) -> str:
    """What a scene printed, below a line that says so; empty where it printed nothing."""
    output = text.strip()
    return f"The scene printed:\n{plain(output, PRINTED_LIMIT)}" if output else ""


def name(text: str, limit: int = NAME_LIMIT) -> str:
    """Foreign text on one line: a scene's name, a job ID."""
    return plain(" ".join(text[: 4 * limit].split()), limit)


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """The first and last part of a long text, with a note on how much is left out between."""
    if len(text) <= limit:
        return text
    head = limit // 4
    tail = limit - head
    return f"{text[:head]}\n… {len(text) - limit:,} characters left out …\n{text[-tail:]}"


def clock(seconds: float) -> str:
    """A duration as ``0:07`` or ``1:02:03``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_left(state: RenderState, now: float) -> str:
    """How long a render will take yet; the panel has the same words."""
    if state.due_at is None:
        return ""
    left = state.due_at - now
    if left <= 0:
        return "taking longer than last time" if state.progress is None else ""
    return f"about {money.span(math.ceil(left))} left"


def duration(milliseconds: int) -> str:
    """How long a render took: ``3.2 s`` below a minute, ``2:05`` from there on."""
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 60_000 else clock(milliseconds / 1000)


def place(state: RenderState) -> str:
    """Where the render runs, to follow "Rendering"."""
    return f"on {name(state.server)}"


def headline(state: RenderState) -> str:
    """What is happening, in words: the panel's phase text."""
    local = state.backend == "local"
    server = "the server on this machine" if local else name(state.server)
    return {
        Phase.CHECKING: "Checking the scene",
        Phase.REHEARSING: "Rehearsing the scene on this machine",
        Phase.SUBMITTING: f"Sending the job to {server}",
        Phase.RETRYING: f"Sending the job to {server} again",
        Phase.QUEUED: f"Queued {place(state)}",
        Phase.RUNNING: f"Rendering {place(state)}",
        Phase.FETCHING: "Rendered; fetching the video",
        Phase.COMPLETED: "Ready: rendered before" if state.reused else "Finished",
        Phase.FAILED: "Cancelled" if state.error == CANCELLED else "The render failed",
        Phase.LOST: _out_of_sight(state, f"{server[0].upper()}{server[1:]}"),
        Phase.DETACHED: "No longer watched; the job goes on",
    }[state.phase]


def _out_of_sight(state: RenderState, server: str) -> str:
    if state.trouble is Trouble.KEY_REFUSED:
        return "The key was refused; the job goes on"
    if state.trouble is Trouble.UNREADABLE:
        return f"{server} gives an answer that makes no sense; the job is kept"
    return f"{server} cannot be reached; the job goes on"


def explanation(state: RenderState) -> str:
    """One sentence to go with the headline where it leaves a question open, else empty.

    ``state.note`` comes first where the render has something of its own to say.
    """
    own = " ".join(filter(None, (state.note, money.settlement(state))))
    if own:
        return plain(own, 900)
    job = name(state.job_id or "JOBID")
    if state.unrehearsed and state.phase not in {Phase.LOST, *ENDED}:
        return unrehearsed(state.unrehearsed)
    return {
        Phase.CHECKING: "Nothing has been sent.",
        Phase.REHEARSING: "It is played once without drawing, to find mistakes before they cost "
        "anything. Nothing has been sent.",
        Phase.RUNNING: _drawn(state),
        Phase.LOST: "It is asked again automatically, less and less often.",
        Phase.DETACHED: f"To see it again: %kodisc show {job}, or run the cell again{_once(state)}",
    }.get(state.phase, "")


def _drawn(state: RenderState) -> str:
    """How far it is, while nobody knows yet how many frames there will be."""
    if state.progress is not None or not state.drawn:
        return ""
    return f"{state.drawn:,} frame{'' if state.drawn == 1 else 's'} drawn so far."


def unrehearsed(why: str) -> str:
    """That a rehearsal has not shown all, and why."""
    return plain(
        f"The rehearsal was not finished: {why.rstrip('.')}. The scene is sent as it is.", 600
    )


def settings(state: RenderState) -> str:
    """Quality, size in pixels and frame rate: ``low · 854×480 · 15 fps``."""
    if state.quality not in PRESETS or state.aspect_ratio not in tuple(AspectRatio):
        rate = f" · {state.fps} fps" if state.fps else ""  # a later version rendered it
        return f"{name(str(state.quality))} · {name(str(state.aspect_ratio))}{rate}"
    width, height = frame_size(state.quality, state.aspect_ratio)
    fps = state.fps or PRESETS[state.quality][2]
    length = f" · {money.span(-(-state.length_s // 1))} of video" if state.length_s else ""
    return f"{state.quality} · {width}×{height} · {fps} fps{length}"


def receipt(state: RenderState) -> list[str]:
    """The receipt of an ended render, part by part: settings, seconds, credits, job ID."""
    job = [f"job {name(state.job_id)}"] if state.job_id else []
    return [settings(state), *outcome(state), *job]


def outcome(state: RenderState) -> list[str]:
    """What came out of an ended render, in its receipt: seconds, credits."""
    parts = []
    if state.job and state.job.duration_ms is not None:
        parts.append(f"rendered in {duration(state.job.duration_ms)}")
    if state.phase in {Phase.COMPLETED, Phase.FAILED} or state.cost is not None:
        parts.append(money.receipt(state))
    if state.job and state.job.exposed:
        parts.append("without a sandbox")
    return parts


def _once(state: RenderState) -> str:
    """The end of a sentence about running a cell again; what is free is not paid at all."""
    return "." if state.unlimited else "; you do not pay twice."
