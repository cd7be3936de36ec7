"""The static end of a render: what takes the panel's place and stays in the notebook."""

from __future__ import annotations

from typing import Any

from kodisc_jupyter.notebook.display.links import is_embedded
from kodisc_jupyter.notebook.display.output import figure
from kodisc_jupyter.notebook.display.output.embedding import Sources, VideoOptions, sources
from kodisc_jupyter.renders.state import Phase, RenderState
from kodisc_jupyter.scene.diagnostics import Diagnostic

Bundle = dict[str, Any]


def _still(shown: Sources) -> Bundle:
    """The poster as a picture of its own: LaTeX, and so a PDF, takes no HTML."""
    if not is_embedded(shown.poster_src):
        return {}
    head, _, content = shown.poster_src.partition(",")
    return {head.removeprefix("data:").removesuffix(";base64"): content}


def final_output(
    state: RenderState, problem: Diagnostic | None, video_options: VideoOptions
) -> Bundle:
    """The static end, made anew: a video is not held in memory for whoever may ask for it."""
    shown = sources(state, video_options) if state.phase is Phase.COMPLETED else None
    return final_bundle(state, problem, shown, video_options)


def final_bundle(
    state: RenderState,
    problem: Diagnostic | None,
    shown: Sources | None,
    video_options: VideoOptions,
) -> Bundle:
    """The static end of a render: HTML and plain text, and the poster where HTML is not shown."""
    if state.phase is Phase.COMPLETED:
        shown = shown or Sources()
        html = figure.figure_html(
            state,
            src=shown.src,
            poster_src=shown.poster_src,
            captions_src=shown.captions_src,
            captions_url=shown.captions_url,
            transcript=shown.transcript,
            width=video_options.width,
            loop=video_options.loop,
            autoplay=video_options.autoplay,
            alt=video_options.alt,
            note=shown.note,
            own_transcript=video_options.transcript,
        )
        text = figure.figure_text(state, src=shown.src, note=shown.note)
        return {"text/html": html, "text/plain": text, **_still(shown)}
    if state.phase is Phase.FAILED or problem is not None:
        return {
            "text/html": figure.error_html(state, problem),
            "text/plain": figure.error_text(state, problem),
        }
    return {
        "text/html": figure.pause_html(state),
        "text/plain": figure.pause_text(state),
    }
