"""What the outcome of an exchange means: pure decisions, following the API page's error table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.address import place, server_name
from kodisc_jupyter.api.auth import LOOKED_IN, Key
from kodisc_jupyter.api.errors import (
    NO_REASON,
    AuthenticationError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobNotFoundError,
    KodiscError,
    NetworkError,
    ServerError,
)
from kodisc_jupyter.api.exchange.outcome import Answer, Interrupted, NoAnswer, Outcome
from kodisc_jupyter.api.models import Balance, Json

TRANSIENT_4XX: Final = frozenset({408, 425, 429})
"""The server did not take the request, and says it may later."""

TEXT_LIMIT: Final = 500
"""Characters of the server's own words that go into a message."""


class Delivery(Enum):
    """What is known of one attempt to submit."""

    NEVER_DELIVERED = "never delivered"
    ANSWERED = "answered"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class RequestContext:
    """What a request was for: its place, the job, and the key it went out with.

    ``doubt`` says that an earlier attempt of the same submission may have made a job.
    """

    base_url: str
    key: Key
    endpoint: str
    job_id: str | None = None
    doubt: bool = False


def delivery(outcome: Outcome) -> Delivery:
    """Whether an attempt to submit may have made a job without saying so."""
    if isinstance(outcome, Answer):
        server_trouble = outcome.status >= 500
        unreadable = is_success(outcome) and job_id_of(outcome) is None
        return Delivery.UNCERTAIN if server_trouble or unreadable else Delivery.ANSWERED
    return Delivery.UNCERTAIN if outcome.sent else Delivery.NEVER_DELIVERED


def is_success(outcome: Outcome) -> bool:
    """Whether the server took the request."""
    return isinstance(outcome, Answer) and 200 <= outcome.status < 300


def is_transient(outcome: Outcome) -> bool:
    """Whether the same request may go through later. A 2xx is not asked about here."""
    if isinstance(outcome, Answer):
        return outcome.status >= 500 or outcome.status in TRANSIENT_4XX
    return isinstance(outcome, NoAnswer) and not outcome.misconfigured


def is_cut_off(outcome: Outcome) -> bool:
    """Whether an answer came in part only; for a GET, worth asking again."""
    return isinstance(outcome, Answer) and bool(outcome.broken) and not outcome.too_large


def retry_after_s(outcome: Outcome) -> float | None:
    """The server's own wish for the wait, in seconds."""
    return outcome.retry_after_s if isinstance(outcome, Answer) else None


def reason(outcome: Outcome) -> str:
    """Why an attempt did not do, in a few words: "the server answered 503"."""
    if isinstance(outcome, NoAnswer):
        return outcome.reason
    if isinstance(outcome, Interrupted):
        return "interrupted"
    if is_success(outcome):
        return (
            f"the server answered {outcome.status}, but {read_json(outcome)[1] or 'without a job'}"
        )
    return f"the server answered {outcome.status}"


def job_id_of(answer: Answer) -> str | None:
    """The ``jobId`` in an answer, if it can be read."""
    body, _ = read_json(answer)
    job_id = body.get("jobId") if isinstance(body, dict) else None
    return job_id if isinstance(job_id, str) and job_id else None


def body_of(answer: Answer, about: RequestContext) -> Json:
    """The JSON of a successful answer.

    Raises:
        ServerError: there is none to be read.
    """
    body, problem = read_json(answer)
    if problem:
        raise ServerError(
            f"The server answered {answer.status}, but {problem}.",
            job_id=about.job_id,
            status=answer.status,
            transient=True,
            retry_after_s=answer.retry_after_s,
            hint=_goes_on(about) or "Try again later.",
        )
    return body


def problem(
    outcome: Answer | NoAnswer, about: RequestContext, *, balance: Balance | None
) -> KodiscError:
    """The error for an outcome that is not a success."""
    if isinstance(outcome, NoAnswer):
        return NetworkError(
            f"{place(about.base_url)} could not be reached: {outcome.reason}.",
            delivered=None if outcome.sent else False,
            transient=not outcome.misconfigured,
            job_id=about.job_id,
            hint=f"{_goes_on(about)} {_network_hint(outcome, about)}".strip(),
        )
    given = _reason_of(outcome, about.key)
    server = server_name(about.base_url)
    facts: dict[str, Any] = {
        "status": outcome.status,
        "error": given.error,
        "detail": given.message,
        "job_id": about.job_id,
    }
    if outcome.status == 400:
        field = rules.FIELD_OF.get(given.error or "")
        return InvalidRequestError(
            f"{server} refused the request (400): {given.words}. {_untouched(about)}",
            field=field,
            hint=f"Change {field} and send it again."
            if field
            else "Change the request, then send it again.",
            **facts,
        )
    if outcome.status == 401:
        return AuthenticationError(
            f"{server} refused the key (401): {given.words}. {_untouched(about)}",
            hint=_key_hint(about.key),
            **facts,
        )
    if outcome.status == 402:
        return InsufficientCreditsError(
            f"Not enough credits to reserve this render (402): {given.words}. {_untouched(about)}",
            balance=balance,
            hint="Buy credits on kodisc.com, or wait for next month's free credits."
            if server == "Kodisc"
            else "Ask whoever runs this server for more.",
            **facts,
        )
    if outcome.status == 404 and about.job_id is not None:
        return JobNotFoundError(
            f"There is no job {about.job_id!r:.100} for this user (404): {given.words}.",
            hint="Jobs belong to the user who made them: check the job ID and the key.",
            **facts,
        )
    if outcome.status == 413:
        return InvalidRequestError(
            f"The request is too large for {server} (413): {given.words}. {_untouched(about)}",
            field="code",
            hint="Send less code or metadata.",
            **facts,
        )
    return _server_trouble(outcome, about, given, facts)


def _network_hint(outcome: NoAnswer, about: RequestContext) -> str:
    """What to do about a server that was not reached."""
    if outcome.misconfigured:
        return misconfiguration_hint(outcome.variable)
    return "" if about.job_id else "Check the network connection, then try again."


def misconfiguration_hint(variable: str) -> str:
    """What to do about a proxy or certificates that are set wrongly on this machine."""
    if variable:
        return f"Correct or unset the environment variable {variable}, which is set here."
    return (
        "Look at this machine's proxy and certificate settings; REQUESTS_CA_BUNDLE names a file of "
        "certificates to trust."
    )


def _server_trouble(
    answer: Answer, about: RequestContext, given: _Reason, facts: dict[str, Any]
) -> ServerError:
    transient = is_transient(answer)
    server = server_name(about.base_url)
    if answer.status >= 500:
        text = f"{server} is having problems ({answer.status}): {given.words}."
        hint = "Try again later."
    elif transient:
        text = f"{server} takes no more requests right now ({answer.status}): {given.words}."
        hint = "Wait a little, then try again."
    elif 300 <= answer.status < 400:
        target = urlsplit(answer.location).netloc if answer.location else ""
        where = f" to {target!r:.100}" if target else ""
        text = f"The server wants to redirect{where} ({answer.status}); the key was not sent there."
        hint = f"Check the base URL, {about.base_url}."
    elif answer.status == 404:
        text = f"The server does not know {about.endpoint} (404): {given.words}."
        hint = f"Check the base URL, {about.base_url}."
    else:
        text = f"The server answered {answer.status}, which the API does not use: {given.words}."
        hint = f"Check the base URL, {about.base_url}."
    return ServerError(
        text,
        transient=transient,
        retry_after_s=answer.retry_after_s,
        hint=(_goes_on(about) if transient else "") or hint,
        **facts,
    )


@dataclass(frozen=True)
class _Reason:
    error: str | None
    message: str | None
    words: str


def _reason_of(answer: Answer, key: Key) -> _Reason:
    """The server's own ``error`` and ``message``, or what there is in their place."""
    body, problem_ = read_json(answer)
    if problem_ or not isinstance(body, dict):
        return _Reason(None, None, f"{NO_REASON} ({problem_ or 'the body is not an object'})")
    error, message = (
        key.redact(value)[:TEXT_LIMIT] if isinstance(value, str) and value.strip() else None
        for value in (body.get("error"), body.get("message"))
    )
    words = ": ".join(text.strip().rstrip(".") for text in (error, message) if text)
    return _Reason(error, message, words or NO_REASON)


def read_json(answer: Answer) -> tuple[Json, str]:
    """The parsed body, or why there is none."""
    if answer.broken:
        return None, f"its body could not be read: {answer.broken}"
    if not answer.body.strip():
        return None, "its body is empty"
    try:
        text = answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, "its body is not UTF-8 text"
    try:
        return json.loads(text), ""
    except (ValueError, RecursionError):
        page = text.lstrip()[:1] == "<"
        return None, "its body is a web page, not JSON" if page else "its body is not JSON"


def _goes_on(about: RequestContext) -> str:
    if about.job_id is None:
        return ""
    return f"Job {about.job_id} goes on; ask for it again later."


def _untouched(about: RequestContext) -> str:
    if about.job_id is not None:
        return f"Job {about.job_id} goes on."
    if about.doubt:
        return "This attempt made no job."
    return "No job was made; nothing was charged."


def _key_hint(key: Key) -> str:
    shape = "" if key.is_familiar else f" It does not look like a Kodisc key ({rules.KEY_FORM})."
    return (
        f"The key came from {key.source}.{shape} It may be mistyped, revoked or unknown; keys are "
        f"looked for in {LOOKED_IN}, in this order."
    )
