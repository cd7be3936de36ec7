"""The waiting line: first come first served for each user, and turn by turn between users."""

from __future__ import annotations

from collections import OrderedDict, deque


class FairQueue:
    """Job IDs that wait, by user."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, deque[str]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(jobs) for jobs in self._users.values())

    def join(self, user: str, job_id: str) -> None:
        """Wait behind this user's other jobs."""
        self._users.setdefault(user, deque()).append(job_id)

    def next(self) -> str | None:
        """The job whose turn it is, or ``None``; its user then waits for the others' turns."""
        if not self._users:
            return None
        user, jobs = self._users.popitem(last=False)
        job_id = jobs.popleft()
        if jobs:
            self._users[user] = jobs
        return job_id
