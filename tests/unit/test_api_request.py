"""A request is checked by the API's own rules before anything is sent."""

import json

import pytest

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.errors import InvalidRequestError
from kodisc_jupyter.api.exchange.request import encode
from kodisc_jupyter.api.models import AspectRatio, Quality, RenderRequest

CODE = "from manim import *"


def test_only_what_was_given_is_sent():
    assert json.loads(encode(RenderRequest(CODE, "A"))) == {"code": CODE, "className": "A"}


def test_every_field_has_the_apis_own_name():
    request = RenderRequest(
        "π = 3",
        "A",
        quality=Quality.TWOK,
        aspect_ratio=AspectRatio.UPRIGHT,
        fps=25,
        metadata={"a": [1, None]},
        webhook_url="https://example.org/hook",
    )
    assert json.loads(encode(request)) == {
        "code": "π = 3",
        "className": "A",
        "quality": "twok",
        "aspectRatio": "9:16",
        "fps": 25,
        "metadata": {"a": [1, None]},
        "webhookUrl": "https://example.org/hook",
    }


def test_the_three_webhook_states_stay_three():
    assert "webhookUrl" not in json.loads(encode(RenderRequest(CODE, "A")))
    assert json.loads(encode(RenderRequest(CODE, "A", webhook_url=None)))["webhookUrl"] is None
    assert json.loads(encode(RenderRequest(CODE, "A", webhook_url="https://x")))["webhookUrl"]


def test_metadata_none_is_sent_as_null():
    assert json.loads(encode(RenderRequest(CODE, "A", metadata=None)))["metadata"] is None


@pytest.mark.parametrize(
    ("request_", "error", "field"),
    [
        (RenderRequest(" \n", "A"), rules.CODE_REQUIRED, "code"),
        (RenderRequest(CODE, "1A"), rules.CLASS_NAME_INVALID, "className"),
        (RenderRequest(CODE, "A\n"), rules.CLASS_NAME_INVALID, "className"),
        (RenderRequest(CODE, "Ä"), rules.CLASS_NAME_INVALID, "className"),
        (RenderRequest(CODE, "A", quality="8k"), rules.QUALITY_INVALID, "quality"),
        (RenderRequest(CODE, "A", aspect_ratio="1:1"), rules.ASPECT_RATIO_INVALID, "aspectRatio"),
        (RenderRequest(CODE, "A", fps=0), rules.FPS_INVALID, "fps"),
        (RenderRequest(CODE, "A", fps=True), rules.FPS_INVALID, "fps"),
        (RenderRequest(CODE, "A", fps=29.97), rules.FPS_INVALID, "fps"),
        (RenderRequest(CODE, "A", webhook_url="http://x"), rules.WEBHOOK_INVALID, "webhookUrl"),
    ],
)
def test_a_broken_rule_names_its_field_in_the_vendors_words(request_, error, field):
    with pytest.raises(InvalidRequestError) as caught:
        encode(request_)

    assert (caught.value.error, caught.value.field, caught.value.status) == (error, field, None)
    assert str(caught.value) == (
        f"The request breaks a rule of the API: {error}. Nothing was sent; nothing was charged. "
        f"Change {field} first."
    )


@pytest.mark.parametrize("metadata", [{1, 2}, float("nan"), [float("inf")], b"x", object()])
def test_metadata_that_is_not_json_is_refused(metadata):
    with pytest.raises(InvalidRequestError, match="metadata is not JSON") as caught:
        encode(RenderRequest(CODE, "A", metadata=metadata))
    assert caught.value.field == "metadata"


def test_metadata_in_a_circle_is_refused():
    circle = []
    circle.append(circle)
    with pytest.raises(InvalidRequestError, match="metadata is not JSON"):
        encode(RenderRequest(CODE, "A", metadata=circle))


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(InvalidRequestError, match="half of a surrogate pair"):
        encode(RenderRequest("x = '\ud800'", "A"))


def test_the_size_limit_counts_bytes_of_the_whole_body():
    frame = len(encode(RenderRequest("x", "A"))) - 1
    fits = RenderRequest("x" * (rules.BODY_LIMIT_BYTES - frame), "A")
    assert len(encode(fits)) == rules.BODY_LIMIT_BYTES

    with pytest.raises(InvalidRequestError, match="the request is 201 KB; the API takes at most"):
        encode(RenderRequest(fits.code + "x", "A"))
    with pytest.raises(InvalidRequestError, match="the request is 301 KB"):
        encode(RenderRequest("€" * 100_000, "A"))
