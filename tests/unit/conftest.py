"""A render service in memory, for the tests of what happens on this machine."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kodisc_jupyter.api.client import Submission
from kodisc_jupyter.api.errors import JobNotFoundError, ServerError
from kodisc_jupyter.api.models import (
    Account,
    Balance,
    Job,
    JobStatus,
    RenderRequest,
    RenderResult,
)
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.session import RenderSession
from kodisc_jupyter.renders.watch import lookup, pacing

DEADLINE_S = 60.0


class FakeService:
    """Both the service and a client of it. ``cost`` is what each render costs at its end."""

    resubmit_uncertain = True

    def __init__(self, *, cost=51, total=1000, instant=True):
        self.cost = cost
        self.total = total
        self.instant = instant
        self.jobs: dict[str, Job] = {}
        self.posts: list[RenderRequest] = []
        self.headers: list[dict[str, str] | None] = []
        self.requests = 0
        self.files: dict[str, bytes] = {}
        self.before_post = lambda: None
        self.submit_error: BaseException | None = None
        self.poll_error: Exception | None = None
        self.download_error: Exception | None = None
        self.attempts, self.uncertain, self.reasons = 1, 0, ()
        self.polled: list[str] = []
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)

    def until(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE_S)

    def _count(self):
        self.requests += 1
        self.changed.notify_all()

    def beside(self, path):
        return {}

    def submit(self, request, *, on_retry=None, on_attempt=None, cancel=None, headers=None):
        if on_attempt:
            on_attempt(1)
        self.before_post()
        with self.lock:
            self._count()
            self.posts.append(request)
            self.headers.append(headers)
            if self.submit_error is not None:
                raise self.submit_error
            job_id = f"job{len(self.posts):05d}"
            job = Job(job_id, JobStatus.QUEUED)
            self.jobs[job_id] = job
            if self.instant:
                self.finish(job_id)
            return Submission(job, self.attempts, self.uncertain, self.reasons)

    def finish(self, job_id, *, error=None, cost=None):
        cost = self.cost if cost is None else cost
        base = f"https://cdn.example/r/{job_id}"
        with self.lock:
            job = self.jobs[job_id]
            if error is not None:
                self.jobs[job_id] = replace(
                    job, status=JobStatus.FAILED, error=error, credits_cost=0, duration_ms=900
                )
                return
            self.total -= cost
            self.jobs[job_id] = replace(
                job,
                status=JobStatus.COMPLETED,
                credits_cost=cost,
                duration_ms=4000,
                result=RenderResult(
                    f"{base}/video.mp4", f"{base}/thumb.jpg", f"{base}/captions.vtt"
                ),
            )
            for name in ("video.mp4", "thumb.jpg", "captions.vtt"):
                self.files[f"{base}/{name}"] = f"{job_id} {name}".encode()

    def run(self, job_id):
        with self.lock:
            self.jobs[job_id] = replace(self.jobs[job_id], status=JobStatus.RUNNING)

    def get_render(self, job_id, *, attempts=None):
        with self.lock:
            self._count()
            self.polled.append(job_id)
            if self.poll_error is not None:
                raise self.poll_error
            if job_id not in self.jobs:
                raise JobNotFoundError(f"There is no job {job_id}.", job_id=job_id, status=404)
            return self.jobs[job_id]

    def get_me(self, *, attempts=None):
        with self.lock:
            self._count()
            return Account("usr_1", "key_1", "kdsc_live_ab", Balance(self.total, 0, self.total))

    def download(self, url, path, **_):
        with self.lock:
            if self.download_error is not None:
                raise self.download_error
            if url not in self.files:
                raise ServerError("The file is gone (404).", status=404, transient=False)
            content = self.files[url]
        part = Path(f"{path}.part")
        part.write_bytes(content)
        return part.replace(path)


@pytest.fixture
def make_service():
    return FakeService


@pytest.fixture
def service(make_service):
    return make_service()


@pytest.fixture
def cloud(service):
    return Backend("cloud", service, "cloud:https://kodisc.example/api/v2")


@pytest.fixture
def quick_polls(monkeypatch):
    """Polls come soon, after a failure too, and requests go out ten times as fast."""
    monkeypatch.setitem(pacing.FIRST_POLL_S, "cloud", 0.01)
    monkeypatch.setitem(pacing.NEXT_POLL_S, "cloud", 0.013)
    monkeypatch.setitem(pacing.POLL_CAP_S, "cloud", 0.05)
    monkeypatch.setattr(pacing, "FIRST_OUTAGE_S", 0.02)
    monkeypatch.setattr(pacing, "BURST_S", pacing.BURST_S / 10)
    monkeypatch.setattr(pacing, "SPACING_S", pacing.SPACING_S / 10)


@pytest.fixture
def make_session(tmp_path, monkeypatch, quick_polls):
    """Kernels of one user: sessions over the same home folder, which poll at once."""
    monkeypatch.setattr(lookup, "PAUSES_S", (0.0, 0.0, 0.0))
    made = []

    def make(**options):
        session = RenderSession(**{"home": tmp_path / "home", **options})
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(make_session):
    return make_session()


@pytest.fixture
def shell(tmp_path, monkeypatch, cloud, quick_polls):
    """IPython in this process; whatever is rendered goes to a service in memory."""
    # Most of these tests need neither.
    from IPython.core.interactiveshell import InteractiveShell

    from kodisc_jupyter.notebook.backends import BackendChooser

    monkeypatch.setenv("KODISC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("KODISC_REHEARSE", "never")
    monkeypatch.setattr(BackendChooser, "backend", lambda *_: cloud)
    made = InteractiveShell()
    made.history_manager.enabled = False
    # the function of this name, for a shell that is not the process's own
    monkeypatch.setattr(InteractiveShell, "_instance", made)
    made.run_cell("%load_ext kodisc_jupyter").raise_error()
    yield made
    made.run_cell("%unload_ext kodisc_jupyter").raise_error()
