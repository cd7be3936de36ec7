"""The API's own description: OpenAPI 3.1, made of the same rules and models that the server uses.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from typing import Any, Final

from kodisc_jupyter.api import rules
from kodisc_jupyter.api.models import (
    DEFAULT_ASPECT_RATIO,
    DEFAULT_QUALITY,
    AspectRatio,
    JobStatus,
    Quality,
)

_Json = dict[str, Any]

_SANDBOX: Final[_Json] = {
    "const": "off",
    "description": "Only on a class server that runs scenes without a sandbox.",
}
_REQUEST: Final[_Json] = {
    "type": "object",
    "required": ["code", "className"],
    "properties": {
        "code": {
            "type": "string",
            "pattern": r"\S",
            "description": "Manim Python source with the scene class in it.",
        },
        "className": {
            "type": "string",
            "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$",
            "description": "The Scene subclass to render.",
        },
        "quality": {
            "type": "string",
            "enum": [quality.value for quality in Quality],
            "default": DEFAULT_QUALITY.value,
        },
        "aspectRatio": {
            "type": "string",
            "enum": [ratio.value for ratio in AspectRatio],
            "default": DEFAULT_ASPECT_RATIO.value,
        },
        "fps": {
            "type": "integer",
            "minimum": 1,
            "description": "Frames per second; when left out, the quality's own.",
        },
        "metadata": {"description": "Any JSON; echoed back unchanged."},
        "webhookUrl": {
            "type": ["string", "null"],
            "pattern": "^https://",
            "description": "Left out: the key's default webhook. null: none. A URL: that one.",
        },
    },
}
_ACCEPTED: Final[_Json] = {
    "type": "object",
    "required": ["jobId", "status", "endpoint"],
    "properties": {
        "jobId": {"type": "string", "pattern": "^[a-z0-9]{25}$"},
        "status": {"const": JobStatus.QUEUED.value},
        "endpoint": {"const": "render"},
    },
}
_JOB: Final[_Json] = {
    "type": "object",
    "required": [
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
    ],
    "properties": {
        "jobId": {"type": "string"},
        "endpoint": {"const": "render"},
        "status": {"type": "string", "enum": [status.value for status in JobStatus]},
        "creditsCost": {"type": "number", "minimum": 0},
        "durationMs": {"type": ["integer", "null"], "minimum": 0},
        "result": {
            "type": ["object", "null"],
            "required": ["video", "thumbnail", "captions"],
            "properties": {
                "video": {"type": "string", "format": "uri"},
                "thumbnail": {"type": "string", "format": "uri"},
                "captions": {"type": "string", "format": "uri"},
            },
        },
        "error": {"type": ["string", "null"]},
        "metadata": {},
        "createdAt": {"type": "string", "format": "date-time"},
        "completedAt": {"type": ["string", "null"], "format": "date-time"},
        "sandbox": _SANDBOX,
    },
}
_ME: Final[_Json] = {
    "type": "object",
    "required": ["userId", "keyId", "keyPrefix", "credits", "unlimited"],
    "properties": {
        "userId": {"type": "string"},
        "keyId": {"type": "string"},
        "keyPrefix": {"type": "string"},
        "credits": {
            "type": "object",
            "required": ["paid", "free", "total"],
            "properties": {name: {"type": "number"} for name in ("paid", "free", "total")},
        },
        "unlimited": {
            "type": "boolean",
            "description": "Renders cost nothing here; the numbers in credits are then 0.",
        },
        "sandbox": _SANDBOX,
    },
}
_ERROR: Final[_Json] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
}


def document(server: str, version: str) -> _Json:
    """The OpenAPI document of the server at this base URL."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kodisc render server on this machine", "version": version},
        "servers": [{"url": server}],
        "security": [{"key": []}],
        "paths": {
            "/render": {"post": _enqueue()},
            "/render/{jobId}": {"get": _poll()},
            "/me": {"get": _account()},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "RenderRequest": _REQUEST,
                "Accepted": _ACCEPTED,
                "Job": _JOB,
                "Me": _ME,
                "Error": _ERROR,
            },
        },
    }


def _enqueue() -> _Json:
    follow = {"operationId": "getRender", "parameters": {"jobId": "$response.body#/jobId"}}
    return {
        "operationId": "enqueueRender",
        "summary": "Enqueue a render",
        "requestBody": {"required": True, "content": _json(_ref("RenderRequest"))},
        "responses": {
            "202": {
                "description": "The job is queued.",
                "content": _json(_ref("Accepted")),
                "links": {"job": follow},
            },
            "400": _error(f"A field is invalid: {', '.join(_texts())}."),
            "401": _error("The key is missing, malformed or unknown."),
            "402": _error("Not enough credits to reserve; no job was made."),
            "413": _error(f"The body has over {rules.BODY_LIMIT_BYTES} bytes."),
            "503": _error("Too many jobs wait; Retry-After says when to come back."),
        },
    }


def _poll() -> _Json:
    job_id = {"name": "jobId", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "getRender",
        "summary": "Poll a job",
        "parameters": [job_id],
        "responses": {
            "200": {"description": "The job.", "content": _json(_ref("Job"))},
            "401": _error("The key is missing, malformed or unknown."),
            "404": _error("The job does not exist or is not this user's."),
        },
    }


def _account() -> _Json:
    return {
        "operationId": "getMe",
        "summary": "Account and balance",
        "responses": {
            "200": {"description": "The account.", "content": _json(_ref("Me"))},
            "401": _error("The key is missing, malformed or unknown."),
        },
    }


def _texts() -> list[str]:
    return [rules.JSON_REQUIRED, *rules.FIELD_OF]


def _ref(name: str) -> _Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: _Json) -> _Json:
    return {"application/json": {"schema": schema}}


def _error(description: str) -> _Json:
    return {"description": description, "content": _json(_ref("Error"))}
