"""What every address of the server has in common: JSON, errors, who asks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from tornado import web  # type: ignore[attr-defined]

from kodisc_jupyter.local.classroom.ledger import JobRecord
from kodisc_jupyter.local.classroom.users import Key, User, Users
from kodisc_jupyter.local.jobs import Jobs
from kodisc_jupyter.local.store import Store
from kodisc_jupyter.local.web.rehearsals import Rehearsals

RETRY_AFTER_S: Final = 5

_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?\Z|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?\Z")

MESSAGES: Final = {
    401: "Send a valid API key: Authorization: Bearer kdsc_live_…",
    404: "There is nothing here.",
    405: "This address does not answer that method.",
    416: "The file does not have that range of bytes.",
}
ERRORS: Final = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    410: "gone",
    413: "body_too_large",
    416: "range_not_satisfiable",
    503: "overloaded",
}


@dataclass(frozen=True)
class AppContext:
    """What the handlers work with. ``touched`` is called for every request.

    ``rehearsals`` is None where the server does not offer them: it belongs to a class, or renders
    elsewhere. ``origin`` is set where a request cannot tell it: behind a Unix socket. ``exposed``:
    the scene of any of several users can harm all others, and the answers say so.
    """

    users: Users
    jobs: Jobs
    store: Store
    version: str
    touched: Callable[[], None]
    rehearsals: Rehearsals | None = None
    origin: str = ""
    exposed: bool = False


class Handler(web.RequestHandler):  # type: ignore[misc]
    """Answers in JSON, errors too."""

    desk: AppContext

    def initialize(self, desk: AppContext) -> None:
        """Called by Tornado for each request."""
        self.desk = desk

    def set_default_headers(self) -> None:
        """Headers of every answer."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Called by Tornado before the method."""
        self.desk.touched()

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer what Tornado could not, in JSON."""
        error = ERRORS.get(status_code, "server_error")
        self.refuse(status_code, error, MESSAGES.get(status_code) or self._reason or "")

    def refuse(self, status: int, error: str, message: str = "") -> None:
        """Answer with an error: ``error`` for programs, ``message`` for humans."""
        self.set_status(status)
        if status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if status == 405:
            self.set_header("Allow", ", ".join(self.methods()))
        if status == 503:
            self.set_header("Retry-After", str(RETRY_AFTER_S))
        self.answer({"error": error, **({"message": message} if message else {})})

    def methods(self) -> list[str]:
        """The methods that this address answers."""
        names = ("get", "head", "post")
        default = web.RequestHandler
        return [n.upper() for n in names if getattr(type(self), n) is not getattr(default, n)]

    def answer(self, body: Any) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(body, separators=(",", ":")))

    def who(self) -> tuple[User, Key]:
        """The user and key of this request; answers 401, and ends it, when there is none."""
        user = self.desk.users.who(self.request.headers.get("Authorization"))
        if user is None:
            self.refuse(401, ERRORS[401], MESSAGES[401])
            raise web.Finish
        return user

    def own_job(self, job_id: str, what: str = "job") -> JobRecord:
        """A job of the caller's own; answers 404, and ends the request, when there is none.

        ``what`` is what the caller asked for.
        """
        user, _ = self.who()
        record = self.desk.jobs.find(job_id)
        if record is None or record.user != user.name:
            self.no_such(what)
        return record

    def no_such(self, what: str) -> NoReturn:
        """Answer 404 and end the request: whether it is not there or not theirs is not said."""
        self.refuse(404, ERRORS[404], f"There is no such {what}, or it is not yours.")
        raise web.Finish

    def origin(self) -> str:
        """``http://host:port`` as the client knows this server."""
        if self.desk.origin:
            return self.desk.origin
        host = self.request.host
        return f"{self.request.protocol}://{host if _HOST.match(host) else 'localhost'}"
