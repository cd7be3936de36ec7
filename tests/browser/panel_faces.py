"""One render in every phase, as the kernel would send it: the panel's faces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kodisc_jupyter.api.models import AspectRatio, Balance, Job, JobStatus, Quality
from kodisc_jupyter.notebook.display.output.embedding import Sources, VideoOptions
from kodisc_jupyter.notebook.display.panel_json import panel_json
from kodisc_jupyter.renders import money
from kodisc_jupyter.renders.state import Budget, Estimate, Media, Phase, RenderState, Retry
from kodisc_jupyter.scene.diagnostics import Diagnostic, Severity
from kodisc_jupyter.scene.excerpt import excerpt

BEGAN = 1_760_000_000.0
NOW = BEGAN + 7.4
JOB_ID = "clx9f0a1b0000abcd1234efgh"
CDN = "https://cdn.kodisc.test/r/" + JOB_ID


@dataclass(frozen=True)
class Face:
    """A state with what belongs to it; ``json`` is what the page gets at ``NOW``."""

    state: RenderState
    problem: Diagnostic | None = None
    shown: Sources | None = None
    kept: VideoOptions = field(default_factory=VideoOptions)

    @property
    def json(self) -> dict[str, Any]:
        now = self.state.began_at + NOW - BEGAN
        return panel_json(self.state, self.problem, now=now, shown=self.shown)


PREVIEW = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAASCAIAAAC1qksFAAAAIUlEQVR4nGOUKe1ioCVgoqnpoxaMWjBq"
    "wagFoxaMWgAFAAmQAT+Plt+HAAAAAElFTkSuQmCC"
)

_CODE = [
    "class HelloKodisc(Scene):",
    "    def construct(self):",
    '        title = Text("Pythagoras").to_edge(UP)',
    "        self.play(Write(titel))",
    "        self.wait()",
]

PROBLEM = Diagnostic(
    check="failed",
    severity=Severity.ERROR,
    message="NameError: name 'titel' is not defined. Did you mean: 'title'?",
    line=4,
    column=24,
    end_column=29,
    hint="The name is written title in line 3.",
    charged="You were charged 0 credits.",
    excerpt=excerpt(_CODE, 3, 1, 24, 29),
    full="Traceback (most recent call last):\n"
    '  File "scene.py", line 4, in construct\n'
    "    self.play(Write(titel))\n"
    "NameError: name 'titel' is not defined",
)

_CLOUD = RenderState(
    render_id="r1",
    phase=Phase.CHECKING,
    scene="HelloKodisc",
    quality=Quality.MEDIUM,
    aspect_ratio=AspectRatio.WIDE,
    backend="cloud",
    began_at=BEGAN,
    phase_at=BEGAN + 3,
    balance_before=Balance(1840, 200, 2040),
    budget=Budget(limit=500, spent=102),
    estimate=Estimate(money.ground(2, "medium", "HelloKodisc"), 51, 12_000),
)


def _job(status: JobStatus) -> Job:
    return Job(JOB_ID, status)


_DONE = Job(JOB_ID, JobStatus.COMPLETED, credits_cost=51, duration_ms=11_840)


def faces() -> dict[str, Face]:
    """Every face by its name; the name begins with the phase."""
    queued = _CLOUD._replace(phase=Phase.QUEUED, job=_job(JobStatus.QUEUED), reserved=40)
    running = queued._replace(phase=Phase.RUNNING, job=_job(JobStatus.RUNNING))
    local = running._replace(
        backend="local",
        unlimited=True,
        quality=Quality.LOW,
        reserved=None,
        balance_before=None,
        budget=None,
        estimate=None,
    )
    completed = running._replace(
        phase=Phase.COMPLETED,
        job=_DONE,
        cost=51,
        balance_after=Balance(1840, 149, 1989),
        budget=Budget(limit=500, spent=153),
        ended_at=BEGAN + 15,
        media=Media(video=Path("video.mp4"), video_url=f"{CDN}/video.mp4"),
    )
    shown = Sources(f"{CDN}/video.mp4", f"{CDN}/thumb.jpg", None, f"{CDN}/captions.vtt")
    upright = Sources(f"{CDN}/upright.mp4", f"{CDN}/upright.jpg")
    failed = running._replace(
        phase=Phase.FAILED,
        job=Job(JOB_ID, JobStatus.FAILED, credits_cost=0, duration_ms=2_100, error="NameError"),
        ended_at=BEGAN + 6,
        cost=0,
        balance_after=Balance(1840, 200, 2040),
        error="NameError: name 'titel' is not defined",
    )
    return {
        "checking": Face(_CLOUD._replace(estimate=None, balance_before=None, budget=None)),
        "rehearsing": Face(_CLOUD._replace(phase=Phase.REHEARSING)),
        "submitting": Face(_CLOUD._replace(phase=Phase.SUBMITTING)),
        "retrying": Face(
            _CLOUD._replace(
                phase=Phase.RETRYING,
                retry=Retry(3, 5, NOW + 2.6, "the server answered 503"),
            )
        ),
        "queued": Face(queued),
        "running": Face(running),
        "running-local": Face(local),
        "running-uncertain": Face(running._replace(phase_at=BEGAN, uncertain=1)),
        "running-unknown-cost": Face(
            running._replace(
                reserved=None,
                quality=Quality.HIGH,
                estimate=Estimate(money.ground(0, "high")),
            )
        ),
        "running-with-progress": Face(
            local._replace(progress=42, preview=PREVIEW, cancellable=True)
        ),
        "fetching": Face(running._replace(phase=Phase.FETCHING, job=_DONE, estimate=None)),
        "completed": Face(completed, shown=shown),
        "completed-upright": Face(
            completed._replace(aspect_ratio=AspectRatio.UPRIGHT, quality=Quality.LOW),
            shown=upright,
        ),
        "completed-paid-once": Face(completed._replace(uncertain=1), shown=shown),
        "completed-unexplained": Face(
            completed._replace(uncertain=1, balance_after=Balance(1830, 149, 1979)), shown=shown
        ),
        "completed-in-class": Face(
            completed._replace(address="classroom.example.org:8123"), shown=shown
        ),
        "completed-reused": Face(
            completed._replace(reused=True, balance_after=completed.balance_before), shown=shown
        ),
        "completed-local": Face(
            local._replace(
                phase=Phase.COMPLETED,
                job=replace(_DONE, credits_cost=0),
                ended_at=BEGAN + 15,
                media=Media(video=Path("video.mp4")),
            ),
            shown=Sources("data:video/mp4;base64,AAAA"),
        ),
        "failed": Face(failed, PROBLEM),
        "failed-unexplained": Face(failed._replace(balance_after=None, cost=None)),
        "lost": Face(running._replace(phase=Phase.LOST)),
        "detached": Face(running._replace(phase=Phase.DETACHED)),
    }
