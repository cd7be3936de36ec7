"""What a front end that keeps the notebook's file asks of the kernel, and what it is told."""

from __future__ import annotations

import json
import zlib

import pytest

from kodisc_jupyter.notebook.display.sending.delivery import PART_BYTES, Delivery
from kodisc_jupyter.notebook.display.sending.rate_limiter import OutputRateLimiter


class Page:
    """A comm, as ipykernel gives it."""

    def __init__(self, name: str) -> None:
        self.comm_id = name
        self.heard = []
        self._reply_subshell_id = "of the last one who spoke"

    def send(self, content, buffers=None):
        self.heard.append((content, buffers))

    @property
    def told(self):
        return [content for content, _ in self.heard]


@pytest.fixture
def delivery():
    return Delivery(OutputRateLimiter(clock=lambda: 0.0, later=lambda *_: lambda: None))


@pytest.fixture
def page():
    return Page("c1")


def test_a_page_is_told_of_an_open_panel_its_changes_and_its_end(delivery, page):
    delivery.begin("w1", "Queued")
    delivery.heard(page, {"kind": "watch", "ids": ["w1"]})
    delivery.describe("w1", "Queued")
    delivery.describe("w1", "Rendering")
    delivery.end("w1", lambda: {"text/plain": "done"})
    assert page.told == [
        {"kind": "open", "id": "w1", "text": "Queued"},
        {"kind": "open", "id": "w1", "text": "Rendering"},
        {"kind": "ended", "id": "w1"},
    ]
    assert not hasattr(page, "_reply_subshell_id")


def test_a_page_that_comes_after_the_end_is_told_at_once(delivery, page):
    delivery.begin("w1", "Queued")
    delivery.end("w1", lambda: {"text/plain": "done"})
    delivery.heard(page, {"kind": "watch", "ids": ["w1"]})
    assert page.told == [{"kind": "ended", "id": "w1"}]


def test_a_panel_of_another_kernel_is_unknown(delivery, page):
    delivery.heard(page, {"kind": "watch", "ids": ["w1"]})
    assert page.told == [{"kind": "unknown", "id": "w1"}]


def test_the_end_comes_whole_in_parts_that_pass_a_server(page):
    delivery = Delivery(OutputRateLimiter(clock=lambda: 0.0, later=lambda *_: lambda: None))
    letters = "".join(chr(0x4E00 + at * 7919 % 20000) for at in range(400_000))
    delivery.begin("w1", "Queued")
    delivery.end("w1", lambda: {"text/html": letters})
    delivery.heard(page, {"kind": "bundle", "id": "w1"})
    parts = [buffers[0] for _, buffers in page.heard]
    assert max(map(len, parts)) <= PART_BYTES
    assert page.told[0] == {"kind": "end", "id": "w1", "part": 0, "parts": len(parts)}
    assert json.loads(zlib.decompress(b"".join(parts))) == {"text/html": letters}


def test_what_no_page_of_ours_says_is_not_answered(delivery, page):
    for said in (None, "watch", {}, {"kind": "watch"}, {"kind": "bundle", "id": "w9"}):
        delivery.heard(page, said)
    assert page.told == []


def test_a_page_that_is_closed_is_told_nothing_more(delivery, page):
    delivery.begin("w1", "Queued")
    delivery.heard(page, {"kind": "watch", "ids": ["w1"]})
    delivery._closed(page)
    delivery.end("w1", lambda: {"text/plain": "done"})
    assert len(page.told) == 1
