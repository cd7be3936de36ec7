"""The Kodisc v2 API over HTTP, as the API page describes it, and the finished files."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from typing import Final

from tornado import web  # type: ignore[attr-defined]

from kodisc_jupyter.api.models import Account, Balance
from kodisc_jupyter.local.classroom.accounts import InsufficientCreditsError
from kodisc_jupyter.local.jobs import LineFullError
from kodisc_jupyter.local.web.files import FileHandler
from kodisc_jupyter.local.web.handler import ERRORS, AppContext, Handler
from kodisc_jupyter.local.web.openapi import document
from kodisc_jupyter.local.web.progress import (
    PreviewHandler,
    ProgressHandler,
    ReportHandler,
    SegmentsHandler,
)
from kodisc_jupyter.local.web.request_body import BodyHandler
from kodisc_jupyter.stage.task import RESULT_FILES

BASE: Final = "/api/v2"

log = logging.getLogger("kodisc_jupyter.local")


class _Render(BodyHandler):
    """``POST /render``."""

    def post(self) -> None:
        user, _ = self.who()
        body = self.wanted()
        request = {name: body[name] for name in _FIELDS if name in body}
        try:
            record = self.desk.jobs.enqueue(
                user, request, fresh=self.request.headers.get("X-Kodisc-Fresh") == "1"
            )
        except InsufficientCreditsError as short:
            self.refuse(
                402,
                "insufficient_credits",
                f"This render reserves {short.reserve} credits, more than the balance. "
                "No job was made.",
            )
            return
        except LineFullError as full:
            self.refuse(503, ERRORS[503], str(full))
            return
        except sqlite3.Error as problem:
            log.warning("a job could not be written: %s", problem)
            self.refuse(503, ERRORS[503], "The server cannot write its ledger. No job was made.")
            return
        self.set_status(202)
        self.answer({"jobId": record.job_id, "status": "queued", "endpoint": "render"})


class _Rehearsal(BodyHandler):
    """``POST /local/rehearsals``: not of the API. Its report; no job is made, nothing is paid."""

    def prepare(self) -> None:
        super().prepare()
        self._left = asyncio.Event()

    def on_connection_close(self) -> None:
        self._left.set()

    async def post(self) -> None:
        user, _ = self.who()
        body = self.wanted()
        if self.desk.rehearsals is None:
            self.refuse(404, ERRORS[404], "This server does not rehearse.")
            return
        self.answer(await self.desk.rehearsals.run(body, owner=user.user_id, left=self._left))


class _Job(Handler):
    """``GET /render/{jobId}``."""

    def get(self, job_id: str) -> None:
        record = self.own_job(job_id)
        self.answer(record.answer(self.origin(), exposed=self.desk.exposed).to_json())


class _Cancel(Handler):
    """``POST /local/jobs/{jobId}/cancel``: beside the API, which has no such request."""

    async def post(self, job_id: str) -> None:
        record = self.own_job(job_id)
        if await self.desk.jobs.cancel(job_id):
            self.answer({"cancelled": [job_id]})
        else:
            self.refuse(409, "conflict", f"The job has ended already: {record.status}.")


class _CancelAll(Handler):
    """``POST /local/cancel``: every job of this user that has not ended."""

    async def post(self) -> None:
        user, _ = self.who()
        self.answer({"cancelled": await self.desk.jobs.cancel_all(user.name)})


class _Me(Handler):
    """``GET /me``; with additions of this server's own to the API page's fields."""

    def get(self) -> None:
        user, key = self.who()
        purse = self.desk.jobs.purse(user)
        account = Account(
            *(user.user_id, key.key_id, key.prefix, Balance(purse.paid, purse.free, purse.total)),
            unlimited=user.unlimited,
            exposed=self.desk.exposed,
        )
        self.answer(account.to_json())


class _OpenApi(Handler):
    """``GET /openapi.json``: the same for everybody, so no key is asked for."""

    def get(self) -> None:
        self.answer(document(self.origin() + BASE, self.desk.version))


class _Nothing(Handler):
    """Any other address."""

    def prepare(self) -> None:
        super().prepare()
        raise web.HTTPError(404)


def make_app(desk: AppContext) -> web.Application:
    """The server's routes."""
    files = "|".join(re.escape(name) for name in RESULT_FILES)
    about = {"desk": desk}
    return web.Application(
        [
            (rf"{BASE}/render", _Render, about),
            (rf"{BASE}/render/([^/]+)", _Job, about),
            (rf"{BASE}/me", _Me, about),
            ("/local/rehearsals", _Rehearsal, about),
            (rf"{BASE}/openapi\.json", _OpenApi, about),
            (r"/local/jobs/([^/]+)/cancel", _Cancel, about),
            (r"/local/cancel", _CancelAll, about),
            (r"/local/jobs/([^/]+)/progress", ProgressHandler, about),
            (r"/local/jobs/([^/]+)/preview\.jpg", PreviewHandler, about),
            (r"/local/jobs/([^/]+)/report", ReportHandler, about),
            (r"/local/segments", SegmentsHandler, about),
            (rf"/([A-Za-z0-9_-]{{22}})/r/([a-z0-9]{{25}})/({files})", FileHandler, about),
        ],
        default_handler_class=_Nothing,
        default_handler_args=about,
        log_function=lambda _: None,
        compress_response=False,
    )


_FIELDS: Final[tuple[str, ...]] = (
    *("code", "className", "quality", "aspectRatio", "fps", "metadata", "webhookUrl"),
)
