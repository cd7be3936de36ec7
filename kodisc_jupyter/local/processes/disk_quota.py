"""What renders may write: each job; and, where scenes are locked in, each user in all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from kodisc_jupyter.local.processes.disk_usage import usage
from kodisc_jupyter.local.processes.forker_link import JOBS, ForkerLink, Place, Render
from kodisc_jupyter.local.store import remove_tree
from kodisc_jupyter.stage.task import Limits, Shared, disk_exceeded


class DiskQuota:
    """Looks, in other threads, at what renders have written, and stops those that wrote too much.

    ``stop`` is called with a job's ID and the reason; ``end_room`` with the folder of a user whose
    renders have to end and of whom nothing may be kept, and the reason.
    """

    def __init__(
        self,
        shared: Shared,
        threads: Executor,
        stop: Callable[[str, str], None],
        end_room: Callable[[Place, str], None],
    ) -> None:
        self._shared = shared
        self._threads = threads
        self._stop = stop
        self._end_room = end_room
        self._measuring: set[str] = set()

    def look(self, link: ForkerLink) -> None:
        """Look at the renders of this forker, unless an earlier look still goes on."""
        for job_id, render in link.running.items():
            if job_id not in self._measuring:
                self._measuring.add(job_id)
                self._threads.submit(self._measure_job, link.place, render)

    def _measure_job(self, place: Place, render: Render) -> None:
        job_id, limits = render.task.job_id, render.task.limits
        try:
            why = self._excess_of_job(place.outside / JOBS / job_id, limits)
            if why:
                self._stop(job_id, why)
            if place.sandboxed and self._is_overfull(place.outside, limits):
                for folder in (self._shared.formulas, self._shared.segments):
                    if folder is not None:
                        remove_tree(place.outside / folder.name)
                self._end_room(place, disk_exceeded(limits))
        finally:
            self._measuring.discard(job_id)

    def _excess_of_job(self, folder: Path, limits: Limits) -> str:
        used = usage(folder, enough_bytes=limits.disk_bytes, enough_files=limits.files)
        if used.size > limits.disk_bytes:
            return disk_exceeded(limits)
        if used.files > limits.files:
            return f"The scene made more than {limits.files:,} files and was stopped."
        return ""

    def _is_overfull(self, room: Path, limits: Limits) -> bool:
        """Whether a user keeps more than anybody may: what is kept, and one render's share."""
        most = limits.disk_bytes + self._shared.segments_bytes
        files = 10 * limits.files
        used = usage(room, enough_bytes=most, enough_files=files)
        return used.size > most or used.files > files
