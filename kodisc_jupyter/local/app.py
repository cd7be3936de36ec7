"""The Kodisc v2 API over HTTP, as the API page describes it, and the finished files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tornado import web  # type: ignore[attr-defined]

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.local.classroom.users import Key, User, Users
from kodisc_jupyter.local.jobs import InsufficientCreditsError, Jobs, LineFullError
from kodisc_jupyter.local.openapi import document
from kodisc_jupyter.local.store import Store
from kodisc_jupyter.stage.task import CAPTIONS, RESULT_FILES, THUMBNAIL, VIDEO

BASE: Final = "/api/v2"

HARD_BODY_LIMIT_BYTES: Final = 32 << 20
"""A body over the API's limit is read up to here, so that its sender sees the answer."""

RETRY_AFTER_S: Final = 5

_TYPES: Final = {
    VIDEO: "video/mp4",
    THUMBNAIL: "image/jpeg",
    CAPTIONS: "text/vtt; charset=utf-8",
}
_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?\Z|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?\Z")

_MESSAGES: Final = {
    401: "Send a valid API key: Authorization: Bearer kdsc_live_…",
    404: "There is nothing here.",
    405: "This address does not answer that method.",
    416: "The file does not have that range of bytes.",
}
_ERRORS: Final = {
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
    """What the handlers work with. ``touched`` is called for every request."""

    users: Users
    jobs: Jobs
    store: Store
    version: str
    touched: Callable[[], None]


class _Handler(web.RequestHandler):  # type: ignore[misc]
    """Answers in JSON, errors too."""

    desk: AppContext

    def initialize(self, desk: AppContext) -> None:
        self.desk = desk

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        self.desk.touched()

    def write_error(self, status_code: int, **_: Any) -> None:
        error = _ERRORS.get(status_code, "server_error")
        self.refuse(status_code, error, _MESSAGES.get(status_code) or self._reason or "")

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

    def who(self) -> tuple[User, Key] | None:
        """The user and key of this request; answers 401 when there is none."""
        found = self.desk.users.who(self.request.headers.get("Authorization"))
        if found is None:
            self.refuse(401, _ERRORS[401], _MESSAGES[401])
        return found

    def origin(self) -> str:
        """``http://host:port`` as the client knows this server."""
        host = self.request.host
        return f"{self.request.protocol}://{host if _HOST.match(host) else 'localhost'}"


@web.stream_request_body
class _Render(_Handler):
    """``POST /render``."""

    def initialize(self, desk: AppContext) -> None:
        super().initialize(desk)
        self._body = bytearray()
        self._too_large = False

    def prepare(self) -> None:
        super().prepare()
        connection: Any = self.request.connection
        connection.set_max_body_size(HARD_BODY_LIMIT_BYTES)

    def data_received(self, chunk: bytes) -> None:
        if len(self._body) + len(chunk) > rules.BODY_LIMIT_BYTES:
            self._too_large = True
            self._body.clear()
        elif not self._too_large:
            self._body += chunk

    def post(self) -> None:
        found = self.who()
        if found is None:
            return
        user, _ = found
        if self._too_large:
            limit = f"A request may have {rules.BODY_LIMIT_BYTES:,} bytes in all."
            self.refuse(413, _ERRORS[413], limit)
            return
        body = _parsed(bytes(self._body))
        error = rules.broken_rule(body)
        if error is not None:
            self.refuse(400, error)
            return
        request = {name: body[name] for name in _FIELDS if name in body}
        try:
            record = self.desk.jobs.enqueue(user, request)
        except InsufficientCreditsError as short:
            self.refuse(
                402,
                "insufficient_credits",
                f"This render reserves {short.reserve} credits; the balance is "
                f"{short.purse.total}. No job was made.",
            )
            return
        except LineFullError:
            self.refuse(503, _ERRORS[503], "Too many jobs wait on this server. No job was made.")
            return
        self.set_status(202)
        self.answer({"jobId": record.job_id, "status": "queued", "endpoint": "render"})


class _Job(_Handler):
    """``GET /render/{jobId}``."""

    def get(self, job_id: str) -> None:
        found = self.who()
        if found is None:
            return
        record = self.desk.jobs.find(job_id)
        if record is None or record.user != found[0].name:
            self.refuse(404, _ERRORS[404], "There is no such job, or it is not yours.")
            return
        self.answer(record.answer(self.origin()).to_json())


class _Me(_Handler):
    """``GET /me``. ``unlimited`` is this server's own addition to the API page's fields."""

    def get(self) -> None:
        found = self.who()
        if found is None:
            return
        user, key = found
        purse = self.desk.jobs.purse(user)
        self.answer(
            {
                "userId": user.user_id,
                "keyId": key.key_id,
                "keyPrefix": key.prefix,
                "credits": {"paid": purse.paid, "free": purse.free, "total": purse.total},
                "unlimited": user.unlimited,
            }
        )


class _OpenApi(_Handler):
    """``GET /openapi.json``: the same for everybody, so no key is asked for."""

    def get(self) -> None:
        self.answer(document(self.origin() + BASE, self.desk.version))


class _File(_Handler, web.StaticFileHandler):  # type: ignore[misc]
    """A finished file, with Range and ETag; the token in its address is the permission."""

    def initialize(self, desk: AppContext) -> None:
        _Handler.initialize(self, desk)
        web.StaticFileHandler.initialize(self, str(desk.store.results))

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")

    async def head(self, token: str, job_id: str, name: str) -> None:
        await self._send(token, job_id, name, include_body=False)

    async def get(self, token: str, job_id: str, name: str) -> None:
        await self._send(token, job_id, name, include_body=True)

    async def _send(self, token: str, job_id: str, name: str, *, include_body: bool) -> None:
        import hmac

        record = self.desk.jobs.find(job_id)
        if record is None or not hmac.compare_digest(record.token, token):
            raise web.HTTPError(404)
        if record.status is not JobStatus.COMPLETED:
            raise web.HTTPError(404)
        if not record.files_bytes:
            self.refuse(410, "gone", "This server no longer keeps the files of that job.")
            return
        await web.StaticFileHandler.get(self, f"{job_id}/{name}", include_body)
        if self.get_status() == 416:
            self.refuse(416, _ERRORS[416], _MESSAGES[416])

    def get_content_type(self) -> str:
        assert self.absolute_path is not None
        return _TYPES[self.absolute_path.rsplit("/", 1)[-1]]

    def compute_etag(self) -> str | None:
        """Files never change: their address and length name their content."""
        assert self.absolute_path is not None
        job_id = self.absolute_path.rsplit("/", 2)[-2]
        return f'"{job_id}-{self.get_content_size()}"'


class _Nothing(_Handler):
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
            (rf"{BASE}/openapi\.json", _OpenApi, about),
            (rf"/([A-Za-z0-9_-]{{22}})/r/([a-z0-9]{{25}})/({files})", _File, about),
        ],
        default_handler_class=_Nothing,
        default_handler_args=about,
        log_function=lambda _: None,
        compress_response=False,
    )


_FIELDS: Final = (
    "code",
    "className",
    "quality",
    "aspectRatio",
    "fps",
    "metadata",
    "webhookUrl",
)


def _parsed(body: bytes) -> Any:
    """The JSON of a body, or ``None``: also for numbers that JSON can hold and we cannot."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number
