"""A render request as bytes, checked by the API's own rules before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.errors import InvalidRequestError
from kodisc_jupyter.api.render_request import RenderRequest


def encode(request: RenderRequest) -> bytes:
    """The body of ``POST /render`` as UTF-8 JSON.

    Raises:
        InvalidRequestError: a rule of the API page is broken; ``error`` is the text that the API
            itself would give.
    """
    body = request.to_json()
    broken = rules.broken_rule(body)
    if broken is not None:
        raise _refused(broken, rules.FIELD_OF.get(broken), error=broken)
    problem = ""
    try:
        payload = json_text(body).encode()
    except UnicodeEncodeError:
        problem = "code or metadata has half of a surrogate pair in it, which is not text"
    except (TypeError, ValueError, RecursionError):
        problem = "metadata is not JSON: only dicts, lists, strings, finite numbers, booleans, None"
    if problem:
        raise _refused(problem, "code" if problem.startswith("code") else "metadata")
    if len(payload) > rules.BODY_LIMIT_BYTES:
        kilobytes = -(-len(payload) // 1000)
        raise _refused(
            f"the request is {kilobytes} KB; the API takes at most about "
            f"{rules.BODY_LIMIT_BYTES // 1000} KB in all",
            "code",
        )
    return payload


def json_text(body: Mapping[str, Any]) -> str:
    """A body as it is sent, not yet in bytes."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _refused(why: str, field: str | None, *, error: str | None = None) -> InvalidRequestError:
    return InvalidRequestError(
        f"The request breaks a rule of the API: {why}. Nothing was sent; nothing was charged.",
        field=field,
        error=error,
        hint=f"Change {field} first." if field else None,
    )
