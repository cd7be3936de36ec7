"""A render in progress, as its forker sees it: what it uses, and what its end means."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field

from kodisc_jupyter.local.processes import process_tree
from kodisc_jupyter.local.processes.forker.messages import Order
from kodisc_jupyter.stage import failure
from kodisc_jupyter.stage.task import Limits, disk_exceeded


@dataclass
class Running:
    """A render in progress."""

    order: Order
    pid: int
    began: float
    output_fd: int
    outcome_fd: int
    output: bytes = b""
    outcome: bytes = b""
    printed: int = 0
    stopped: str = ""
    nameless: process_tree.Nameless = field(default_factory=process_tree.Nameless)


def over(limits: Limits, *, seconds: float, memory: int, processes: int, disk: int) -> str:
    """Why a render that uses this much is stopped; empty when it may go on."""
    if seconds > limits.seconds:
        return f"The render took longer than {limits.seconds:g} seconds and was stopped."
    if processes > limits.processes:
        return f"The scene started more than {limits.processes} processes and was stopped."
    if memory > limits.memory_bytes:
        megabytes = limits.memory_bytes >> 20
        return f"The scene needed more than {megabytes} MB of memory and was stopped."
    if disk > limits.disk_bytes:
        return disk_exceeded(limits)
    return ""


def error_of(running: Running, status: int) -> str | None:
    """The job's error text: why it was stopped, else its own report, else how it ended."""
    output = running.output.decode("utf-8", "replace")
    if running.stopped:
        return failure.with_output(running.stopped, output)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        error = json.loads(running.outcome)["error"]
        if status == 0 and (error is None or isinstance(error, str)):
            return error
    return failure.process_ended(status, output)
