"""The render processes, seen from the one that uses them: a server, or a Dask worker.

One thread keeps the forkers: it starts them, hands them tasks, hears them, ends what takes too
much, and starts them again when something killed or stopped them. Without a sandbox there is one
forker for all; with one, each user has one, and a spare one that belongs to nobody has loaded Manim
already. Any thread may submit; when this process ends, however it ends, the forkers and their
renders end too.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.disk_usage import usage
from kodisc_jupyter.local.processes.ending import close_pipes, conclude, finish, remove_room
from kodisc_jupyter.local.processes.forker.messages import SCENE, Began, Ended, Report
from kodisc_jupyter.local.processes.forker_link import JOBS, ForkerLink, Place, Render
from kodisc_jupyter.local.processes.lane import Lane
from kodisc_jupyter.local.processes.sandbox import CORES, INSIDE, Sandbox
from kodisc_jupyter.local.store import move_in, move_out, remove_tree
from kodisc_jupyter.stage.task import (
    Limits,
    Outcome,
    RenderTask,
    Shared,
    disk_exceeded,
)

CLOSE_LIMIT_S: Final = 5.0
"""Seconds that a forker gets to end its renders before it is killed."""

TICK_S: Final = 1.0
"""Seconds between two looks at whether the forkers answer and what their renders wrote."""

IDLE_S: Final = 300.0
"""A user's forker without work is ended after so long."""

MEMORY_OF_A_FORKER: Final = 160 << 20
"""Bytes that a forker keeps, about: half of the machine's memory goes to them at most."""

KILLED: Final = "The render was stopped: the process that renders was killed."

log = logging.getLogger("kodisc_jupyter.local")


def default_start_method() -> str:
    """``fork`` where a loaded process may be copied, else ``spawn``."""
    return "fork" if sys.platform == "linux" else "spawn"


class RenderProcesses:
    """Renders in processes of their own, each in a private folder below ``folder``."""

    def __init__(
        self,
        folder: Path,
        *,
        shared: Shared | None = None,
        start_method: str | None = None,
        own_process: bool = False,
        sandbox: Sandbox | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            folder: for the private folders.
            shared: what the renders have in common; formulas and segments are folders with
                one folder for each owner.
            start_method: ``fork`` or ``spawn``; default: what is safe here.
            own_process: this process has no children but the forkers, so whatever a killed
                forker leaves behind is adopted and ended (Linux).
            sandbox: locks in the renders of each owner.
        """
        self._folder = folder
        self._shared = shared or Shared()
        self._own_process = own_process
        self._method = start_method or default_start_method()
        self._sandbox = sandbox and replace(sandbox, cores=self._shared.cores)
        self._lanes: dict[str, Lane] = {}
        self._spare: ForkerLink | None = None
        self._inbox: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._closed = False
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cleaners = ThreadPoolExecutor(2, "kodisc-results")
        self._measuring: set[str] = set()
        self._next_tick = 0.0

    def start(self) -> None:
        """Start a forker, which loads Manim in the background; at once if it is there."""
        self._tell(self._warm_up)

    @property
    def pid(self) -> int | None:
        """The forker's process, if it has been started."""
        links = self._links()
        return links[0].process.pid if links else None

    def submit(
        self, task: RenderTask, results: Path, began: Callable[[], None] = lambda: None
    ) -> Future[Outcome]:
        """Render ``task``; on success its files are in ``results`` when the future is done.

        ``began`` is called from another thread when the render's process has been started. The
        future never raises: what went wrong is the outcome's ``error``.
        """
        render = Render(task, results, began, Future())
        self._tell(lambda: self._accept(render))
        return render.future

    def cancel(self, job_id: str, why: str = "The render was cancelled.") -> None:
        """Kill a render, and do not begin it again; nothing happens when it is over."""
        self._tell(lambda: self._cancel(job_id, why))

    def work_of(self, job_id: str) -> tuple[Path, tuple[str, ...]] | None:
        """Where a render works: a folder, and the steps down from it that are the scene's own."""
        for link in self._links():
            if job_id in link.running:
                return link.place.outside, (JOBS, job_id, SCENE)
        return None

    def segments_of(self, owner: str) -> list[Path]:
        """Where drawn pieces of this user's videos are kept, wherever they are now."""
        folder = self._shared.segments
        if folder is None:
            return []
        lane = self._lanes.get(owner)
        rooms = [lane.link.place.outside / folder.name] if lane and lane.link else []
        return [folder / owner, *rooms]

    def close(self) -> None:
        """End the forkers and every render, and wait until they have ended."""
        with self._start_lock:
            thread, self._closed = self._thread, True
        if thread is not None:
            self._tell(lambda: None)
            thread.join()
        self._cleaners.shutdown()

    # What follows runs in the keeping thread.

    def _tell(self, what: Callable[[], None]) -> None:
        self._inbox.append(what)
        with self._start_lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._keep, name="kodisc-forkers")
                self._thread.daemon = True
                self._thread.start()
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake, b"x")

    def _keep(self) -> None:
        if self._own_process:
            process_tree.adopt_orphans()
        while not self._closed:
            timeout = TICK_S if self._links() else None
            for key, _ in self._selector.select(timeout):
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                else:
                    self._hear(key.data)
            while self._inbox:
                self._inbox.popleft()()
            now = time.monotonic()
            if now >= self._next_tick:
                self._next_tick = now + TICK_S
                self._look_after(now)
        self._end_all()

    def _links(self) -> list[ForkerLink]:
        links = [lane.link for lane in list(self._lanes.values()) if lane.link is not None]
        return [*links, self._spare] if self._spare else links

    def _warm_up(self) -> None:
        if self._sandbox is not None:
            self._spare = self._spare or self._start_link()
        else:
            lane = self._lane("")
            lane.link = lane.link or self._start_link()

    def _start_link(self) -> ForkerLink:
        link = ForkerLink.start(
            Place.make(self._folder, self._sandbox), self._method, self._sandbox
        )
        self._selector.register(link.reports, selectors.EVENT_READ, link)
        return link

    def _lane(self, owner: str) -> Lane:
        name = owner if self._sandbox is not None else ""
        return self._lanes.setdefault(name, Lane(name))

    def _accept(self, render: Render) -> None:
        lane = self._lane(render.task.owner)
        lane.waiting.append(render)
        self._go_on(lane)

    def _go_on(self, lane: Lane) -> None:
        while not self._closed and (render := lane.next()) is not None:
            if lane.link is None:
                lane.link = self._new_link(lane.owner)
            try:
                lane.link.order(render, self._shared_by(lane.link, render.task.owner))
            except OSError as problem:
                lane.link.running.pop(render.task.job_id, None)
                why = f"The render could not be started: {problem.strerror}."
                self._finish(lane.link, render, Outcome(why, 0))

    def _new_link(self, owner: str) -> ForkerLink:
        """A forker for this lane: the spare one, if there is one; another takes its place."""
        if self._sandbox is None:
            return self._start_link()
        self._make_room()
        link, self._spare = self._spare or self._start_link(), None
        self._tell(self._warm_up)
        if owner:
            move_in(link.place.outside, owner, (self._shared.formulas, self._shared.segments))
        return link

    def _shared_by(self, link: ForkerLink, owner: str) -> Shared:
        """What the renders of one owner share; those of nobody share only the cores.

        Who is locked in can read the files of the cores, and so lock them, but change nothing.
        """
        sandboxed = link.place.sandboxed
        cores = Path(CORES) if sandboxed and self._shared.cores else self._shared.cores
        if not owner:
            return Shared(cores=cores)

        def of(folder: Path | None) -> Path | None:
            if folder is None:
                return None
            return Path(INSIDE) / folder.name if sandboxed else folder / owner

        formulas, segments = of(self._shared.formulas), of(self._shared.segments)
        return replace(self._shared, formulas=formulas, segments=segments, cores=cores)

    def _make_room(self) -> None:
        """End the forker that has been idle longest when there are as many as memory allows."""
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        idle = [lane for lane in self._lanes.values() if lane.link and not lane.link.running]
        if len(self._links()) * MEMORY_OF_A_FORKER > total // 2 and idle:
            self._retire(min(idle, key=lambda lane: lane.link.idle_since if lane.link else 0.0))

    def _hear(self, link: ForkerLink) -> None:
        if link.gone:  # since the selector spoke of it
            return
        lane = self._lane_of(link)
        reports, there = link.hear()
        for report in reports:
            self._heard(link, report)
        if not there:
            self._died(link)
        if lane is not None:
            self._go_on(lane)

    def _heard(self, link: ForkerLink, report: Report) -> None:
        if isinstance(report, Began) and report.job_id in link.running:
            render = link.running[report.job_id]
            render.sent = time.monotonic()
            render.began()
        elif isinstance(report, Ended) and report.job_id in link.running:
            render = link.running.pop(report.job_id)
            link.idle_since = time.monotonic()
            self._finish(link, render, Outcome(report.error, report.duration_ms))

    def _finish(self, link: ForkerLink, render: Render, outcome: Outcome) -> None:
        """Take the files and end the render; in another thread, because both may take a while."""
        ended = self._cleaners.submit(finish, link.place.outside, render, outcome)
        link.finishing = [each for each in link.finishing if not each.done()] + [ended]

    def _lane_of(self, link: ForkerLink) -> Lane | None:
        return next((lane for lane in self._lanes.values() if lane.link is link), None)

    def _cancel(self, job_id: str, why: str) -> None:
        for lane in self._lanes.values():
            render = lane.take(job_id)
            if render is not None:
                conclude(render, Outcome(why, 0))
            elif lane.link is not None and job_id in lane.link.running:
                lane.link.running[job_id].cancelled = why
                lane.link.cancel(job_id, why)

    def _look_after(self, now: float) -> None:
        for link in self._links():
            why = link.trouble(now)
            if why:
                log.warning("the process that renders was ended: %s", why)
                for render in link.late(now):
                    limit = render.task.limits.seconds
                    render.cancelled = (
                        f"The render took longer than {limit:g} seconds and was stopped."
                    )
                link.kill()
            elif link.running:
                link.ping(now)
        for lane in list(self._lanes.values()):
            if lane.link is not None and lane.link.running:
                self._measure(lane.link)
            elif self._sandbox and lane.link and now - lane.link.idle_since > IDLE_S:
                self._retire(lane)

    def _measure(self, link: ForkerLink) -> None:
        """Look, in another thread, at what the renders of this forker have written."""
        for job_id, render in link.running.items():
            if job_id not in self._measuring:
                self._measuring.add(job_id)
                self._cleaners.submit(self._measure_job, link.place, render)

    def _measure_job(self, place: Place, render: Render) -> None:
        job_id, limits = render.task.job_id, render.task.limits
        try:
            used = usage(
                place.outside / JOBS / job_id,
                enough_bytes=limits.disk_bytes,
                enough_files=limits.files,
            )
            if place.sandboxed and self._is_overfull(place.outside, limits):
                self.cancel(job_id, disk_exceeded(limits))
        finally:
            self._measuring.discard(job_id)
        if used.size > limits.disk_bytes:
            self.cancel(job_id, disk_exceeded(limits))
        elif used.files > limits.files:
            why = f"The scene made more than {limits.files:,} files and was stopped."
            self.cancel(job_id, why)

    def _is_overfull(self, room: Path, limits: Limits) -> bool:
        """Whether a user keeps more than anybody may; then nothing of it is kept."""
        most = limits.disk_bytes + self._shared.segments_bytes
        files = 10 * limits.files
        used = usage(room, enough_bytes=most, enough_files=files)
        if used.size <= most and used.files <= files:
            return False
        for folder in (self._shared.formulas, self._shared.segments):
            if folder is not None:
                remove_tree(room / folder.name)
        return True

    def _died(self, link: ForkerLink) -> None:
        """The forker is gone: what was open is tried once more, each render by itself.

        A new forker is started only for that, or else with the next render: one that cannot
        even start is not started over and over.
        """
        self._selector.unregister(link.reports)
        link.process.kill()
        link.process.wait()
        close_pipes(link)
        if self._own_process and not link.place.sandboxed:
            process_tree.end_strays(
                {each.process.pid for each in self._links()} - {link.process.pid}
            )
        if link is self._spare:
            self._spare = None
            self._cleaners.submit(remove_tree, link.place.outside)
            return
        lane = self._lane_of(link)
        if lane is None:
            return
        lane.link = None
        # whoever began last is tried first: most likely it was the cause
        for render in sorted(link.running.values(), key=lambda each: -each.sent):
            if render.cancelled or render.alone or self._closed:
                self._finish(link, render, Outcome(render.cancelled or KILLED, 0))
            else:
                if not link.place.sandboxed:
                    remove_tree(link.place.outside / JOBS / render.task.job_id)
                lane.suspects.append(render)
        self._clear_away(lane, link)

    def _retire(self, lane: Lane) -> None:
        """End a forker that has nothing to do."""
        link, lane.link = lane.link, None
        if link is None:
            return
        self._selector.unregister(link.reports)
        link.kill()
        link.process.wait()
        close_pipes(link)
        self._clear_away(lane, link)
        if not lane.waiting and not lane.suspects:
            del self._lanes[lane.owner]

    def _clear_away(self, lane: Lane, link: ForkerLink) -> None:
        """Keep the formulas of a sandbox that has ended, and remove its folder."""
        if not link.place.sandboxed:
            return
        if lane.owner:
            kept = (self._shared.formulas, self._shared.segments)
            move_out(link.place.outside, lane.owner, kept)
        self._cleaners.submit(remove_room, link.place.outside, link.finishing)

    def _end_all(self) -> None:
        links = self._links()
        for link in links:
            if not link.running:  # there is nothing that it would have to end first
                link.kill()
            link.finish()
        until = time.monotonic() + CLOSE_LIMIT_S
        for link in links:
            try:
                link.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                link.process.kill()
                link.process.wait()
            self._died(link)
        for lane in self._lanes.values():
            for render in (*lane.waiting, *lane.suspects):
                conclude(render, Outcome(KILLED, 0))
