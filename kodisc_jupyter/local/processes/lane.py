"""The renders of those who share a forker, in the order in which they may begin."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from kodisc_jupyter.local.processes.forker_link import ForkerLink, Render


@dataclass
class Lane:
    """The renders of those who share a forker: one user, or everybody where nothing is locked in.

    ``suspects`` were open when a forker died: each is tried again with nothing beside it.
    """

    owner: str
    link: ForkerLink | None = None
    waiting: deque[Render] = field(default_factory=deque)
    suspects: deque[Render] = field(default_factory=deque)

    def next(self) -> Render | None:
        """The render that may begin now."""
        running = self.link.running if self.link else {}
        if any(render.alone for render in running.values()):
            return None
        if not self.suspects:
            return self.waiting.popleft() if self.waiting else None
        if running:
            return None
        render = self.suspects.popleft()
        render.alone = True
        return render

    def take(self, job_id: str) -> Render | None:
        """Take out a render that has not begun."""
        for line in (self.waiting, self.suspects):
            for render in line:
                if render.task.job_id == job_id:
                    line.remove(render)
                    return render
        return None
