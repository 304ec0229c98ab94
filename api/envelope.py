"""OCPI's envelope: `{data?, status_code, status_message?, timestamp}` around every answer.

OCPI 2.2.1 transport_and_format, Response format. Objects that are JSON text already are spliced in.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from ingest.protocols.ocpi.wire import Wire, dumps, instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OCPIRefusalError(Exception):
    """An answer other than success: HTTP status, OCPI status code, and a sentence."""

    def __init__(
        self,
        http_status: int,
        ocpi_status: int,
        message: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.ocpi_status = ocpi_status
        self.message = message
        self.headers = headers


def success(data: Wire | list[Wire], *, now_ns: int) -> Response:
    """Code 1000 with data."""
    return _answer(200, _wrap(dumps(data), 1000, "Success", now_ns), None)


def success_texts(
    texts: Iterable[str], *, now_ns: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Code 1000 with a list of objects that are JSON text already."""
    return _answer(200, _wrap(f"[{','.join(texts)}]", 1000, "Success", now_ns), headers)


def failure(
    http_status: int,
    ocpi_status: int,
    message: str,
    *,
    now_ns: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Another code, without data."""
    return _answer(http_status, _wrap("", ocpi_status, message, now_ns), headers)


def instant_of(ns: int) -> datetime:
    """UTC nanoseconds as a datetime (microseconds)."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def _wrap(data: str, code: int, message: str, now_ns: int) -> str:
    rest = dumps(
        {
            "status_code": code,
            "status_message": message,
            "timestamp": instant(instant_of(now_ns)),
        }
    )
    return f'{{"data":{data},{rest[1:]}' if data else rest


def _answer(status: int, text: str, headers: Mapping[str, str] | None) -> Response:
    return Response(
        text.encode(), status, headers=dict(headers or {}), media_type="application/json"
    )
