"""Which addresses become players and links: the same examples as the front end's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kodisc_jupyter.notebook.display.links import data_url, safe_url

EXAMPLES = json.loads(
    (Path(__file__).parents[2] / "js" / "test" / "links.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("url", EXAMPLES["allowed"])
def test_allowed(url):
    assert safe_url(url) == url


@pytest.mark.parametrize("url", [*EXAMPLES["refused"], None])
def test_refused(url):
    assert safe_url(url) is None


def test_what_we_embed_ourselves_is_allowed():
    url = data_url(b"\x00\xff" * 1000, "video/mp4")
    assert safe_url(url) == url
