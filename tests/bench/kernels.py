"""Real kernels, driven as a notebook's page does, with everything they say written down.

Moments are taken from the messages themselves: the kernel stamps each when it leaves.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

LIMIT_S = 300.0
WIDGET = "application/vnd.jupyter.widget-view+json"

Message = dict[str, Any]


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a person's kernel sees: no key of this shell, compiled modules allowed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KODISC_", "IPYTHON")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    kept["KODISC_WARM_START"] = "0"  # what a figure does not ask for is not to run beside it
    return {**kept, "KODISC_HOME": str(home), "IPYTHONDIR": str(home / "ipython"), **more}


def sent_at(message: Message) -> float:
    """When the kernel sent it, in seconds since the epoch."""
    return float(message["header"]["date"].timestamp())


def content_bytes(message: Message) -> int:
    """What a message says, in bytes: its content as JSON, and its buffers."""
    said = json.dumps(message["content"], ensure_ascii=False, separators=(",", ":"), default=str)
    return len(said.encode()) + sum(len(buffer) for buffer in message["buffers"])


@dataclass
class Kernel:
    """One kernel with somebody there."""

    client: Any
    manager: KernelManager
    messages: list[Message] = field(default_factory=list)

    def ask(self, code: str) -> str:
        """Execute a cell without waiting; the request's ID."""
        request: str = self.client.execute(code, allow_stdin=True, stop_on_error=False)
        return request

    def run(self, code: str) -> str:
        """Execute a cell and take in all it says; the request's ID."""
        request = self.ask(code)
        self.until(lambda: self.is_over(request))
        errors = self.of(request, "error")
        if errors:
            raise RuntimeError("\n".join(errors[0]["content"]["traceback"]))
        return request

    def said(self, code: str) -> str:
        """What a cell prints."""
        request = self.run(code)
        return "".join(each["content"]["text"] for each in self.of(request, "stream"))

    def of(self, request: str, *kinds: str) -> list[Message]:
        """The messages of a request."""
        return [
            each
            for each in self.messages
            if each["parent_header"].get("msg_id") == request
            and (not kinds or each["msg_type"] in kinds)
        ]

    def is_over(self, request: str) -> bool:
        return len(self.of(request, "status")) == 2

    def began(self, request: str) -> float:
        """When the kernel took a request up (its ``busy``)."""
        return sent_at(self.of(request, "status")[0])

    def ended(self, request: str) -> float:
        """When the kernel was done with a request (its ``idle``)."""
        return sent_at(self.of(request, "status")[1])

    def displays(self, request: str) -> list[str]:
        """The display IDs of a request."""
        return [
            each["content"]["transient"]["display_id"]
            for each in self.of(request, "display_data")
            if each["content"].get("transient", {}).get("display_id")
        ]

    def finals(self, request: str) -> list[Message]:
        """The static outputs that took the panels' place, as far as they have come."""
        wanted = set(self.displays(request))
        return [
            each
            for each in self.messages
            if each["msg_type"] == "update_display_data"
            and each["content"]["transient"].get("display_id") in wanted
            and "text/html" in each["content"]["data"]
        ]

    def final(self, request: str, count: int = 1) -> Message:
        """Wait for a request's last static output."""
        self.until(lambda: len(self.finals(request)) >= count or self.of(request, "error"))
        errors = self.of(request, "error")
        if errors:
            raise RuntimeError("\n".join(errors[0]["content"]["traceback"]))
        return self.finals(request)[-1]

    def until(self, done: Callable[[], object]) -> None:
        """Take in messages until something is true."""
        deadline = time.monotonic() + LIMIT_S
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {LIMIT_S:g} s; last: {self.messages[-2:]}")
            self._take(0.5)

    def drain(self, quiet_s: float) -> None:
        """Take in messages until none has come for so many seconds."""
        while self._take(quiet_s):
            pass

    def _take(self, timeout_s: float) -> bool:
        try:
            self.messages.append(self.client.get_iopub_msg(timeout=timeout_s))
        except Empty:
            return False
        return True


@contextlib.contextmanager
def kernel(home: Path, *cells: str, **env: str) -> Iterator[Kernel]:
    """A fresh kernel that has run ``cells``; it ends with the block."""
    home.mkdir(parents=True, exist_ok=True)
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment(home, **env), cwd=str(home), stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LIMIT_S)
        started = Kernel(client, manager)
        for cell in cells:
            started.run(cell)
        yield started
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
