"""The waiting line: first come first served for each user, and turn by turn between users.

Whose turn it is follows the time that each user's renders took, in steps of :data:`STEP_S`: who
renders long scenes waits longer for the next turn. Nobody saves up time while they have no job.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

STEP_S: Final = 30.0
"""Users whose renders took the same number of such steps simply take turns."""


class FairQueue:
    """Job IDs that wait, by user."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, deque[str]] = OrderedDict()
        self._spent_s: dict[str, float] = {}

    def __len__(self) -> int:
        return sum(len(jobs) for jobs in self._users.values())

    def waiting(self, user: str) -> int:
        """How many of this user's jobs wait."""
        return len(self._users.get(user, ()))

    def join(self, user: str, job_id: str) -> None:
        """Wait behind this user's other jobs."""
        if user not in self._users:
            others = [self._spent_s.get(name, 0.0) for name in self._users]
            self._spent_s[user] = max(self._spent_s.get(user, 0.0), min(others, default=0.0))
        self._users.setdefault(user, deque()).append(job_id)

    def leave(self, user: str, job_id: str) -> bool:
        """Wait no longer; ``False`` when the job did not wait."""
        jobs = self._users.get(user, deque())
        if job_id not in jobs:
            return False
        jobs.remove(job_id)
        if not jobs:
            del self._users[user]
        return True

    def charge(self, user: str, seconds: float) -> None:
        """A render of this user took so long."""
        self._spent_s[user] = self._spent_s.get(user, 0.0) + seconds

    def next(self, may: Callable[[str], bool] = lambda _: True) -> str | None:
        """The job whose turn it is, or ``None``; its user then waits for the others' turns.

        Users for whom ``may`` is false are passed over, and keep their turn.
        """
        allowed = [user for user in self._users if may(user)]
        if not allowed:
            return None
        user = min(allowed, key=lambda name: self._spent_s.get(name, 0.0) // STEP_S)
        jobs = self._users.pop(user)
        job_id = jobs.popleft()
        if jobs:
            self._users[user] = jobs
        elif not self._users:
            self._spent_s.clear()
        return job_id
