"""Our rules and the server's answers agree on arbitrary bodies.

The server has no credits to reserve, so a body that breaks no rule is a 402, and nothing renders.
"""

import json

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import InsufficientCreditsError, InvalidRequestError
from kodisc_jupyter.api.exchange.request import encode
from kodisc_jupyter.api.models import Balance, RenderRequest

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def one_of(*good):
    """Mostly what the rules like, and anything else."""
    return st.sampled_from(good) | JSON


NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "code": one_of("from manim import *", "x", " ", "\ud800", "\u2003"),
        "className": one_of("A", "_1", "A\n", "é", "Hello Kodisc"),
        "quality": one_of("low", "medium", "high", "twok", "fourk", "Low"),
        "aspectRatio": one_of("16:9", "9:16"),
        "fps": one_of(1, 30, 0, True, 1.0, 10**30),
        "metadata": JSON,
        "webhookUrl": one_of(None, "https://example.org", "https://", "http://x", "HTTPS://x"),
        "unknown": JSON,
    },
)
BODIES = st.one_of(NEARLY, NEARLY, JSON)

modest = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def penniless(start_local):
    return start_local("--credits", "0")


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


def answered(session, target, raw: bytes) -> tuple[int, str]:
    response = session.post(
        f"{target.base_url}/render",
        data=raw,
        headers={"Authorization": f"Bearer {target.key}", "Content-Type": "application/json"},
        timeout=60,
    )
    return response.status_code, response.json()["error"]


def expected(raw: bytes) -> tuple[int, str]:
    try:
        body = json.loads(raw.decode())
    except ValueError:
        body = None
    broken = rules.broken_rule(body)
    return (402, "insufficient_credits") if broken is None else (400, broken)


@modest
@given(body=BODIES, ascii_only=st.booleans())
def test_rules_and_server_agree_on_any_json(session, penniless, body, ascii_only):
    text = json.dumps(body, ensure_ascii=ascii_only)
    raw = text.encode(errors="surrogatepass")

    assert answered(session, penniless, raw) == expected(raw)


@modest
@given(raw=st.binary(max_size=60))
def test_rules_and_server_agree_on_any_bytes(session, penniless, raw):
    assert answered(session, penniless, raw) == expected(raw)


@modest
@given(body=NEARLY)
def test_what_the_client_sends_is_never_refused_and_what_it_refuses_would_be(
    session, penniless, body
):
    from kodisc_jupyter.api.models import UNSET

    request = RenderRequest(
        code=body.get("code", "x"),
        class_name=body.get("className", "A"),
        quality=body.get("quality"),
        aspect_ratio=body.get("aspectRatio"),
        fps=body.get("fps"),
        metadata=body.get("metadata", UNSET),
        webhook_url=body.get("webhookUrl", UNSET),
    )
    raw = json.dumps(request.to_json()).encode()
    status, error = answered(session, penniless, raw)
    if status == 402 and not has_half_a_surrogate_pair(request):
        assert json.loads(encode(request)) == json.loads(raw)
    else:
        with pytest.raises(InvalidRequestError) as refused:
            encode(request)
        assert refused.value.error == (None if status == 402 else error)


def has_half_a_surrogate_pair(request: RenderRequest) -> bool:
    """Then it is no text, though JSON can spell it."""
    try:
        json.dumps(request.to_json(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


@pytest.mark.parametrize("size", [rules.BODY_LIMIT_BYTES, rules.BODY_LIMIT_BYTES + 1])
def test_client_and_server_draw_the_size_limit_at_the_same_byte(session, penniless, size):
    frame = len(encode(RenderRequest("x", "A"))) - 1
    request = RenderRequest("x" * (size - frame), "A")
    raw = json.dumps(request.to_json(), separators=(",", ":")).encode()
    assert len(raw) == size

    status, _ = answered(session, penniless, raw)

    assert status == (402 if size <= rules.BODY_LIMIT_BYTES else 413)
    if size <= rules.BODY_LIMIT_BYTES:
        assert encode(request) == raw
    else:
        with pytest.raises(InvalidRequestError):
            encode(request)


def test_too_few_credits_tell_the_balance_and_the_way_out(penniless):
    with pytest.raises(InsufficientCreditsError) as caught:
        Client(penniless.key, base_url=penniless.base_url).submit(RenderRequest("x = 1", "A"))

    assert caught.value.balance == Balance(0, 0, 0)
    assert caught.value.error == "insufficient_credits"
    assert "No job was made; nothing was charged." in str(caught.value)
    assert "Ask whoever runs this server for more." in str(caught.value)
