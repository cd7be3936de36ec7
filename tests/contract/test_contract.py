"""What the API page promises, asked of whoever serves it: our own server, or the vendor."""

import re

import pytest

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.address import is_loopback
from kodisc_jupyter.api.client import Client
from kodisc_jupyter.api.errors import AuthenticationError, InvalidRequestError, JobNotFoundError
from kodisc_jupyter.api.models import Account, Job, JobStatus

UNKNOWN_KEY = "kdsc_live_" + "0123456789abcdef" * 3
UNKNOWN_JOB = "clx0000000000000000000000"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIELDS = {
    "jobId",
    "endpoint",
    "status",
    "creditsCost",
    "durationMs",
    "result",
    "error",
    "metadata",
    "createdAt",
    "completedAt",
}
BODY = {"code": "x = 1", "className": "A", "webhookUrl": None}

BROKEN = [
    (rules.CODE_REQUIRED, {"code": None}),
    (rules.CODE_REQUIRED, {"code": ""}),
    (rules.CODE_REQUIRED, {"code": 7}),
    (rules.CLASS_NAME_INVALID, {"className": None}),
    (rules.CLASS_NAME_INVALID, {"className": ""}),
    (rules.CLASS_NAME_INVALID, {"className": "1A"}),
    (rules.CLASS_NAME_INVALID, {"className": "A-B"}),
    (rules.CLASS_NAME_INVALID, {"className": "Ä"}),
    (rules.QUALITY_INVALID, {"quality": "8k"}),
    (rules.QUALITY_INVALID, {"quality": "LOW"}),
    (rules.ASPECT_RATIO_INVALID, {"aspectRatio": "1:1"}),
    (rules.FPS_INVALID, {"fps": 0}),
    (rules.FPS_INVALID, {"fps": -1}),
    (rules.FPS_INVALID, {"fps": 29.97}),
    (rules.FPS_INVALID, {"fps": "30"}),
    (rules.WEBHOOK_INVALID, {"webhookUrl": "http://example.org/hook"}),
    (rules.WEBHOOK_INVALID, {"webhookUrl": ""}),
    (rules.WEBHOOK_INVALID, {"webhookUrl": 7}),
]


def is_an_error(response, status):
    body = response.json()
    return response.status_code == status and isinstance(body["error"], str) and bool(body["error"])


@pytest.mark.parametrize(("error", "change"), BROKEN)
def test_a_broken_rule_is_a_400_with_the_pages_own_text(target, error, change):
    response = target.call("POST", "/render", json=BODY | change)

    assert is_an_error(response, 400)
    assert response.json()["error"] == error


@pytest.mark.parametrize("raw", [b"", b"{", b"code=x", b"[]", b"null", b'"text"', b"\xff\xfe"])
def test_a_body_that_is_not_a_json_object_is_a_400(target, raw):
    response = target.call(
        "POST", "/render", data=raw, headers={"Content-Type": "application/json"}
    )

    assert is_an_error(response, 400)
    assert response.json()["error"] == rules.JSON_REQUIRED


@pytest.mark.parametrize("missing", ["code", "className"])
def test_a_missing_field_is_a_400(target, missing):
    body = {name: value for name, value in BODY.items() if name != missing}
    response = target.call("POST", "/render", json=body)

    assert is_an_error(response, 400)
    assert rules.FIELD_OF[response.json()["error"]] == missing


def test_the_client_names_the_field_of_a_400(client, monkeypatch):
    from kodisc_jupyter.api import client as module
    from kodisc_jupyter.api.models import RenderRequest

    monkeypatch.setattr(module, "encode", lambda request: b'{"code": "x", "className": "1"}')

    with pytest.raises(InvalidRequestError) as caught:
        client.submit(RenderRequest("x", "1"))

    assert (caught.value.status, caught.value.field) == (400, "className")


ENDPOINTS = [("POST", "/render"), ("GET", f"/render/{UNKNOWN_JOB}"), ("GET", "/me")]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    "key", [None, "nonsense", UNKNOWN_KEY], ids=["missing", "malformed", "unknown"]
)
def test_without_a_good_key_everything_is_a_401(target, method, path, key):
    assert is_an_error(target.call(method, path, key=key, json=BODY), 401)


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "bearer-ish nothing"])
def test_a_malformed_header_is_a_401(target, header):
    response = target.call("GET", "/me", key=None, headers={"Authorization": header})
    assert is_an_error(response, 401)


def test_the_client_says_where_a_refused_key_came_from(target):
    with pytest.raises(AuthenticationError, match="The key came from the api_key argument"):
        Client(UNKNOWN_KEY, base_url=target.base_url).get_me()


def test_the_account_has_its_balance_and_only_the_keys_prefix(target):
    response = target.call("GET", "/me")

    assert response.status_code == 200
    body = response.json()
    assert {"userId", "keyId", "keyPrefix", "credits"} <= set(body)
    assert target.key.startswith(body["keyPrefix"])
    assert len(body["keyPrefix"]) < len(target.key) / 2
    assert target.key not in response.text
    balance = Account.from_json(body).credits
    assert balance.paid + balance.free == balance.total


def test_a_job_that_does_not_exist_is_a_404(target, client):
    assert is_an_error(target.call("GET", f"/render/{UNKNOWN_JOB}"), 404)
    with pytest.raises(JobNotFoundError) as caught:
        client.get_render(UNKNOWN_JOB)
    assert caught.value.job_id == UNKNOWN_JOB


@pytest.mark.render
def test_an_accepted_render_is_a_202_with_its_job_id(completed):
    assert completed.accepted.status_code == 202
    body = completed.accepted.json()
    assert isinstance(body.pop("jobId"), str)
    assert body == {"status": "queued", "endpoint": "render"}


@pytest.mark.render
def test_every_answer_about_a_job_has_all_fields(completed, failed):
    for rendered in (completed, failed):
        job_id = rendered.accepted.json()["jobId"]
        for answer in rendered.answers:
            assert set(answer) >= FIELDS
            assert (answer["jobId"], answer["endpoint"]) == (job_id, "render")
            assert TIME.fullmatch(answer["createdAt"])
            job = Job.from_json(answer)
            assert (job.duration_ms is None) == (not job.is_terminal)
            assert (job.completed_at is None) == (not job.is_terminal)
            assert (job.result is None) == (job.status is not JobStatus.COMPLETED)
            assert (job.error is None) == (job.status is not JobStatus.FAILED)
            assert job.status is JobStatus.COMPLETED or not job.credits_cost


@pytest.mark.render
def test_a_status_never_goes_back(completed, failed):
    order = ["queued", "running", "completed", "failed"]
    for rendered in (completed, failed):
        seen = [order.index(answer["status"]) for answer in rendered.answers]
        assert seen == sorted(seen)


@pytest.mark.render
def test_a_completed_render_has_a_cost_a_duration_and_three_files(completed):
    last = completed.last
    assert last["status"] == "completed"
    assert last["creditsCost"] > 0
    assert isinstance(last["durationMs"], int)
    assert TIME.fullmatch(last["completedAt"])
    assert last["completedAt"] >= last["createdAt"]
    assert set(last["result"]) >= {"video", "thumbnail", "captions"}


@pytest.mark.render
def test_what_a_completed_render_cost_is_gone_from_the_balance(completed):
    spent = completed.before.credits.total - completed.after.credits.total
    assert spent == pytest.approx(completed.last["creditsCost"])


@pytest.mark.render
def test_metadata_comes_back_unchanged(completed):
    from tests.contract.conftest import METADATA

    assert all(answer["metadata"] == METADATA for answer in completed.answers)


@pytest.mark.render
def test_the_files_are_what_they_are_called_and_need_no_key(target, client, completed, tmp_path):
    begins = {"video": (4, b"ftyp"), "thumbnail": (0, b"\xff\xd8\xff"), "captions": (0, b"WEBVTT")}
    for name, url in completed.last["result"].items():
        host = url.split("/")[2].rsplit(":", 1)[0]
        assert url.startswith("https://") or is_loopback(host)
        assert target.key not in url
        if name in begins:
            at, magic = begins[name]
            file = client.download(url, tmp_path / name)
            assert file.read_bytes()[at : at + len(magic)] == magic


@pytest.mark.render
def test_a_scene_that_fails_is_a_200_with_its_error(target, failed):
    last = failed.last
    assert last["status"] == "failed"
    assert "undefined_name" in last["error"]
    assert last["result"] is None
    assert last["metadata"] is None
    response = target.call("GET", f"/render/{last['jobId']}")
    assert response.status_code == 200
    assert response.json() == last


@pytest.mark.render
def test_what_a_failed_render_cost_is_what_the_job_says(failed):
    spent = failed.before.credits.total - failed.after.credits.total
    assert spent == pytest.approx(failed.last["creditsCost"])
