"""The API's rules for keys, render requests and tables, once, for client and for our own server.

The texts are the API page's 400 table, to the letter.
"""

from __future__ import annotations

import re
from typing import Any, Final

from kodisc_jupyter.api.values import AspectRatio, Quality

BODY_LIMIT_BYTES: Final = 200_000
"""A body is "at most about 200 KB in all"; the lower reading of that is the safe one."""

STILLS_LIMIT: Final = 24
"""Pictures at full size of one scene, for which the render server on this machine is asked."""

KEY_PREFIX: Final = "kdsc_live_"
KEY: Final = re.compile(rf"{KEY_PREFIX}[0-9a-f]{{48}}\Z")
KEY_FORM: Final = f"{KEY_PREFIX} followed by 48 hex characters"
"""What a key looks like: in a pattern, and in words."""

CLASS_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

JSON_REQUIRED: Final = "JSON body required"
CODE_REQUIRED: Final = "code is required"
CLASS_NAME_INVALID: Final = "className must be a valid Python identifier"
QUALITY_INVALID: Final = f"quality must be one of: {', '.join(q.value for q in Quality)}"
ASPECT_RATIO_INVALID: Final = (
    f"aspectRatio must be one of: {', '.join(a.value for a in AspectRatio)}"
)
FPS_INVALID: Final = "fps must be a positive integer"
WEBHOOK_INVALID: Final = "webhookUrl must be an https:// URL"

FIELD_OF: Final[dict[str, str]] = {
    CODE_REQUIRED: "code",
    CLASS_NAME_INVALID: "className",
    QUALITY_INVALID: "quality",
    ASPECT_RATIO_INVALID: "aspectRatio",
    FPS_INVALID: "fps",
    WEBHOOK_INVALID: "webhookUrl",
}
"""Which field of the request a 400 ``error`` text is about."""


def broken_rule(body: Any) -> str | None:
    """The ``error`` text of the first rule that a request body breaks, or ``None``.

    ``body`` is the parsed JSON; the rules are checked in the order of the API page's table.
    """
    if not isinstance(body, dict):
        return JSON_REQUIRED
    code = body.get("code")
    if not isinstance(code, str) or not code.strip():
        return CODE_REQUIRED
    name = body.get("className")
    if not isinstance(name, str) or not CLASS_NAME.match(name):
        return CLASS_NAME_INVALID
    if "quality" in body and body["quality"] not in _QUALITIES:
        return QUALITY_INVALID
    if "aspectRatio" in body and body["aspectRatio"] not in _ASPECT_RATIOS:
        return ASPECT_RATIO_INVALID
    if "fps" in body and not _is_positive_integer(body["fps"]):
        return FPS_INVALID
    webhook = body.get("webhookUrl")
    if webhook is not None and not (isinstance(webhook, str) and webhook.startswith("https://")):
        return WEBHOOK_INVALID
    return None


_QUALITIES: Final = [quality.value for quality in Quality]
_ASPECT_RATIOS: Final = [ratio.value for ratio in AspectRatio]


def _is_positive_integer(value: Any) -> bool:
    """JSON has one kind of number: 30.0 is the integer 30, for JSON Schema and for JavaScript."""
    if isinstance(value, float):
        return value.is_integer() and value > 0
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def spreadsheet_text(value: str) -> str:
    """A text as a cell of a table that a spreadsheet opens: never a formula, one line."""
    line = "".join(mark if mark.isprintable() else " " for mark in value)
    return f"'{line}" if value.startswith(_FORMULA) else line
