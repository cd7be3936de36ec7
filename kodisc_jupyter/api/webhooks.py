"""Sign and verify webhooks: ``kodisc-signature: t=<unix seconds>,v1=<hex>``, as the API page says.

``v1`` is the HMAC-SHA256 of ``<t>.<raw body>`` under the key's ``whsec_…`` secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Final

from kodisc_jupyter.api.errors import WebhookSignatureError
from kodisc_jupyter.api.models import Job

SIGNATURE_HEADER: Final = "kodisc-signature"
EVENT_HEADER: Final = "kodisc-event"
TOLERANCE_S: Final = 300.0


def sign_webhook(body: bytes, secret: str, timestamp: int) -> str:
    """The value of the ``kodisc-signature`` header; ``timestamp`` in seconds since the epoch."""
    return f"t={timestamp},v1={_digest(body, secret, str(timestamp))}"


def verify_webhook(
    body: bytes | str,
    signature: str | None,
    secret: str,
    *,
    tolerance_s: float = TOLERANCE_S,
    now: float | None = None,
) -> Job:
    """The job that a webhook tells of, once its signature is found good.

    Args:
        body: the raw body, just as it arrived.
        signature: the ``kodisc-signature`` header.
        secret: the key's ``whsec_…`` secret.
        tolerance_s: how many seconds the timestamp may be away from ``now``, in either direction.
        now: seconds since the epoch; default: this machine's clock.

    Raises:
        WebhookSignatureError: it is not signed with this secret, or too long ago.
        ServerError: it is signed, but not a job.
    """
    raw = body.encode() if isinstance(body, str) else body
    # Split on the first "=" only: the vendor's hint, a value may hold more of them.
    pairs = [part.strip().partition("=") for part in (signature or "").split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    digests = [value for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not digests or not (stamps[0].isascii() and stamps[0].isdigit()):
        raise WebhookSignatureError(
            f"The webhook has no readable {SIGNATURE_HEADER} header.", hint=_IGNORE
        )
    good = _digest(raw, secret, stamps[0]).encode()
    if not any(hmac.compare_digest(good, given.encode()) for given in digests):
        raise WebhookSignatureError(
            "The webhook is not signed with this secret.",
            hint=f"Verify the raw body, before any parsing. {_IGNORE}",
        )
    age = (time.time() if now is None else now) - int(stamps[0][:18])
    if abs(age) > tolerance_s:
        raise WebhookSignatureError(
            f"The webhook was signed {abs(age):.0f} s {'ago' if age > 0 else 'in the future'}; "
            f"{tolerance_s:.0f} s are allowed.",
            hint=_IGNORE,
        )
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        fields = None
    return Job.from_json(fields)


_IGNORE: Final = "Do not act on it: anybody could have sent it."


def _digest(body: bytes, secret: str, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
