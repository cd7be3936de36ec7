"""The body of a request to render: read up to a limit, parsed, and held to the API's rules."""

from __future__ import annotations

import json
from typing import Any, Final

from tornado import web  # type: ignore[attr-defined]

from kodisc_jupyter.api import rules
from kodisc_jupyter.local.web.handler import ERRORS, AppContext, Handler

HARD_BODY_LIMIT_BYTES: Final = 32 << 20
"""A body over the API's limit is read up to here, so that its sender sees the answer."""


@web.stream_request_body
class BodyHandler(Handler):
    """An address that takes a request to render."""

    def initialize(self, desk: AppContext) -> None:
        """Called by Tornado for each request."""
        super().initialize(desk)
        self._body = bytearray()
        self._too_large = False

    def prepare(self) -> None:
        """Called by Tornado before the body comes."""
        super().prepare()
        connection: Any = self.request.connection
        connection.set_max_body_size(HARD_BODY_LIMIT_BYTES)

    def data_received(self, chunk: bytes) -> None:
        """A part of the body."""
        if len(self._body) + len(chunk) > rules.BODY_LIMIT_BYTES:
            self._too_large = True
            self._body.clear()
        elif not self._too_large:
            self._body += chunk

    def wanted(self) -> dict[str, Any]:
        """The request that was sent; answers with its error, and ends it, when it breaks a rule."""
        if self._too_large:
            limit = f"A request may have {rules.BODY_LIMIT_BYTES:,} bytes in all."
            self.refuse(413, ERRORS[413], limit)
            raise web.Finish
        body = _parse(bytes(self._body))
        error = rules.broken_rule(body)
        if error is not None:
            self.refuse(400, error)
            raise web.Finish
        return dict(body)


def _parse(body: bytes) -> Any:
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
