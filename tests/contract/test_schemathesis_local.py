"""Our own server, held against its own OpenAPI document by schemathesis."""

from __future__ import annotations

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings

from kodisc_jupyter.local.web.openapi import document

schema = schemathesis.openapi.from_dict(document("http://127.0.0.1/api/v2", "test"))
schema.config.generation.update(modes=list(schemathesis.GenerationMode))

UNKNOWN_KEY = "kdsc_live_" + "0123456789abcdef" * 3


@pytest.fixture(scope="module")
def address(start_local):
    """A server without credits: a 402 for a valid request is right, but no property of it."""
    return start_local("--render-timeout", "60")


def test_the_document_is_served_as_it_is(address):
    served = requests.get(f"{address.base_url}/openapi.json", timeout=60).json()

    assert served["openapi"].startswith("3.1")
    version = served["info"]["version"]
    assert served == document(address.base_url, version)


@schema.parametrize()
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_as_the_document_says(case, address):
    case.call_and_validate(
        base_url=address.base_url,
        headers={"Authorization": f"Bearer {address.key}"},
        timeout=60,
    )


def test_the_ways_from_one_answer_to_the_next_hold(address):
    """Submit, then poll what was submitted, as the links of the document say."""
    machine = schema.as_state_machine()

    class Walk(machine):
        def get_call_kwargs(self, case):
            return {
                "base_url": address.base_url,
                "headers": {"Authorization": f"Bearer {address.key}"},
                "timeout": 60,
            }

    Walk.run(
        settings=settings(
            max_examples=15,
            stateful_step_count=6,
            suppress_health_check=list(HealthCheck),
        )
    )


@pytest.mark.parametrize("path", ["/me", "/render/clx0000000000000000000000"])
def test_an_unknown_key_opens_nothing(address, path):
    answer = address.call("GET", path, key=UNKNOWN_KEY)

    assert answer.status_code == 401
