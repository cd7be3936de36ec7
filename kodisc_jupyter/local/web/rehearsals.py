"""Rehearsals: a pass through a scene without drawing, beside the API and its jobs.

They cost nothing, start no job and do not queue behind renders: whoever asks is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kodisc_jupyter.api.rules import STILLS_LIMIT
from kodisc_jupyter.local.processes.executor import Executor
from kodisc_jupyter.local.render_request import task_of
from kodisc_jupyter.stage.task import REPORT, FramesWanted, Limits, Outcome, grace_s

TIME_LIMIT_S: Final = 5.0
"""Seconds that a rehearsal may take, unless the request says otherwise."""

LONGEST_S: Final = 120.0

log = logging.getLogger("kodisc_jupyter.local")


class Rehearsals:
    """Runs rehearsals, as many at a time as there are workers."""

    def __init__(self, executor: Executor, folder: Path, limits: Limits) -> None:
        """``folder`` is for their reports."""
        self._executor = executor
        self._folder = folder
        self._limits = limits
        self._free = asyncio.Semaphore(max(1, executor.slots))

    async def run(
        self, request: dict[str, Any], *, owner: str, left: asyncio.Event
    ) -> dict[str, Any]:
        """The report of a rehearsal; ``outcome`` is ``stopped`` where there is none.

        ``left`` is set when nobody waits for it any more: it is ended then.
        """
        seconds = time_limit(request.get("timeLimitS"))
        frames = frames_wanted(request.get("pictures"))
        limits = replace(self._limits, seconds=min(self._limits.seconds, seconds + grace_s(frames)))
        task = task_of("rehearsal-" + secrets.token_hex(8), request, limits, owner=owner)
        task = replace(
            task,
            rehearse=True,
            measure=request.get("measure") is True,
            frames=frames,
        )
        results = self._folder / task.job_id
        try:
            async with self._free:
                if left.is_set():
                    return {"outcome": "stopped", "error": "Nobody waits for it any more."}
                ending = asyncio.create_task(self._end_when(left, task.job_id))
                try:
                    outcome = await self._executor.render(task, results, lambda: None)
                finally:
                    ending.cancel()
            return await asyncio.to_thread(_report, results / REPORT, outcome)
        except Exception:
            log.exception("a rehearsal")
            return {"outcome": "stopped", "error": "An error of the render server's own."}
        finally:
            shutil.rmtree(results, ignore_errors=True)

    async def _end_when(self, left: asyncio.Event, job_id: str) -> None:
        await left.wait()
        await self._executor.cancel(job_id)


def time_limit(asked: object) -> float:
    """Seconds for a rehearsal, from what the request says."""
    if isinstance(asked, (int, float)) and not isinstance(asked, bool) and 0 < asked <= LONGEST_S:
        return float(asked)
    return TIME_LIMIT_S


def frames_wanted(asked: object) -> FramesWanted | None:
    """The frames to draw, from what the request says; what makes no sense is left out."""
    if not isinstance(asked, dict):
        return None
    times = asked.get("at")
    at_s = [
        float(each)
        for each in (times if isinstance(times, list) else ())
        if isinstance(each, (int, float)) and not isinstance(each, bool) and each >= 0
    ]
    wanted = FramesWanted(
        tuple(dict.fromkeys(at_s))[:STILLS_LIMIT],
        last=asked.get("last") is True,
        storyboard=asked.get("storyboard") is True,
    )
    return None if wanted == FramesWanted() else wanted


def _report(path: Path, outcome: Outcome) -> dict[str, Any]:
    if outcome.error is None:
        with contextlib.suppress(OSError, ValueError):
            report = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(report, dict):
                return report
    return {"outcome": "stopped", "error": outcome.error or "It left no report."}
