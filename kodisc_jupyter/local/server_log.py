"""The server's log: on standard error, and without keys."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final

from kodisc_jupyter.api.rules import KEY_PREFIX

_SECRET: Final = re.compile(rf"({KEY_PREFIX}|whsec_)[^\s'\"]+")


class _NoKeys(logging.Filter):
    """Takes keys and secrets out of the log, in whatever a client sent them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _SECRET.sub(r"\1…", record.getMessage()), None
        return True


def log_to_stderr() -> None:
    """Log there, without keys; malformed requests are not worth a line, they may hold anything."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_NoKeys())
