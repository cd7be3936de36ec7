"""The forkers of this process: one for all; or, where scenes are locked in, one for each user.

Then a spare one that belongs to nobody has loaded Manim already. Everything here is done by one
thread, that of :class:`.render_processes.RenderProcesses`.
"""

from __future__ import annotations

import logging
import os
import selectors
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.disk_quota import DiskQuota
from kodisc_jupyter.local.processes.ending import close_pipes, conclude, finish, remove_room
from kodisc_jupyter.local.processes.forker.messages import Began, Ended, Report
from kodisc_jupyter.local.processes.forker_link import JOBS, ForkerLink, Place, Render
from kodisc_jupyter.local.processes.lane import Lane
from kodisc_jupyter.local.processes.sandbox import Sandbox
from kodisc_jupyter.local.store import move_in, move_out, remove_tree
from kodisc_jupyter.stage.task import Outcome, Shared

CLOSE_LIMIT_S: Final = 5.0
"""Seconds that a forker gets to end its renders before it is killed."""

IDLE_S: Final = 300.0
"""A user's forker without work is ended after so long."""

MEMORY_OF_A_FORKER: Final = 160 << 20
"""Bytes that a forker keeps, about: half of the machine's memory goes to them at most."""

KILLED: Final = "The render was stopped: the process that renders was killed."

log = logging.getLogger("kodisc_jupyter.local")


class ForkerPool:
    """Starts forkers, hands them tasks, hears them, and ends what takes too much or is silent."""

    def __init__(
        self,
        folder: Path,
        shared: Shared,
        method: str,
        sandbox: Sandbox | None,
        *,
        own_process: bool,
        selector: selectors.BaseSelector,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        """Nothing is started yet; see :class:`.render_processes.RenderProcesses`.

        Args:
            folder: for the private folders.
            shared: what the renders have in common.
            method: ``fork`` or ``spawn``.
            sandbox: locks in the renders of each owner.
            own_process: strays of this process are ended.
            selector: hears the forkers; its data are their links.
            later: has something done by the same thread, soon; any thread may call it.
        """
        self._folder = folder
        self._shared = shared
        self._method = method
        self._sandbox = sandbox and replace(sandbox, cores=shared.cores)
        self._own_process = own_process
        self._selector = selector
        self._later = later
        self._lanes: dict[str, Lane] = {}
        self._spare: ForkerLink | None = None
        self._closed = False
        self._cleaners = ThreadPoolExecutor(2, "kodisc-results")
        self._quota = DiskQuota(
            shared,
            self._cleaners,
            lambda job_id, why: later(lambda: self.cancel(job_id, why)),
            lambda place, why: later(lambda: self._end_room(place, why)),
        )

    def links(self) -> list[ForkerLink]:
        """The forkers there are now; any thread may ask."""
        links = [lane.link for lane in list(self._lanes.values()) if lane.link is not None]
        return [*links, self._spare] if self._spare else links

    def link_of(self, owner: str) -> ForkerLink | None:
        """The forker of this owner alone, if there is one; any thread may ask."""
        lane = self._lanes.get(owner)
        return lane.link if lane else None

    def warm_up(self) -> None:
        """Start a forker, which loads Manim in the background, unless it is there."""
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

    def accept(self, render: Render) -> None:
        """Take a render; it begins when nothing of its owner's is in its way."""
        lane = self._lane(render.task.owner)
        lane.waiting.append(render)
        self._go_on(lane)

    def _go_on(self, lane: Lane) -> None:
        while not self._closed and (render := lane.next()) is not None:
            if lane.link is None:
                lane.link = self._new_link(lane.owner)
            try:
                lane.link.order(render, lane.link.place.shared(self._shared, render.task.owner))
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
        self._later(self.warm_up)
        if owner:
            move_in(link.place.outside, owner, (self._shared.formulas, self._shared.segments))
        return link

    def _make_room(self) -> None:
        """End the forker that has been idle longest when there are as many as memory allows."""
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        idle = [lane for lane in self._lanes.values() if lane.link and not lane.link.running]
        if len(self.links()) * MEMORY_OF_A_FORKER > total // 2 and idle:
            self._retire(min(idle, key=lambda lane: lane.link.idle_since if lane.link else 0.0))

    def hear(self, link: ForkerLink) -> None:
        """Take what a forker reports."""
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
        root, names = link.place.set_aside(render.task.job_id)
        ended = self._cleaners.submit(finish, root, names, render, outcome)
        link.finishing = [each for each in link.finishing if not each.done()] + [ended]

    def _lane_of(self, link: ForkerLink) -> Lane | None:
        return next((lane for lane in self._lanes.values() if lane.link is link), None)

    def cancel(self, job_id: str, why: str) -> None:
        """Kill a render, or do not begin it."""
        for lane in self._lanes.values():
            render = lane.take(job_id)
            if render is not None:
                conclude(render, Outcome(why, 0))
            elif lane.link is not None and job_id in lane.link.running:
                lane.link.running[job_id].cancelled = why
                lane.link.cancel(job_id, why)

    def _end_room(self, place: Place, why: str) -> None:
        """End everything of a user who has filled the folder; the next render gets a new one."""
        for link in self.links():
            if link.place == place:
                for render in link.running.values():
                    render.cancelled = render.cancelled or why
                link.kill()

    def look_after(self, now: float) -> None:
        """End what is silent, too late, too large or idle; to be called about once a second."""
        for link in self.links():
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
                self._quota.look(lane.link)
            elif self._sandbox and lane.link and now - lane.link.idle_since > IDLE_S:
                self._retire(lane)

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
                {other.process.pid for other in self.links()} - {link.process.pid}
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
        for render in sorted(link.running.values(), key=lambda render: -render.sent):
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

    def end_all(self) -> None:
        """End the forkers and every render, and wait until they have ended."""
        self._closed = True
        links = self.links()
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
        self._cleaners.shutdown()
