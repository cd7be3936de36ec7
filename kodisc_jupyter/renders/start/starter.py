"""Starting one render: the same one found again, counted in, rehearsed, written down, sent."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event

from kodisc_jupyter.api.client import Submission
from kodisc_jupyter.api.errors import KodiscError
from kodisc_jupyter.api.models import Credits, RenderRequest
from kodisc_jupyter.renders.backend import Backend
from kodisc_jupyter.renders.journal.file import JournalError
from kodisc_jupyter.renders.journal.journal import Journal
from kodisc_jupyter.renders.journal.record import JobRecord, Step
from kodisc_jupyter.renders.rehearsal import Rehearsal
from kodisc_jupyter.renders.render import Render, Subscriber
from kodisc_jupyter.renders.start.estimator import GUARDING, Estimator, Guess
from kodisc_jupyter.renders.start.intent import new_record, state_from
from kodisc_jupyter.renders.start.reuse import Reuse
from kodisc_jupyter.renders.start.session_budget import SessionBudget
from kodisc_jupyter.renders.start.submit import Sending, begin, over
from kodisc_jupyter.renders.state import Phase
from kodisc_jupyter.renders.watch.balance import Balances
from kodisc_jupyter.renders.watch.pacing import RateLimiter
from kodisc_jupyter.renders.watch.tracker import JobTracker

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StartOptions:
    """How a render is to be started; :meth:`RenderSession.start` says what each means."""

    notebook: str = ""
    title: str = ""
    force: bool = False
    max_credits: Credits | None = None
    alongside: Sequence[Render] = ()
    on_state: Subscriber | None = None
    cancel: Event | None = None
    rehearse: Callable[[], Rehearsal] | None = None


@contextlib.contextmanager
def _saying_that_nothing_was_sent() -> Iterator[None]:
    """A journal that fails does so before the request goes out: afterwards it is a warning."""
    try:
        yield
    except JournalError as error:
        if "nothing was sent" not in error.message:
            error.message = f"{error.message} Nothing was sent and nothing was charged."
        raise


class RenderStarter:
    """Starts the renders of one kernel."""

    def __init__(
        self,
        journal: Journal,
        reuse: Reuse,
        budget: SessionBudget,
        tracker: JobTracker,
        rate_limiter: RateLimiter,
        balances: Balances,
        *,
        session_id: str,
    ) -> None:
        self._journal = journal
        self._reuse = reuse
        self._budget = budget
        self._tracker = tracker
        self._rate_limiter = rate_limiter
        self._balances = balances
        self._session_id = session_id
        self._estimator = Estimator(journal)

    @_saying_that_nothing_was_sent()
    def start(self, request: RenderRequest, backend: Backend, options: StartOptions) -> Render:
        """Have a scene rendered; see :meth:`RenderSession.start`."""
        record = new_record(
            request, backend, self._session_id, notebook=options.notebook, title=options.title
        )
        state = state_from(record, backend)._replace(fps=request.fps)
        render = Render(state, request=request, backend=backend)
        if options.on_state is not None:
            render.subscribe(options.on_state)
        try:
            ready = self._make_ready(record, render, options)
        except BaseException:  # Ctrl-C, too: nothing was sent, so nothing may wait for it
            self._step_back(record.render_id)
            with contextlib.suppress(KodiscError):  # where the journal has it already
                note = "It was called off before it was sent."
                self._journal.mark(record, Step.INTENT, Step.NOT_SENT, note=note)
            raise
        if isinstance(ready, Render):
            return ready
        ready.run()
        return render

    def _make_ready(
        self, record: JobRecord, render: Render, options: StartOptions
    ) -> Sending | Render:
        """All that comes before the request; the same render, where it is there already."""
        cancel = options.cancel or Event()
        allow = partial(
            self._budget.allow,
            cell_limit=options.max_credits,
            alongside=options.alongside,
            cancel=cancel,
        )
        rehearsal: Rehearsal | None = None
        while True:
            if not options.force:
                same = self._reuse.find_or_attach(record, render, options.on_state, cancel)
                if same is not None:
                    return same
            assert render.backend is not None
            note = "" if options.force else self._reuse.resubmit_warning(record, render.backend)
            cost = self._count_in(render, record, rehearsal, allow, note)
            if options.rehearse is not None and rehearsal is None:
                rehearsal = self._rehearse(render, options.rehearse)
                cost = self._count_in(render, record, rehearsal, allow, note)
            begin(record.render_id)
            if self._journal.claim(record, force=options.force) is record:
                break
            self._step_back(record.render_id)  # another cell or kernel was first
        if rehearsal is not None:
            self._keep_rehearsal(record, rehearsal)
        return self._sending(record, render, cost, force=options.force, cancel=cancel)

    def _step_back(self, render_id: str) -> None:
        """A render is not sent after all: it is neither under way nor counted in."""
        over(render_id)
        self._budget.withdraw(render_id)

    def _count_in(
        self,
        render: Render,
        record: JobRecord,
        rehearsal: Rehearsal | None,
        allow: Callable[[Render, Guess], None],
        note: str,
    ) -> Guess:
        """Estimate a render and have the budget allow it; once more after its rehearsal."""
        assert render.request is not None
        assert render.backend is not None
        cost = self._estimator.guess(render.request, render.backend, record.reuse_key, rehearsal)
        render.advance(estimate=cost.estimate, note=note)
        if not render.backend.unlimited:
            self._budget.withdraw(render.render_id)
            allow(render, cost)
            render.advance(budget=self._budget.snapshot(), note=note)
        return cost

    def _keep_rehearsal(self, record: JobRecord, rehearsal: Rehearsal) -> None:
        """Keep with the job what its rehearsal has shown; later estimates go by it."""
        try:
            self._journal.keep_rehearsal(record, rehearsal)
        except KodiscError as problem:  # no reason not to send the render
            _log.warning("The rehearsal of %s was not written down: %s", record.scene, problem)

    def _rehearse(self, render: Render, rehearse: Callable[[], Rehearsal]) -> Rehearsal:
        """Play the scene before it is sent."""
        render.advance(Phase.REHEARSING)
        rehearsal = rehearse()
        render.advance(
            length_s=rehearsal.seconds if rehearsal.is_whole else None,
            unrehearsed=rehearsal.why,
        )
        return rehearsal

    def _sending(
        self, record: JobRecord, render: Render, cost: Guess, *, force: bool, cancel: Event
    ) -> Sending:
        assert render.backend is not None
        assert render.request is not None
        return Sending(
            journal=self._journal,
            rate_limiter=self._rate_limiter,
            balances=self._balances,
            backend=render.backend,
            request=render.request,
            record=record,
            render=render,
            guess=cost,
            guard=not force and cost.ground in GUARDING,
            force=force,
            cancel=cancel,
            accepted=partial(self._accepted, render),
            refused=lambda uncertain: self._budget.withdraw(record.render_id, uncertain=uncertain),
        )

    def _accepted(self, render: Render, record: JobRecord, submission: Submission) -> None:
        render.advance(Phase.QUEUED, job=submission.job, retry=None, uncertain=submission.uncertain)
        self._tracker.follow(render, record)
