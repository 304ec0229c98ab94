"""Errors of the REST interface: `application/problem+json` (RFC 9457), one sentence each."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.responses import Response


class ProblemError(Exception):
    """An HTTP error status and what the caller can do about it."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return Response(
        orjson.dumps(body), status, dict(headers or {}), media_type="application/problem+json"
    )
