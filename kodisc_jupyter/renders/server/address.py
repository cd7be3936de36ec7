"""Where the render server on this machine listens, and what it says when it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from kodisc_jupyter.api.errors import KodiscError

_ANSWER_LIMIT_S: Final = 5.0
_ANSWER_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class Address:
    """Where the server listens, and the random key it wants; the key stays out of the repr."""

    url: str
    key: str = field(repr=False)
    pid: int


class LocalServerError(KodiscError):
    """The render server on this machine could not be started; nothing was rendered or charged."""


def is_answering(address: Address) -> bool:
    """Whether our server is there: the port may have gone to another program since."""
    return ask(address, "GET", f"{urlsplit(address.url).path}/me")[0] == 200


def ask(address: Address, method: str, path: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of an answer; status 0 when there was none."""
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(address.url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=_ANSWER_LIMIT_S)
    connection.set_debuglevel(0)  # else http.client's debugging prints the key
    try:
        headers = {"Authorization": f"Bearer {address.key}"}
        connection.request(method, path, body=b"" if method == "POST" else None, headers=headers)
        response = connection.getresponse()
        body = json.loads(response.read(_ANSWER_BYTES))
        return response.status, body if isinstance(body, dict) else {}
    except (OSError, HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()
