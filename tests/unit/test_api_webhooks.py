"""Webhooks are believed only when they are signed with the secret, and lately."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kodisc_jupyter.api.errors import ServerError, WebhookSignatureError
from kodisc_jupyter.api.models import JobStatus
from kodisc_jupyter.api.webhooks import sign_webhook, verify_webhook

SECRET = "whsec_" + "0f" * 16
BODY = json.dumps(
    {
        "jobId": "j1",
        "endpoint": "render",
        "status": "failed",
        "creditsCost": 0,
        "error": "NameError",
        "metadata": {"a=b": "c=d"},
    }
).encode()
NOW = 1_735_689_600


def test_the_signature_is_the_hmac_of_time_and_raw_body():
    expected = hmac.new(SECRET.encode(), b"%d." % NOW + BODY, hashlib.sha256).hexdigest()
    assert sign_webhook(BODY, SECRET, NOW) == f"t={NOW},v1={expected}"


@pytest.mark.parametrize("body", [BODY, BODY.decode()], ids=["bytes", "text"])
def test_a_good_webhook_gives_its_job(body):
    job = verify_webhook(body, sign_webhook(BODY, SECRET, NOW), SECRET, now=NOW + 10)
    assert (job.job_id, job.status, job.error) == ("j1", JobStatus.FAILED, "NameError")
    assert job.metadata == {"a=b": "c=d"}


def test_spaces_and_further_fields_do_not_matter():
    t, v1 = sign_webhook(BODY, SECRET, NOW).split(",")
    assert verify_webhook(BODY, f"{t}, v0=x=y, {v1}, v1=00", SECRET, now=NOW).job_id == "j1"


@pytest.mark.parametrize("late", [301, -301])
def test_an_old_timestamp_is_refused_either_way(late):
    signature = sign_webhook(BODY, SECRET, NOW)
    with pytest.raises(WebhookSignatureError, match="300 s are allowed"):
        verify_webhook(BODY, signature, SECRET, now=NOW + late)
    assert verify_webhook(BODY, signature, SECRET, now=NOW + late, tolerance_s=400)


def test_the_clock_of_this_machine_is_the_default():
    with pytest.raises(WebhookSignatureError, match="s ago"):
        verify_webhook(BODY, sign_webhook(BODY, SECRET, NOW), SECRET)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "nonsense",
        f"t={NOW}",
        "v1=00",
        f"t=,v1={'0' * 64}",
        f"t=x,v1={'0' * 64}",
        "t=²,v1=0",
    ],
)
def test_a_header_that_cannot_be_read_is_refused(signature):
    with pytest.raises(WebhookSignatureError, match="no readable kodisc-signature header"):
        verify_webhook(BODY, signature, SECRET, now=NOW)


def test_two_timestamps_are_refused():
    signature = sign_webhook(BODY, SECRET, NOW)
    with pytest.raises(WebhookSignatureError):
        verify_webhook(BODY, f"t={NOW + 1},{signature}", SECRET, now=NOW)


def test_a_changed_body_another_secret_or_a_changed_time_is_refused():
    signature = sign_webhook(BODY, SECRET, NOW)
    for body, given_signature, secret in (
        (BODY + b" ", signature, SECRET),
        (BODY, signature, SECRET + "0"),
        (BODY, signature.replace(f"t={NOW}", f"t={NOW + 1}"), SECRET),
        (BODY, f"t={NOW},v1=é", SECRET),
    ):
        with pytest.raises(WebhookSignatureError, match="not signed with this secret") as caught:
            verify_webhook(body, given_signature, secret, now=NOW)
        assert SECRET not in str(caught.value)


def test_a_signed_body_that_is_no_job_is_a_clear_error():
    with pytest.raises(ServerError, match="is not a JSON object"):
        verify_webhook(b"hello", sign_webhook(b"hello", SECRET, NOW), SECRET, now=NOW)


@given(body=st.binary(max_size=200), signature=st.text(max_size=100))
def test_nothing_unsigned_is_ever_believed(body, signature):
    with pytest.raises(WebhookSignatureError):
        verify_webhook(body, signature, SECRET, now=NOW)
